import type { WorkspaceEmulator } from "../../src/emulator";
import type { LockedPlace } from "../../src/pins/lock-file";
import { newestWindows as filter, oldWindows as old, recentWindows as recent } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import type { TestProject } from "../support/project";
import { previousOfRecent as previous, projectOfChains, twoReleases } from "./support";

let emulator: WorkspaceEmulator;
let project: TestProject;
let place: LockedPlace;

beforeEach(async () => {
  ({ emulator, place } = await twoReleases());
  project = projectOfChains();
});

afterEach(() => emulator.close());

function cli(...args: string[]) {
  return project.cli(args, emulator.variables);
}

const office = (environment: string) => project.readLock(environment).pins.office;

describe("rollback", () => {
  test("gives a pin what it had before, under any policy, and holds it there", async () => {
    writePins(project, "prod-a", { office: pinOf(recent, { filter, previous }) }, place);
    const { code, stdout } = await cli("rollback", "office", "--env", "prod-a", "--reason", "printers fail");
    expect(code).toBe(0);
    expect(stdout).toContain("prod-a: 1 pin moved");
    expect(stdout).toContain("    - Windows_11_b\n");
    expect(office("prod-a")).toMatchObject({
      filter,
      images: [old],
      hold: { reason: "rolled back from Windows_11_b: printers fail" },
      previous: [{ ids: ["recent"] }, { ids: ["old"] }],
    });
    expect(office("prod-a")).not.toHaveProperty("adopted");
    writePins(project, "dev", { office: pinOf(recent, { filter }) }, place);
    const promoted = await cli("promote", "dev", "prod-a");
    expect(promoted.code).toBe(0);
    expect(promoted.stdout).toContain("no pin moved, 1 left as it is");
    expect(office("prod-a").images).toEqual([old]);
  });

  test("takes another image that the pin had, by ID or name, and no other", async () => {
    const more = [{ ids: ["older"], names: ["Windows_11_0"], until: "2026-01-01T00:00:00Z" }, ...previous];
    writePins(project, "dev", { office: pinOf(recent, { filter, previous: more }) }, place);
    const refused = await cli("rollback", "office", "--env", "dev", "--to", "another");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("it has not had another, but: older (Windows_11_0), old (Windows_11_a)");
    await cli("rollback", "office", "--env", "dev", "--to", "Windows_11_a");
    expect(office("dev").images).toEqual([old]);
  });

  test("takes an image that is listed no more as far as the pin remembers it", async () => {
    emulator.remove("cn-north-4", "old");
    writePins(project, "dev", { office: pinOf(recent, { filter, previous }) }, place);
    expect((await cli("rollback", "office", "--env", "dev")).code).toBe(0);
    expect(office("dev")).toMatchObject({
      images: [{ id: "old", name: "Windows_11_a", imageType: "gold" }],
      adopted: true,
    });
  });

  test("notes what the image does not answer", async () => {
    const narrow = { ...filter, nameRegex: "^Windows_11_b" };
    writePins(project, "dev", { office: pinOf(recent, { filter: narrow, previous }) }, place);
    await cli("rollback", "office", "--env", "dev");
    expect(office("dev")).toMatchObject({ images: [old], unmet: ["nameRegex"] });
  });

  test("does not go to a revoked image, and names one that is not", async () => {
    project.write("workspace-images/revoked.json", '{"revoked":[{"name":"Windows_11_a","reason":"CVE-1"}]}');
    const more = [...previous, { ids: ["older"], names: [""], until: "2025-01-01T00:00:00Z" }];
    writePins(project, "dev", { office: pinOf(recent, { filter, previous: more }) }, place);
    const { code, stderr } = await cli("rollback", "office", "--env", "dev");
    expect(code).toBe(2);
    expect(stderr).toContain("is revoked: CVE-1");
    expect(stderr).toContain("workspace-images rollback office --env dev --to older");
    expect(office("dev").images).toEqual([recent]);
  });

  test("moves none of the pins that are named where one has had nothing before", async () => {
    writePins(
      project,
      "dev",
      { office: pinOf(recent, { filter, previous }), lab: pinOf(recent, { filter }) },
      place,
    );
    const { code, stderr } = await cli("rollback", "office", "lab", "--env", "dev");
    expect(code).toBe(2);
    expect(stderr).toContain("lab: it has had no other image that it remembers.");
    expect(stderr).toContain("workspace-images pin <pin> --env dev --image <id>");
    expect(office("dev").images).toEqual([recent]);
  });
});
