import { readFileSync } from "node:fs";
import { affectedText } from "../../src/cli/affected";
import { WorkspaceEmulator } from "../../src/emulator";
import { newestWindows as filter, image } from "../support/images";
import { daysAgo, pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";
import { start } from "./support";

const old = image({
  id: "99914048-42cc-4d31-a66f-882005fc1eb4",
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20250909",
  createdAt: "2025-09-09T02:30:00Z",
});
const recent = image({
  id: "5f7528f9-ff3e-43d7-b529-a50b573ff77d",
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20260101",
  minDisk: 100,
  createdAt: "2026-01-01T02:30:00Z",
});
const kiosk = image({ id: "c0ffee00-0000-4000-a000-000000000000", name: "kiosk", imageType: "private" });

const consequences = `\n${affectedText([])}\n`;

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { "cn-north-4": [old, recent, kiosk], "cn-south-1": [] },
  });
  project = new TestProject({
    dev: { region: "cn-north-4" },
    staging: { region: "cn-north-4" },
    prod: { region: "cn-south-1" },
  });
});

afterEach(() => emulator.close());

function place(region: string) {
  return { region, projectId: emulator.projectId(region) };
}

function pinIn(environment: string, pins: Parameters<typeof writePins>[2]): void {
  writePins(project, environment, pins, place(environment === "prod" ? "cn-south-1" : "cn-north-4"));
}

function cli(...args: string[]) {
  return project.cli(args, emulator.variables);
}

/** Everything in the lock files, to see that nothing changed. */
function lockFiles(): string[] {
  return ["dev", "staging", "prod"].map((name) => {
    try {
      return readFileSync(project.lockFile(name), "utf8");
    } catch {
      return "none";
    }
  });
}

const officeMove = `  office
    - Windows_11_Enterprise_24H2_64bit_Workspace_20250909
      99914048-42cc-4d31-a66f-882005fc1eb4, created 2025-09-09
    + Windows_11_Enterprise_24H2_64bit_Workspace_20260101
      5f7528f9-ff3e-43d7-b529-a50b573ff77d, created 2026-01-01
      minDisk 80 → 100
`;

/** A move as `outdated` shows it. */
function newer(move: string): string {
  return move.replace(/^ {2}(\S+)\n/, "  $1  newer\n");
}

