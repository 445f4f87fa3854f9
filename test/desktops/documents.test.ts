import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAllowances } from "../../src/desktops/allowances";
import { consequence } from "../../src/desktops/consequences";
import { RESOURCE_KINDS } from "../../src/desktops/resource-kinds";
import { type Check, parseChecks } from "../../src/desktops/skipped-checks";
import { readRevocations } from "../../src/pins/revoked";
import { thrown } from "../support/errors";
import { ROOT, TestProject } from "../support/project";

const read = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

/** The rows of the tables of a document, by their first cell, without marks. */
const rows = (text: string) =>
  new Map(
    text
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split("|").map((cell) => cell.replaceAll("`", "").trim()))
      .map(([, first = "", ...rest]) => [first.replace(" (read)", ""), rest]),
  );

test("the document has every kind with what a change of its image does, as the table of the code says", () => {
  const documented = rows(read("desktops.md"));
  for (const kind of RESOURCE_KINDS) {
    const [where, effect] = documented.get(kind.type) ?? [];
    expect(where).toBe(kind.json ? `${kind.image} in ${kind.json}` : kind.image);
    expect(consequence(kind).startsWith(effect ?? "nothing")).toBe(true);
  }
  expect([...documented.keys()].filter((name) => name.startsWith("huaweicloud_"))).toHaveLength(
    RESOURCE_KINDS.length,
  );
});

test("the document has every check that can be skipped", () => {
  const skip = [...rows(read("desktops.md")).keys()].filter((name) => !name.startsWith("huaweicloud_"));
  const checks = { skip: skip as Check[], reason: "all" };
  expect(parseChecks(checks, "here")).toBe(checks);
  // Its message has the list of them.
  const { message } = thrown(() => parseChecks({ skip: ["none" as Check], reason: "r" }, "here"));
  expect(message).toContain(`a list of ${skip.map((name) => `"${name}"`).join(", ")},`);
});

test("the files that the document shows are read", () => {
  const project = new TestProject({ prod: { region: "cn-north-4" } });
  for (const [, json = ""] of read("guard.md").matchAll(/```json\n([\s\S]*?)```/g)) {
    const key = Object.keys(JSON.parse(json)).find((name) => name !== "$schema");
    const file = key === "allow" ? "allow.json" : "revoked.json";
    if (key === "allow" || key === "revoked") project.write(`workspace-images/${file}`, json);
  }
  expect(readAllowances(project.directory)).toHaveLength(1);
  const revocations = readRevocations(project.directory);
  expect(revocations.isRevoked({ id: "99914048-42cc-4d31-a66f-882005fc1eb4" }, "cn-north-4")).toBe(true);
});
