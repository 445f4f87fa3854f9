import type { TerraformStack } from "cdktf";
import { DataHuaweicloudWorkspaceImage, type EnvironmentConfig } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import type { Pin } from "../../src/pins/pin";
import { rejection } from "../support/errors";
import { newestWindows as filter, image, oldWindows as old } from "../support/images";
import { daysAgo, pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";
import { enter, restoreProcess, synthesize } from "../support/synth";

const bad = image({ id: "bad", name: "Windows_11_bad", createdAt: "2025-02-01T00:00:00Z" });
const next = image({ id: "next", name: "Windows_11_b", createdAt: "2025-06-01T00:00:00Z" });
const hold = { reason: "printer driver, ticket 4711", since: "2026-01-01T00:00:00Z" };

const DAY = 24 * 3600;

let emulator: WorkspaceEmulator;

beforeAll(async () => {
  emulator = await WorkspaceEmulator.start({ images: { "cn-north-4": [old, bad, next] } });
});

afterAll(() => emulator.close());

restoreProcess();

/** A project whose staging has had the next image for a number of days, and whose prod has older ones. */
function projectWith(
  prod: EnvironmentConfig,
  days: number,
): { project: TestProject; repository: TestRepository } {
  const region = "cn-north-4";
  const place = { region, projectId: emulator.projectId(region) };
  const project = new TestProject({ staging: { region }, prod: { region, ...prod } });
  project.write(
    "workspace-images/revoked.json",
    JSON.stringify({ revoked: [{ id: "bad", region, reason: "CVE-2026-1" }] }),
  );
  const repository = new TestRepository(project);
  const pinnedAt = daysAgo(100);
  // What a pin itself says of its age is younger than what git knows.
  const pin = (fields: Partial<Pin> = {}) => pinOf(old, { filter, pinnedAt, ...fields });
  repository.lock(
    "staging",
    Object.fromEntries(
      ["held", "new", "pinned", "revoked", "unmet"].map((name) => [
        name,
        pinOf(next, { filter, pinnedAt: daysAgo(0) }),
      ]),
    ),
    place,
  );
  repository.now = Math.floor(Date.now() / 1000) - days * DAY;
  repository.commit("Update staging");
  repository.lock(
    "prod",
    {
      held: pin({ hold }),
      pinned: pin(),
      revoked: pin({ images: [bad] }),
      unmet: pin({
        filter: { ...filter, osVersion: "Windows 11 Enterprise 64bit", minDiskAtMost: 200 },
        unmet: ["minDiskAtMost"],
      }),
    },
    place,
  );
  repository.commit("Pin prod");
  return { project, repository };
}

/** What became of every pin: where it moved, or what kept it. */
async function outcome(project: TestProject, ...args: string[]) {
  const { code, stdout, stderr } = await project.cli([...args, "--json"], emulator.variables);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const entries = Object.entries<{ to: { id: string }[]; left?: { rule: string; ripeAt?: string }[] }>(
    JSON.parse(stdout).prod,
  );
  const pins = project.readLock("prod").pins;
  return Object.fromEntries(
    entries.map(([name, { to, left }]) => {
      if (left) return [name, left.map(({ rule }) => rule)];
      expect(pins[name].images.map(({ id }: { id: string }) => id)).toEqual(to.map(({ id }) => id));
      return [name, to[0]?.id];
    }),
  );
}

const FREE = {};
const GOVERNED = { promotion: { from: "staging" } };
const AGED = { promotion: { from: "staging", minAgeDays: 7 } };

describe("update", () => {
  test.each([
    ["no policy", FREE, { held: ["hold"], pinned: "next", revoked: "next", unmet: "next" }],
    [
      "promotion.from",
      GOVERNED,
      { held: ["hold", "promotion"], pinned: ["promotion"], revoked: ["promotion"], unmet: ["promotion"] },
    ],
    [
      "promotion.minAgeDays",
      AGED,
      { held: ["hold", "promotion"], pinned: ["promotion"], revoked: ["promotion"], unmet: ["promotion"] },
    ],
  ] as const)("with %s moves what it may, and lists the rest", async (_, policies, expected) => {
    const { project } = projectWith(policies, 10);
    expect(await outcome(project, "update", "--env", "prod")).toEqual(expected);
  });
});

describe("promote", () => {
  const all = { held: ["hold"], new: "next", pinned: "next", revoked: "next", unmet: "next" };
  test.each([
    ["no policy", FREE, 0, all],
    ["promotion.from", GOVERNED, 0, all],
    ["promotion.minAgeDays that are over", AGED, 8, all],
    [
      "promotion.minAgeDays that are not over",
      AGED,
      6,
      {
        held: ["hold", "minAgeDays"],
        new: "next",
        pinned: ["minAgeDays"],
        revoked: "next",
        unmet: ["minAgeDays"],
      },
    ],
  ] as const)("with %s moves what is ready, and lists the rest", async (_, policies, days, expected) => {
    const { project } = projectWith(policies, days);
    expect(await outcome(project, "promote", "staging", "prod", "--ready")).toEqual(expected);
  });

  test("without --ready refuses all where one pin is not ripe, and says when it will be", async () => {
    const { project, repository } = projectWith(AGED, 6);
    const { code, stdout, stderr } = await project.cli(["promote", "staging", "prod"], emulator.variables);
    const since = new Date(repository.now * 1000);
    const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
    expect(stderr).toContain(
      `pinned: "staging" has had it since ${time(since.getTime())}, and "prod" takes what it has had for 7 days: from ${time(since.getTime() + 7 * DAY * 1000)} on.`,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(project.readLock("prod").pins.pinned.images).toEqual([old]);
  });

  test("counts from the pin's own date what is not committed, and says so", async () => {
    const { project, repository } = projectWith(AGED, 30);
    const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
    const pinnedAt = daysAgo(3);
    repository.lock("staging", { pinned: pinOf(next, { filter: { imageId: "next" }, pinnedAt }) }, place);
    // The commit has the same image: it counts, whatever the pin says.
    expect(await outcome(project, "promote", "staging", "prod", "--ready")).toEqual({ pinned: "next" });
    repository.lock("staging", { pinned: pinOf(old, { filter, pinnedAt }) }, place);
    repository.git("checkout", "-q", "--", "workspace-images/prod.lock.json");
    repository.lock("prod", { pinned: pinOf(next, { filter }) }, place);
    const { stderr } = await project.cli(["promote", "staging", "prod"], emulator.variables);
    expect(stderr).toContain(`has had it since ${pinnedAt} (by its pinnedAt: it is not committed)`);
  });

  test("counts from the commit that brought the image into the main line, not from the branch's", async () => {
    const { project, repository } = projectWith(AGED, 40);
    const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
    repository.lock("staging", { pinned: pinOf(old, { filter }) }, place);
    repository.commit("Old");
    repository.git("checkout", "-q", "-b", "update");
    repository.now += DAY;
    repository.lock("staging", { pinned: pinOf(next, { filter }) }, place);
    repository.commit("Update staging on a branch");
    repository.git("checkout", "-q", "main");
    repository.now = Math.floor(Date.now() / 1000) - 2 * DAY;
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "update");
    expect(await outcome(project, "promote", "staging", "prod", "--ready")).toEqual({
      pinned: ["minAgeDays"],
    });
  });

  test("from elsewhere than the policy says moves with a reason alone, which is kept", async () => {
    const { project, repository } = projectWith(GOVERNED, 1);
    const configuration = JSON.parse(project.read("cdktf.json"));
    configuration.context.workspaceImages.environments.dev = { region: "cn-north-4" };
    project.write("cdktf.json", JSON.stringify(configuration));
    repository.lock(
      "dev",
      { pinned: pinOf(next, { filter }) },
      { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") },
    );
    const promote = ["promote", "dev", "prod", "pinned"];
    const refused = await project.cli(promote, emulator.variables);
    expect(refused.stderr).toContain("Instead run: workspace-images promote staging prod pinned");
    expect(refused.stderr).toContain('--override --reason "…"');
    await project.cli([...promote, "--override", "--reason", "incident 12"], emulator.variables);
    expect(project.readLock("prod").pins.pinned).toMatchObject({
      images: [next],
      override: { reason: "incident 12" },
      previous: [{ ids: ["old"] }],
    });
    const shown = await project.cli(["pins", "pinned"]);
    expect(shown.stdout).toMatch(/prod: moved against a policy on \S+: incident 12\n/);
  });
});

describe("a synth", () => {
  const names = ["held", "pinned", "revoked"];

  function lookups(all: readonly string[]) {
    return (stack: TerraformStack) =>
      Object.fromEntries(
        all.map((name) => [
          name,
          new DataHuaweicloudWorkspaceImage(stack, name, { environment: "prod", ...filter }).id,
        ]),
      );
  }

  test.each([
    ["no policy", FREE],
    ["promotion.from", GOVERNED],
    ["promotion.minAgeDays", AGED],
  ])("with %s moves nothing, in either mode", async (_, policies) => {
    const { project } = projectWith(policies, 10);
    enter(project, emulator.variables);
    const before = project.read("workspace-images/prod.lock.json");
    for (const mode of ["auto", "frozen"] as const) {
      const { built, notes } = await synthesize(lookups(names), { mode });
      expect(built).toEqual({ held: "old", pinned: "old", revoked: "bad" });
      expect(notes.map(({ level, message }) => [level, message])).toEqual([
        ["warn", expect.stringContaining("has the revoked image")],
      ]);
    }
    expect(project.read("workspace-images/prod.lock.json")).toBe(before);
  });

  test("takes a new pin from the environment that images come from, whatever its age, and frozen refuses it", async () => {
    for (const policies of [GOVERNED, AGED]) {
      const { project } = projectWith(policies, 0);
      enter(project, emulator.variables);
      // A question that no other pin has.
      const build = (stack: TerraformStack) =>
        new DataHuaweicloudWorkspaceImage(stack, "new", { environment: "prod", osType: "Windows", ...filter })
          .id;
      expect(await rejection(synthesize(build, { mode: "frozen" }))).toMatchObject({ code: "NOT_PINNED" });
      const { built, notes } = await synthesize(build, { mode: "auto" });
      expect(built).toBe("next");
      expect(notes.map(({ message }) => message).join()).toContain('as in "staging"');
    }
  });
});

describe("outdated", () => {
  test("says of a governed environment what promotion would bring, and waits for what is not ripe", async () => {
    const { project } = projectWith(AGED, 6);
    const { code, stdout } = await project.cli(["outdated", "--env", "prod", "--json"], emulator.variables);
    const { prod } = JSON.parse(stdout);
    expect(Object.keys(prod)).toEqual(["unmet", "revoked", "held", "pinned"]);
    expect(prod.pinned).toMatchObject({
      needs: ["newer"],
      callsForAction: false,
      ripeAt: expect.any(String),
    });
    expect(prod.revoked).toMatchObject({ needs: ["revoked", "newer"], callsForAction: true });
    expect(code).toBe(1);
    const text = await project.cli(["outdated", "--env", "prod"], emulator.variables);
    expect(text.stdout).toContain("  held  held, newer\n");
    expect(text.stdout).toContain("      held since 2026-01-01T00:00:00Z: printer driver, ticket 4711\n");
    expect(text.stdout).toMatch(/ {6}ripe for promotion from \S+ on\n/);
    for (const line of text.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

test("pins shows what is held, unmet and governed", async () => {
  const { project } = projectWith(AGED, 6);
  const { stdout } = await project.cli(["pins", "--env", "prod"]);
  expect(stdout).toContain("  prod: held since 2026-01-01T00:00:00Z: printer driver, ticket 4711\n");
  expect(stdout).toContain("  prod: does not answer its question: minDiskAtMost\n");
  expect(stdout).toContain("prod: images by promotion from staging, once it has had them for 7 days\n");
  const { prod } = JSON.parse((await project.cli(["pins", "held", "--env", "prod", "--json"])).stdout);
  expect(prod.held).toMatchObject({ filter, hold });
});

test("verify fails what is revoked, and reports what is unmet", async () => {
  const { project } = projectWith(FREE, 6);
  const { code, stdout } = await project.cli(["verify", "--env", "prod"], emulator.variables);
  expect(stdout).toContain("  FAIL  revoked\n        revoked: Windows_11_bad");
  expect(stdout).toContain("  note  unmet\n        does not answer its question: minDiskAtMost\n");
  expect(code).toBe(1);
});