describe("outdated", () => {
  test("shows what each pin has and what its filter selects now, and answers no", async () => {
    pinIn("dev", { office: pinOf(old, { filter }), kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }) });
    pinIn("staging", { office: pinOf(recent, { filter }) });
    const before = lockFiles();
    const { code, stdout, stderr } = await cli("outdated");
    expect(stdout).toBe(`dev: 1 outdated
${newer(officeMove)}
staging: every pin is as it should be
prod: no lock file yet: workspace-images pin takes its pins, or an app's synth
`);
    expect(stderr).toBe("");
    expect(code).toBe(1);
    expect(lockFiles()).toEqual(before);
  });

  test("answers yes where every pin is what its filter selects", async () => {
    pinIn("dev", { office: pinOf(recent, { filter }) });
    expect((await cli("outdated", "--env", "dev")).code).toBe(0);
  });

  test("gives only the pins that differ as JSON", async () => {
    pinIn("dev", { office: pinOf(old, { filter }), kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }) });
    const { code, stdout } = await cli("outdated", "--json");
    expect(JSON.parse(stdout)).toEqual({
      dev: { office: { from: [old], to: [recent], needs: ["newer"], callsForAction: true } },
      staging: {},
      prod: {},
    });
    expect(code).toBe(1);
  });

  test("does not let a filter that cannot decide hide the other pins", async () => {
    emulator.publish("cn-north-4", { ...kiosk, id: "another-kiosk" });
    pinIn("dev", { office: pinOf(old, { filter }), kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }) });
    const { code, stdout } = await cli("outdated", "--env", "dev");
    expect(stdout).toContain(newer(officeMove));
    expect(stdout).toContain('    ! Pin "kiosk" of environment "dev": 2 images match {"name":"kiosk"}:\n');
    expect(stdout).toContain("      Narrow the filter");
    expect(code).toBe(1);
    const json = await cli("outdated", "--env", "dev", "--json");
    expect(JSON.parse(json.stdout).dev.kiosk.to).toHaveLength(2);
  });

  test("shows a pin whose filter selects nothing any more", async () => {
    emulator.remove("cn-north-4", kiosk.id);
    pinIn("dev", { kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }) });
    const { code, stdout } = await cli("outdated", "--env", "dev");
    expect(stdout).toContain('! Pin "kiosk" of environment "dev": no image matches.');
    expect(code).toBe(1);
  });

  test("says which fields changed where the image is the same", async () => {
    emulator.publish("cn-north-4", { ...kiosk, osVersion: "Windows 11 LTSC", minDisk: 120 });
    pinIn("dev", { kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }) });
    expect((await cli("outdated", "--env", "dev")).stdout).toBe(`dev: 1 outdated
  kiosk  newer
    ~ kiosk
      c0ffee00-0000-4000-a000-000000000000, created 2025-01-01
      osVersion Windows 11 Enterprise 64bit → Windows 11 LTSC
      minDisk 80 → 120
`);
  });

  test("shows what comes, goes and stays in a lookup of all", async () => {
    const renamed = { ...old, id: "rebuilt", createdAt: "2025-10-01T00:00:00Z" };
    pinIn("dev", { all: pinOf([renamed, kiosk], { filter: {} }) });
    expect((await cli("outdated", "--env", "dev")).stdout).toBe(`dev: 1 outdated
  all  newer
    - Windows_11_Enterprise_24H2_64bit_Workspace_20250909
      rebuilt, created 2025-10-01
    + Windows_11_Enterprise_24H2_64bit_Workspace_20250909
      99914048-42cc-4d31-a66f-882005fc1eb4, created 2025-09-09
    + Windows_11_Enterprise_24H2_64bit_Workspace_20260101
      5f7528f9-ff3e-43d7-b529-a50b573ff77d, created 2026-01-01
    = 1 image unchanged
`);
  });

  test("lists what only the service can decide", async () => {
    emulator.publish("cn-north-4", { ...kiosk, platform: "Kiosk" });
    pinIn("dev", { kiosk: pinOf(kiosk, { filter: { platform: "Kiosk" } }) });
    expect(await cli("outdated", "--env", "dev")).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("update", () => {
  test("moves pins, shows what that does, and changes nothing else in the lock file", async () => {
    const office = pinOf(old, { filter, pinnedAt: daysAgo(20) });
    pinIn("dev", { office, kiosk: pinOf(kiosk, { filter: { name: "kiosk" }, pinnedAt: daysAgo(20) }) });
    pinIn("staging", { office });
    const before = project.readLock("dev");
    const { code, stdout, stderr } = await cli("update", "--env", "dev");
    expect(stdout).toBe(`dev: 1 pin moved in workspace-images/dev.lock.json\n${officeMove}${consequences}`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const after = project.readLock("dev");
    expect(after.pins.office).toMatchObject({ filter, images: [recent] });
    expect(Date.now() - Date.parse(after.pins.office.pinnedAt)).toBeLessThan(60_000);
    expect({ ...after, pins: { ...after.pins, office: before.pins.office } }).toEqual(before);
    expect(project.readLock("staging").pins.office.images).toEqual([old]);
  });

  test("moves only the pins that are named", async () => {
    pinIn("dev", { office: pinOf(old, { filter }), lab: pinOf(old, { filter }) });
    expect((await cli("update", "lab", "--env", "dev")).code).toBe(0);
    expect(project.readLock("dev").pins.office.images).toEqual([old]);
    expect(project.readLock("dev").pins.lab.images).toEqual([recent]);
  });

  test("changes nothing in a dry run, and shows the same", async () => {
    pinIn("dev", { office: pinOf(old, { filter }) });
    const before = lockFiles();
    const { code, stdout } = await cli("update", "--dry-run", "--env", "dev");
    expect(stdout).toBe(`dev: 1 pin would move\n${officeMove}${consequences}`);
    expect(code).toBe(0);
    expect(lockFiles()).toEqual(before);
  });

  test("says the consequences once, and gives every move as JSON", async () => {
    for (const name of ["dev", "staging"]) pinIn(name, { office: pinOf(old, { filter }) });
    const text = await cli("update", "--dry-run", "--all-environments");
    expect(text.stdout.match(/What a new image does/g)).toHaveLength(1);
    const { stdout } = await cli("update", "--json", "--all-environments");
    const moved = { office: { from: [old], to: [recent] } };
    expect(JSON.parse(stdout)).toEqual({ dev: moved, staging: moved, prod: {} });
    expect(project.readLock("staging").pins.office.images).toEqual([recent]);
  });

  test("leaves the file alone, byte for byte, where nothing moves, and says no consequences", async () => {
    pinIn("dev", { office: pinOf(recent, { filter, pinnedAt: daysAgo(5) }) });
    const before = lockFiles();
    const { code, stdout } = await cli("update", "--env", "dev");
    expect(stdout).toBe("dev: nothing to move: every pin is what its question selects\n");
    expect(code).toBe(0);
    expect(lockFiles()).toEqual(before);
  });

  test("refuses a pin that no environment has, before anything moves", async () => {
    pinIn("dev", { office: pinOf(old, { filter }) });
    const before = lockFiles();
    const { code, stdout, stderr } = await cli("update", "office", "ofice", "--all-environments");
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toBe("error: There is no pin ofice in dev, staging, prod. Pins: office.\n");
    expect(lockFiles()).toEqual(before);
  });

  test("moves a pin where it exists, and says where it does not", async () => {
    pinIn("dev", { lab: pinOf(old, { filter }) });
    pinIn("staging", { office: pinOf(old, { filter }) });
    const { code, stdout } = await cli("update", "lab", "--all-environments");
    expect(stdout).toContain("dev: 1 pin moved");
    expect(stdout).toContain("staging: it has no pin lab\n");
    expect(stdout).toContain("prod: no lock file yet");
    expect(code).toBe(0);
    expect(project.readLock("staging").pins.office.images).toEqual([old]);
  });

  test("moves what it can and lists the rest where no pin is named, all or none where some are", async () => {
    emulator.remove("cn-north-4", kiosk.id);
    const hold = { reason: "printer driver, ticket 4711", since: "2026-01-01T00:00:00Z" };
    pinIn("dev", {
      kiosk: pinOf(kiosk, { filter: { name: "kiosk" } }),
      lab: pinOf(old, { filter, hold }),
      office: pinOf(old, { filter }),
    });
    const before = lockFiles();
    const named = await cli("update", "kiosk", "office", "lab", "--env", "dev", "--json");
    expect(named.code).toBe(2);
    expect(JSON.parse(named.stdout)).toEqual({
      dev: { error: { code: "MOVE", message: expect.any(String) } },
    });
    expect(named.stderr).toContain('kiosk: Pin "kiosk" of environment "dev": no image matches.');
    expect(named.stderr).toContain(
      "lab: it is held since 2026-01-01T00:00:00Z: printer driver, ticket 4711. First run: workspace-images hold lab --env dev --release",
    );
    expect(lockFiles()).toEqual(before);
    const dry = await cli("update", "--env", "dev", "--dry-run", "--json");
    expect(JSON.parse(dry.stdout).dev).toMatchObject({
      kiosk: { from: [kiosk], to: [], left: [{ rule: "undecided" }] },
      lab: { from: [old], to: [recent], left: [{ rule: "hold" }] },
      office: { from: [old], to: [recent] },
    });
    const { code, stdout } = await cli("update", "--env", "dev");
    expect(code).toBe(0);
    expect(stdout).toContain(
      `dev: 1 pin moved in workspace-images/dev.lock.json, 2 left as they are\n${officeMove}`,
    );
    expect(stdout).toContain(`  lab  left
    ! it is held since 2026-01-01T00:00:00Z: printer driver, ticket 4711
      workspace-images hold lab --env dev --release
`);
    expect(project.readLock("dev").pins.lab.images).toEqual([old]);
    expect(project.readLock("dev").pins.office.images).toEqual([recent]);
  });

  test("moves nothing where the environment was forgotten", async () => {
    pinIn("prod", { office: pinOf(old, { filter }) });
    const before = lockFiles();
    const { code, stdout, stderr } = await cli("update", "office");
    expect(stderr).toBe(
      "error: In which environments? Name them with --env (also a pattern such as 'prod-*'), or give --all-environments. Environments: dev, staging, prod.\n",
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(lockFiles()).toEqual(before);
  });

  test("does not undo what another process pinned meanwhile", async () => {
    pinIn("dev", { office: pinOf(old, { filter }) });
    emulator.inject({
      on: "images",
      times: 1,
      before: () => pinIn("dev", { office: pinOf(kiosk, { filter: { name: "kiosk" } }) }),
    });
    const { code, stderr } = await cli("update", "--env", "dev");
    expect(code).toBe(2);
    expect(stderr).toContain('pin "office" was changed by another process meanwhile');
    expect(project.readLock("dev").pins.office.images).toEqual([kiosk]);
  });
});

describe("promote", () => {
  const recentInSouth = { ...recent, id: "d0000000-0000-4000-a000-000000000000" };

  test("gives an environment of the same region and project the same images, without asking the service", async () => {
    pinIn("dev", { office: pinOf(recent, { filter }) });
    pinIn("staging", { office: pinOf(old, { filter }), lab: pinOf(old, { filter }) });
    const { code, stdout } = await cli("promote", "dev", "staging");
    expect(stdout).toBe(
      `staging: 1 pin moved in workspace-images/staging.lock.json\n${officeMove}${consequences}`,
    );
    expect(code).toBe(0);
    expect(emulator.requests).toEqual([]);
    expect(project.readLock("staging").pins.office).toMatchObject({ filter, images: [recent] });
    expect(project.readLock("staging").pins.lab.images).toEqual([old]);
  });

  test("answers for the target where the source's lock file is damaged", async () => {
    project.write("workspace-images/dev.lock.json", "{");
    const { code, stdout, stderr } = await cli("promote", "dev", "staging", "--json");
    expect(JSON.parse(stdout)).toEqual({
      staging: { error: { code: "LOCK_FILE", message: expect.stringContaining("dev.lock.json") } },
    });
    expect(stderr).toContain("workspace-images/dev.lock.json is not complete JSON");
    expect(code).toBe(2);
  });

  test("takes the same release in another region, by its ID there, also into an environment without a lock file", async () => {
    emulator.publish("cn-south-1", recentInSouth);
    emulator.publish("cn-south-1", { ...recentInSouth, id: "other", architecture: "arm" });
    pinIn("dev", { office: pinOf(recent, { filter }) });
    const { code, stdout } = await cli("promote", "dev", "prod", "--json");
    expect(JSON.parse(stdout)).toEqual({ prod: { office: { from: [], to: [recentInSouth] } } });
    expect(code).toBe(0);
    expect(project.readLock("prod")).toMatchObject({
      environment: "prod",
      ...place("cn-south-1"),
      pins: { office: { filter, images: [recentInSouth] } },
    });
  });

  test("moves no pin where one of them has no counterpart there", async () => {
    emulator.publish("cn-south-1", recentInSouth);
    pinIn("dev", { office: pinOf(recent, { filter }), kiosk: pinOf(kiosk) });
    const { code, stdout, stderr } = await cli("promote", "dev", "prod", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout).prod.error.code).toBe("MOVE");
    expect(stderr).toContain('kiosk: in "prod" (cn-south-1), no image has name kiosk, type private');
    expect(stderr).toContain('No pin of environment "prod" was moved');
    expect(lockFiles()[2]).toBe("none");
    expect((await cli("promote", "dev", "prod", "office")).code).toBe(0);
  });

  test("moves no pin where one of them has several counterparts there", async () => {
    emulator.publish("cn-south-1", recentInSouth);
    emulator.publish("cn-south-1", { ...recentInSouth, id: "twin" });
    pinIn("dev", { office: pinOf(recent, { filter }) });
    const { code, stderr } = await cli("promote", "dev", "prod");
    expect(code).toBe(2);
    expect(stderr).toContain("2 images have name Windows_11_Enterprise_24H2_64bit_Workspace_20260101");
    expect(stderr).toContain("twin");
    expect(lockFiles()[2]).toBe("none");
  });

  test("changes nothing in a dry run", async () => {
    pinIn("dev", { office: pinOf(recent, { filter }) });
    pinIn("staging", { office: pinOf(old, { filter }) });
    const before = lockFiles();
    const { code, stdout } = await cli("promote", "dev", "staging", "--dry-run");
    expect(stdout).toContain("staging: 1 pin would move\n");
    expect(code).toBe(0);
    expect(lockFiles()).toEqual(before);
  });

  test("moves images, not questions: one that has them stays as it is", async () => {
    pinIn("dev", { office: pinOf(recent, { filter }) });
    pinIn("staging", { office: pinOf(recent, { filter: { name: recent.name as string } }) });
    const before = lockFiles();
    const { stdout } = await cli("promote", "dev", "staging");
    expect(stdout).toBe('staging: nothing to move: it has the images of "dev"\n');
    expect(lockFiles()).toEqual(before);
  });

  test("gives several environments the images, by names and patterns, and goes on where one cannot", async () => {
    emulator.publish("cn-south-1", recentInSouth);
    pinIn("dev", {
      "office-a": pinOf(recent, { filter }),
      "office-b": pinOf(recent, { filter }),
      lab: pinOf(old),
    });
    const { code, stdout } = await cli("promote", "dev", "staging,prod", "office-*", "--json");
    expect(code).toBe(0);
    const moved = (to: object) => ({
      "office-a": { from: [], to: [to] },
      "office-b": { from: [], to: [to] },
    });
    expect(JSON.parse(stdout)).toEqual({ staging: moved(recent), prod: moved(recentInSouth) });
    expect(Object.keys(project.readLock("staging").pins)).toEqual(["office-a", "office-b"]);

    pinIn("dev", { "office-a": pinOf(old, { filter }) });
    project.write("workspace-images/prod.lock.json", "{");
    const all = await cli("promote", "dev", "*", "office-a", "--json");
    expect(all.code).toBe(2);
    expect(JSON.parse(all.stdout)).toEqual({
      staging: { "office-a": { from: [recent], to: [old] } },
      prod: { error: { code: "LOCK_FILE", message: expect.any(String) } },
    });
  });

  test("says where a lookup of all is in another order, or selected none", async () => {
    const images = [old, recent];
    pinIn("dev", { all: pinOf(images), none: pinOf([]) });
    pinIn("staging", { all: pinOf([...images].reverse()) });
    expect(
      (await cli("promote", "dev", "staging")).stdout,
    ).toBe(`staging: 2 pins moved in workspace-images/staging.lock.json
  all
    the same images in another order
  none
    no image
`);
  });

  test("leaves an environment alone that has the images already", async () => {
    for (const name of ["dev", "staging"])
      pinIn(name, { office: pinOf(old, { filter, pinnedAt: daysAgo(3) }) });
    const before = lockFiles();
    const { stdout } = await cli("promote", "dev", "staging");
    expect(stdout).toBe('staging: nothing to move: it has the images of "dev"\n');
    expect(lockFiles()).toEqual(before);
  });

  test.each([
    [["dev", "dev"], '"dev" cannot be promoted to itself.'],
    [["dev", "prd"], 'There is no environment "prd" in cdktf.json. Environments: dev, staging, prod.'],
    [["prod", "dev"], 'Environment "prod" has nothing to promote: no lock file yet'],
    [["dev", "staging", "ofice"], 'Environment "dev" has no pin ofice.'],
    [["dev"], "missing required argument 'to'"],
    [["dev", "dev,staging"], '"dev" cannot be promoted to itself.'],
    [["de*", "staging"], '<from> must be one environment, not "de*".'],
    [["dev", "lab-*"], 'There is no environment "lab-*"'],
  ])("refuses %p", async (args, message) => {
    pinIn("dev", { office: pinOf(recent, { filter }) });
    const { code, stdout, stderr } = await cli("promote", ...args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });
});

test("update lets Ctrl-C end a listing with nothing changed, also in environments that had been listed", async () => {
  pinIn("staging", { office: pinOf(old, { filter }) });
  pinIn("prod", { office: pinOf(old, { filter }) });
  const before = lockFiles();
  const isProd = ({ path }: { path: string }) => path.includes(emulator.projectId("cn-south-1"));
  const update = start(project, ["update", "--all-environments"], emulator.variables);
  // Time enough for staging to be decided.
  const interrupt = () => setTimeout(() => update.child.kill("SIGINT"), 500);
  emulator.inject({ on: isProd, before: interrupt, delayHeadersMs: 60_000 });
  const { code, stdout, stderr } = await update.ended;
  expect(emulator.requests.some((request) => !isProd(request))).toBe(true);
  expect(stderr).toBe("error: Interrupted; nothing was changed.\n");
  expect(stdout).toBe("");
  expect(code).toBe(130);
  expect(lockFiles()).toEqual(before);
});
