import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./support/project";

const inFolder = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `${folder}/${name}`);
const DOCUMENTS = [...readdirSync(ROOT), ...["docs", "terraform", ".github"].flatMap(inFolder)].filter(
  (name) => name.endsWith(".md"),
);
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

test.each(DOCUMENTS)("every link of %s to a file leads somewhere", (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = ""]) => link);
  const broken = links.filter((link) => !existsSync(join(ROOT, dirname(document), link)));
  expect(broken).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = read("docs/architecture.md");

  test("names files that are there", () => {
    const names = [...text.matchAll(/`([\w/.-]+\/[\w/.-]+\.(?:ts|mjs))`/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(40);
    const folders = ["src", ""];
    expect(names.filter((name) => !folders.some((folder) => existsSync(join(ROOT, folder, name))))).toEqual(
      [],
    );
  });

  test("has the layers in the order that the check of imports holds to", () => {
    const { forbidden } = require("../.dependency-cruiser.cjs") as { forbidden: { name: string }[] };
    const below = forbidden.flatMap(({ name }) => /^(\w+)-imports-down$/.exec(name)?.[1] ?? []);
    const [, table = ""] = /## Layers\n(.*?)\n## /s.exec(text) ?? [];
    expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room)).toEqual(["index", ...below]);
  });
});
