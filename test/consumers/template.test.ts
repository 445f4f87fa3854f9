import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../support/project";
import { folder, install, library, NODES, node, write } from "./support";

const TEMPLATE = join(ROOT, "node_modules/cdktf-cli/bundle/templates/typescript");

/** The project that `cdktf init` makes, with the packages that it installs. */
let project: string;

beforeAll(async () => {
  project = join(folder(), "template");
  await install(project, [
    library(),
    ...["cdktf@~0.21.0", "constructs@~10.7.0", "typescript@5", "@types/node@20"],
    ...["jest@30", "ts-jest@29", "@types/jest@30"],
  ]);
  const names = ["jest.config.js", "setup.js", "tsconfig.json"];
  write(project, Object.fromEntries(names.map((name) => [name, readFileSync(join(TEMPLATE, name), "utf8")])));
});

/** Compiles with the template's options and others; the messages of the compiler, none where all is well. */
async function compile(code: string, compilerOptions: object): Promise<string> {
  write(project, {
    "main.ts": code,
    "tsconfig.strict.json": JSON.stringify({
      extends: "./tsconfig.json",
      compilerOptions,
      files: ["main.ts"],
      include: [],
    }),
  });
  const compiler = join(project, "node_modules/typescript/bin/tsc");
  const args = [compiler, "--noEmit", "--incremental", "false", "-p", "tsconfig.strict.json"];
  return (await run(process.execPath, args, { cwd: project })).stdout;
}

test("all declarations type-check with the template's target", async () => {
  const code = `
    import * as library from "cdktf-huaweicloud-workspace-images";
    import * as emulator from "cdktf-huaweicloud-workspace-images/emulator";
    export const text: string = new library.ConfigurationError("wrong").code;
    export const started: Promise<emulator.WorkspaceEmulator> = emulator.WorkspaceEmulator.start();
    export const wrong: number = new library.ConfigurationError("wrong").code;`;
  // The error in the last line shows that the declarations were read.
  expect(await compile(code, { skipLibCheck: false })).toMatch(/^main\.ts\(6,\d+\): error TS2322: [^\n]*\n$/);
});

test("optional properties can be handed on under exactOptionalPropertyTypes", async () => {
  const code = `
    import { Construct } from "constructs";
    import * as images from "cdktf-huaweicloud-workspace-images";
    export interface OfficeProps {
      readonly environment?: string | undefined;
      readonly pinName?: string | undefined;
      readonly osVersion?: string | undefined;
      readonly mostRecent?: boolean | undefined;
    }
    export class Office extends Construct {
      constructor(scope: Construct, { environment, pinName, osVersion, mostRecent }: OfficeProps) {
        super(scope, "office");
        const filter = { environment, pinName, imageType: "gold", osVersion };
        new images.DataHuaweicloudWorkspaceImage(this, "one", { ...filter, mostRecent });
        new images.DataHuaweicloudWorkspaceImages(this, "all", filter);
      }
    }`;
  expect(await compile(code, { exactOptionalPropertyTypes: true })).toBe("");
});

describe("the tests of docs/testing.md", () => {
  const text = readFileSync(join(ROOT, "docs/testing.md"), "utf8").replaceAll('"cdktn"', '"cdktf"');
  const files = Object.fromEntries(
    [...text.matchAll(/^<!-- file: (\S+) -->\n```ts\n(.*?)^```/gms)].map(([, name = "", code = ""]) => [
      `src/${name}`,
      code,
    ]),
  );

  beforeAll(() => write(project, files));

  test("are one without a network, and one against the emulator, and have their stack beside them", () => {
    expect(Object.keys(files)).toEqual(["src/stack.test.ts", "src/desktop-stack.ts", "src/emulator.test.ts"]);
  });

  test.each(NODES)("pass in a plain Jest project under Node %s, also where CI is set", async (version) => {
    const jest = [join(project, "node_modules/jest/bin/jest.js"), "--ci"];
    const { code, stderr } = await run(node(version), jest, { cwd: project, variables: { CI: "true" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("2 passed, 2 total") });
  });
});
