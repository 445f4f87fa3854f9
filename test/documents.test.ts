import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./support/project";

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

test.each(DOCUMENTS)("every link of %s to a file leads somewhere", (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = ""]) => link);
  const broken = links.filter((link) => !existsSync(join(ROOT, dirname(document), link)));
  expect(broken).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = read("docs/architecture.md");

  test("names files that are there", () => {
    const rooms = readdirSync(join(ROOT, "src")).join("|");
    const names = [...text.matchAll(/`(?:src\/)?([\w/.-]+\.ts)`/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(40);
    const known = new RegExp(`^(${rooms})/`);
    expect(names.filter((name) => !known.test(name) || !existsSync(join(ROOT, "src", name)))).toEqual([]);
  });

  test("has the layers in the order that the check of imports holds to", () => {
    const { forbidden } = require("../.dependency-cruiser.cjs") as { forbidden: { name: string }[] };
    const below = forbidden.flatMap(({ name }) => /^(\w+)-imports-down$/.exec(name)?.[1] ?? []);
    const [, table = ""] = /## Layers\n(.*?)\n## /s.exec(text) ?? [];
    expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room)).toEqual(["index", ...below]);
  });
});
