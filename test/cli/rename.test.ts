import { existsSync, mkdirSync, renameSync } from "node:fs";
import { DataHuaweicloudWorkspaceImage } from "../../src";
import type { WorkspaceEmulator } from "../../src/emulator";
import type { LockedPlace } from "../../src/pins/lock-file";
import { newestWindows as filter, oldWindows as old, recentWindows as recent } from "../support/images";
import { daysAgo, pinOf, writePins } from "../support/pins";
import type { TestProject } from "../support/project";
import { enter, restoreProcess, synthesize } from "../support/synth";
import { previousOfRecent as previous, projectOfChains, twoReleases } from "./support";

const hold = { reason: "printer driver, ticket 4711", since: "2026-01-01T00:00:00Z" };

let emulator: WorkspaceEmulator;
let project: TestProject;
let place: LockedPlace;

beforeEach(async () => {
  ({ emulator, place } = await twoReleases());
  project = projectOfChains();
});

afterEach(() => emulator.close());

restoreProcess();

const office = (environment: string) => project.readLock(environment).pins.office;

describe("rename", () => {
  const kept = pinOf(old, { filter, hold, previous, pinnedAt: "2026-01-01T00:00:00Z" });

  test("gives a pin another name in every environment that has it, with all that it has, offline", async () => {
    writePins(project, "dev", { office: kept, lab: pinOf(recent) }, place);
    writePins(project, "prod-a", { office: kept }, place);
    const before = project.readLock("dev").pins;
    const { code, stdout, stderr } = await project.cli(["rename", "office", "office-win"]);
    expect(stdout).toBe(`dev: office renamed to office-win in workspace-images/dev.lock.json
prod-a: office renamed to office-win in workspace-images/prod-a.lock.json
prod-b: it has no pin office
`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(project.readLock("dev").pins).toEqual({ lab: before.lab, "office-win": before.office });
    expect(Object.keys(project.readLock("prod-a").pins)).toEqual(["office-win"]);
  });

  test("carries over onto a pin that a synth took for a lookup that was renamed first, with its question", async () => {
    writePins(project, "dev", { office: kept }, place);
    enter(project, emulator.variables);
    const asked = { ...filter, nameRegex: "^Windows_11_b" };
    await synthesize(
      (stack) => new DataHuaweicloudWorkspaceImage(stack, "office-win", { environment: "dev", ...asked }),
      { mode: "auto" },
    );
    expect(project.readLock("dev").pins["office-win"].images).toEqual([recent]);
    expect((await project.cli(["rename", "office", "office-win", "--env", "dev"])).code).toBe(0);
    expect(project.readLock("dev").pins).toEqual({
      "office-win": expect.objectContaining({
        filter: asked,
        images: [old],
        hold,
        previous,
        unmet: ["nameRegex"],
      }),
    });
  });

  test("copies with --keep", async () => {
    writePins(project, "dev", { office: kept }, place);
    await project.cli(["rename", "office", "copy", "--keep"]);
    const { office: one, copy } = project.readLock("dev").pins;
    expect(copy).toEqual(one);
  });

  test("does not overwrite a pin that has a history of its own", async () => {
    const other = pinOf(recent, { filter, previous, pinnedAt: daysAgo(0) });
    writePins(project, "dev", { office: kept, lab: other }, place);
    const before = project.read("workspace-images/dev.lock.json");
    const { code, stderr } = await project.cli(["rename", "office", "lab"]);
    expect(code).toBe(2);
    expect(stderr).toContain("workspace-images prune lab --env dev");
    expect(project.read("workspace-images/dev.lock.json")).toBe(before);
  });

  test.each([
    [["rename", "office", "office"], "cannot be the new name"],
    [["rename", "office", "a\nb"], "cannot be the new name"],
    [["rename", "ofice", "lab"], "There is no pin ofice in dev, prod-a, prod-b."],
    [["rename", "off*", "lab"], "There is no pin off* in dev, prod-a, prod-b."],
    [["prune", "off*", "--env", "dev"], "There is no pin off* in dev."],
  ])("refuses %j", async (args, message) => {
    writePins(project, "dev", { office: kept }, place);
    const { code, stderr } = await project.cli(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("rename --environment", () => {
  test("moves the lock file with everything in it, and names what must change", async () => {
    writePins(project, "dev", { office: pinOf(old, { filter, hold, previous }) }, place);
    const before = office("dev");
    project.write(
      "main.ts",
      'new Desktops(app, "dev", {\n  environment: "dev",\n});\nconst developer = 1;\n',
    );
    project.write("ci.yml", "  - workspace-images update --env dev\n");
    const { code, stdout, stderr } = await project.cli(["rename", "--environment", "dev", "test"]);
    expect(stdout).toBe(`workspace-images/dev.lock.json moved to workspace-images/test.lock.json
To change:
  cdktf.json: environments.dev becomes environments.test
  cdktf.json: environments.prod-a.promotion.from becomes "test"
  cdktf.json: environments.prod-b.promotion.from becomes "test"
  ci.yml:1: names "dev"
  main.ts:1: names "dev"
  main.ts:2: names "dev"
`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(existsSync(project.lockFile("dev"))).toBe(false);
    expect(project.readLock("test")).toMatchObject({ environment: "test", ...place });
    expect({ ...office("test"), integrity: "" }).toEqual({ ...before, integrity: "" });
    project.write("cdktf.json", project.read("cdktf.json").replaceAll('"dev"', '"test"'));
    expect((await project.cli(["pins"])).code).toBe(0);
  });

  test("mends a lock file that was moved by hand, as the error about it advises", async () => {
    writePins(project, "dev", { office: pinOf(old, { filter, hold, previous }) }, place);
    const before = office("dev");
    renameSync(project.lockFile("dev"), project.lockFile("test"));
    project.write("cdktf.json", project.read("cdktf.json").replaceAll('"dev"', '"test"'));
    const { stderr } = await project.cli(["pins", "--env", "test"]);
    expect(stderr).toContain("run: workspace-images rename --environment dev test");
    expect((await project.cli(["rename", "--environment", "dev", "test"])).code).toBe(0);
    expect((await project.cli(["pins", "--env", "test"])).code).toBe(0);
    expect({ ...office("test"), integrity: "" }).toEqual({ ...before, integrity: "" });
  });

  test("is refused where the lock file is damaged, or no file", async () => {
    project.write("workspace-images/dev.lock.json", "{");
    const damaged = await project.cli(["rename", "--environment", "dev", "test"]);
    expect(damaged.stderr).toContain("workspace-images/dev.lock.json is not complete JSON");
    mkdirSync(project.lockFile("prod-a"));
    const folder = await project.cli(["rename", "--environment", "prod-a", "test"]);
    expect(folder.stderr).toContain("prod-a.lock.json cannot be read: it is a folder");
    expect([damaged.code, folder.code]).toEqual([2, 2]);
    expect(existsSync(project.lockFile("test"))).toBe(false);
  });

  test("keeps both with --keep, and finds that the configuration was renamed first", async () => {
    writePins(project, "dev", { office: pinOf(old, { filter }) }, place);
    expect((await project.cli(["rename", "--environment", "dev", "lab", "--keep"])).stdout).toContain(
      "cdktf.json: add environments.lab\n",
    );
    expect(office("lab").images).toEqual(office("dev").images);
    project.write("cdktf.json", project.read("cdktf.json").replaceAll('"dev"', '"test"'));
    const { stdout } = await project.cli(["rename", "--environment", "dev", "test"]);
    expect(stdout).toBe("workspace-images/dev.lock.json moved to workspace-images/test.lock.json\n");
    expect((await project.cli(["pins", "--json"])).code).toBe(0);
  });

  test("refuses pins of another region, another lock file's place, and what is not there", async () => {
    writePins(
      project,
      "dev",
      { office: pinOf(old, { filter }) },
      { region: "cn-south-1", projectId: "south" },
    );
    writePins(project, "prod-b", { office: pinOf(recent, { filter }) }, place);
    const region = await project.cli(["rename", "--environment", "dev", "prod-a"]);
    expect(region.stderr).toContain(
      '"cn-south-1", but environment "prod-a" is in region "cn-north-4", where they do not hold.',
    );
    writePins(project, "prod-a", { office: pinOf(old, { filter }) }, place);
    const there = await project.cli(["rename", "--environment", "prod-a", "prod-b"]);
    expect(there.stderr).toContain("with pins of its own");
    const none = await project.cli(["rename", "--environment", "nowhere", "test"]);
    expect(none.stderr).toContain("There is no workspace-images/nowhere.lock.json");
    expect([region.code, there.code, none.code]).toEqual([2, 2, 2]);
    expect(office("prod-b").images).toEqual([recent]);
  });
});
