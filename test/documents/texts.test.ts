import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Ajv from "ajv";
import * as errors from "../../src/errors";
import { filterSchemas } from "../../src/images/image-filter";
import { ROOT } from "../support/project";
import { DOCUMENTS } from "./documents";
import { blocksOf, readDocument } from "./markdown";

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...readDocument(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .replace(/\[(.*?)\]\(.*?\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

test.each(DOCUMENTS)("%s: every link leads to a file and a heading that are there", (document) => {
  const text = readDocument(document).replace(/^( *)```[\s\S]*?^ *```$/gm, "");
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(decodeURIComponent(anchor));
    });
  expect(broken).toEqual([]);
});

test("nothing is started in the background by npx, which would not end with it", () => {
  const background = DOCUMENTS.flatMap((document) => blocksOf(document)).filter(({ text }) =>
    /^(.*\b)?npx\b.*&$/m.test(text),
  );
  expect(background).toEqual([]);
});

const TRANSLATIONS = {
  "README.zh-CN.md": "README.md",
  "docs/zh-CN/getting-started.md": "docs/getting-started.md",
  "docs/zh-CN/pins.md": "docs/pins.md",
  "docs/zh-CN/pipelines.md": "docs/pipelines/README.md",
};

test.each(Object.entries(TRANSLATIONS))("%s shows the same blocks as %s", (translation, original) => {
  const shown = (document: string) =>
    blocksOf(document)
      .filter(({ isHidden }) => !isHidden)
      .map(({ language, text }) => ({ language, text }));
  const expected = shown(original);
  if (process.env.UPDATE_DOCUMENTS === "1") {
    const texts = expected.map(({ text }) => text);
    const updated = readDocument(translation).replace(
      /^(```\w+\n)[\s\S]*?^(```)$/gm,
      (_, begin, end) => `${begin}${texts.shift() ?? ""}${end}`,
    );
    writeFileSync(join(ROOT, translation), updated);
  }
  expect(shown(translation)).toEqual(expected);
});

/** The cells of the rows of a document's tables, where the first is code. */
function rows(document: string): string[][] {
  return readDocument(document)
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", ""))
        .slice(1, -1),
    );
}

test("docs/errors.md has every error class with its code, and no other", () => {
  const classes = [...readFileSync(join(ROOT, "src/errors.ts"), "utf8").matchAll(/^export class (\w+)/gm)]
    .map(([, name = ""]) => name)
    .map((name) => {
      const [, code] = new RegExp(`class ${name} [\\s\\S]*?code(?::[^=]*)? = "(\\w+)"`).exec(
        readFileSync(join(ROOT, "src/errors.ts"), "utf8"),
      )!;
      return [name, code];
    });
  expect(classes.length).toBeGreaterThan(15);
  expect(Object.keys(errors)).toEqual(expect.arrayContaining(classes.map(([name]) => name)));
  const documented = rows("docs/errors.md")
    .map(([name, code]) => [name, code])
    .filter(([name]) => /Error$/.test(name!));
  expect(documented.filter(([name]) => name !== "ApiError").sort()).toEqual(classes.sort());
  expect(documented).toContainEqual(["ApiError", expect.stringContaining("the service's own")]);
});

test("docs/errors.md has every rule that can stand against a move, and no other", () => {
  const policy = readFileSync(join(ROOT, "src/pins/policy.ts"), "utf8");
  const [, union = ""] = /^export type Rule =([^;]+);/m.exec(policy) ?? [];
  const rules = [...union.matchAll(/"(\w+)"/g)].map(([, rule]) => rule);
  expect(rules.length).toBeGreaterThan(5);
  const documented = rows("docs/errors.md").map(([name]) => name);
  expect(documented.filter((name) => !/Error$/.test(name!)).sort()).toEqual(rules.sort());
});

test("docs/filters.md has every filter, and no other", () => {
  const filters = rows("docs/filters.md").map(([name]) => name);
  expect(filters.sort()).toEqual(Object.keys(filterSchemas.one.entries).sort());
});

test("docs/environments.md has every key of an environment", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "schemas/workspace-images.schema.json"), "utf8"));
  const text = JSON.stringify(schema);
  const keys = rows("docs/environments.md").map(([name]) => name);
  expect(keys.length).toBeGreaterThan(7);
  for (const key of keys) expect(text).toContain(`"${key}"`);
  const { properties } = Object.values(
    schema.properties.environments.additionalProperties
      ? { a: schema.properties.environments.additionalProperties }
      : schema.properties.environments.patternProperties,
  )[0] as { properties: object };
  expect(keys.sort()).toEqual(Object.keys(properties).sort());
});

describe("JSON blocks", () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const schemas = Object.fromEntries(
    readdirSync(join(ROOT, "schemas")).map((name) => [
      name.replace(".schema.json", ""),
      ajv.compile(JSON.parse(readFileSync(join(ROOT, "schemas", name), "utf8"))),
    ]),
  );
  const blocks = DOCUMENTS.flatMap((document) =>
    blocksOf(document).filter(({ language }) => language === "json"),
  );

  test.each(blocks.map((block) => [`${block.document}:${block.line}`, block] as const))(
    "%s is JSON, and what its schema says",
    (_, { text }) => {
      const json = JSON.parse(text.startsWith('"') ? `{${text}}` : text);
      const configuration = json.context?.workspaceImages ?? json;
      const name =
        "environments" in configuration
          ? "workspace-images"
          : ["revoked", "allow"].find((key) => key in json);
      if (name === undefined) return;
      const validate = schemas[name]!;
      validate(configuration);
      expect(validate.errors).toBeNull();
    },
  );
});
