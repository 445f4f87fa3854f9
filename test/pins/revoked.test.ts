import { readRevocations } from "../../src/pins/revoked";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { TestProject } from "../support/project";

const project = () => new TestProject({ dev: { region: "cn-north-4" } });

/** The folder of a project with a file of revocations. */
function revoked(content: unknown): string {
  const one = project();
  one.write("workspace-images/revoked.json", typeof content === "string" ? content : JSON.stringify(content));
  return one.directory;
}

test("an image is revoked by its ID in its region, or by its name everywhere", () => {
  const revocations = readRevocations(
    revoked({
      $schema: "any",
      revoked: [
        { id: "a", region: "cn-north-4", reason: "CVE-2026-1" },
        { name: "Windows_11_bad", reason: "does not start" },
      ],
    }),
  );
  expect(revocations.reason(image({ id: "a" }), "cn-north-4")).toBe("CVE-2026-1");
  expect(revocations.isRevoked(image({ id: "a" }), "cn-south-1")).toBe(false);
  expect(revocations.reason(image({ id: "b", name: "Windows_11_bad" }), "cn-south-1")).toBe("does not start");
  expect(revocations.isRevoked(image({ id: "b", name: "Windows_11_bad_2" }), "cn-south-1")).toBe(false);
  expect(revocations.isRevoked({ id: "c" }, "cn-north-4")).toBe(false);
});

test("without a file nothing is revoked", () => {
  expect(readRevocations(project().directory).isRevoked(image({ id: "a" }), "cn-north-4")).toBe(false);
});

test.each<[unknown, string]>([
  ["{\n  x", "cannot be read: line 2, column 3: "],
  ["{", "cannot be read: line 1, column 2: the file ends too early."],
  ['{\n  "revoked": [],\n}', "cannot be read: line 3, column 1: there is a comma too many before }."],
  ["[]", "is wrong: it is a list, and must be an object."],
  ["{}", "is wrong: revoked is missing."],
  [{ revokd: [] }, "is wrong: revokd is no known key."],
  [{ revoked: [{ id: "a", reason: "r" }] }, "is wrong: revoked.0 "],
  [{ revoked: [{ id: "a", region: "r", reason: "" }] }, "is wrong: revoked.0"],
  [{ revoked: [{ name: "a" }] }, "is wrong: revoked.0 "],
  [{ revoked: [{ name: "a", id: "b", reason: "r" }] }, "is wrong: revoked.0 "],
  [{ revoked: [], more: 1 }, "is wrong: more is no known key"],
  ['{"revoked":[],"revoked":[]}', 'it has the key "revoked" twice'],
])("the file %j is refused with what is wrong", (content, message) => {
  const error = thrown(() => readRevocations(revoked(content)));
  expect(error.code).toBe("CONFIGURATION");
  expect(error.message).toContain(
    `workspace-images/revoked.json ${message.startsWith("it ") ? "" : message}`,
  );
  expect(error.message).toContain(message);
});
