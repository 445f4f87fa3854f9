import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../support/project";
import { fixture, folder, install, library, TYPESCRIPTS, tsc, write } from "./support";

/** Options of compilers that people have: the CDKs' templates, and today's modules. */
const OPTIONS = {
  "as the templates of the CDKs": ["--target", "ES2018", "--lib", "es2018", "--module", "CommonJS"],
  "with modules": ["--target", "ES2022", "--module", "NodeNext", "--exactOptionalPropertyTypes"],
};

let project: string;

beforeAll(async () => {
  project = join(folder(), "typescript");
  await install(project, [library(), "cdktn@~0.24.0", "constructs@~10.7.0", "@types/node@20"]);
  write(project, { "app.ts": fixture("app.ts", "cdktn"), "types.ts": fixture("types.ts", "cdktn") });
});

/** Declarations are checked whole with either, but with modules by one compiler, since that takes longest. */
const CASES = TYPESCRIPTS.flatMap((version) =>
  Object.keys(OPTIONS).flatMap((options) =>
    options === "with modules" && version !== TYPESCRIPTS.at(-1)
      ? [[version, options, "true"] as const]
      : [[version, options, "true"] as const, [version, options, "false"] as const],
  ),
);

test.each(CASES)(
  "TypeScript %s, %s, skipLibCheck %s, compiles an app and what the documents say of the types",
  async (version, options, skip) => {
    const args = ["--noEmit", "--strict", "--types", "node", "--skipLibCheck", skip];
    const { code, stdout } = await run(
      process.execPath,
      [tsc(version), ...args, ...OPTIONS[options as keyof typeof OPTIONS], "app.ts", "types.ts"],
      { cwd: project },
    );
    expect(stdout).toBe("");
    expect(code).toBe(0);
  },
);

test("the filters that docs/filters.md explains are those that the types have", () => {
  const document = readFileSync(join(ROOT, "docs/filters.md"), "utf8");
  const types = readFileSync(join(__dirname, "fixtures/types.ts"), "utf8");
  const [, filters = ""] = /^type Filter =\n(.*?);/ms.exec(types) ?? [];
  const names = [...`${filters} "mostRecent" "allowAnyImageType"`.matchAll(/"(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect(names.length).toBe(20);
  expect(names.filter((name) => !document.includes(`| \`${name}\``))).toEqual([]);
});
