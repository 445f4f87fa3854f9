import type { EnvironmentConfig } from "../../src";
import { image } from "../support/images";
import { daysAgo, pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const north = { region: "cn-north-4", projectId: "north" };
const south = { region: "cn-south-1", projectId: "south" };

const first = image({ id: "first", name: "Windows_11_Enterprise_24H2_64bit_Workspace_20250909" });
const second = image({ id: "second", name: "Windows_11_Enterprise_24H2_64bit_Workspace_20260101" });
const ubuntu = image({ id: "ubuntu", name: "Ubuntu_24.04" });

function projectOf(...environments: string[]): TestProject {
  const configs = environments.map((name): [string, EnvironmentConfig] => [name, {}]);
  return new TestProject(Object.fromEntries(configs));
}

function widest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

test("pins shows pins by environment: their images, their ages, and which pins differ", async () => {
  const project = projectOf("dev", "staging", "prod");
  const elsewhere = (id: string, image: typeof first) => ({ ...image, id });
  writePins(
    project,
    "dev",
    { office: pinOf(second, { pinnedAt: daysAgo(0) }), developer: pinOf([ubuntu], { pinnedAt: daysAgo(0) }) },
    north,
  );
  writePins(
    project,
    "staging",
    {
      office: pinOf(first, { pinnedAt: daysAgo(1.5) }),
      developer: pinOf([ubuntu], { pinnedAt: daysAgo(1) }),
    },
    north,
  );
  writePins(
    project,
    "prod",
    {
      office: pinOf(elsewhere("1", first), { pinnedAt: daysAgo(12) }),
      developer: pinOf([elsewhere("2", ubuntu)], { pinnedAt: daysAgo(40.2) }),
    },
    south,
  );
  const { code, stdout, stderr } = await project.cli(["pins"]);
  expect(stdout).toBe(`                                                       dev    staging  prod
developer
  Ubuntu_24.04                                         today  1 day    40 days

office  differs
  Windows_11_Enterprise_24H2_64bit_Workspace_20260101  today  -        -
  Windows_11_Enterprise_24H2_64bit_Workspace_20250909  -      1 day    12 days
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("pins puts ages below their image where both do not fit in 80 columns", async () => {
  const project = projectOf("dev", "staging", "prod");
  const long = image({ id: "long", name: "W".repeat(55) });
  writePins(project, "dev", { office: pinOf(long, { pinnedAt: daysAgo(0) }) }, north);
  writePins(project, "staging", { office: pinOf(long, { pinnedAt: daysAgo(123) }) }, north);
  writePins(project, "prod", { office: pinOf(long, { pinnedAt: daysAgo(1000) }) }, north);
  const { stdout } = await project.cli(["pins"]);
  expect(stdout).toBe(`    dev    staging   prod
office
  ${"W".repeat(55)}
    today  123 days  1000 days
`);
});

test("pins names images without a name by their IDs alone, and says what is revoked", async () => {
  const project = projectOf("dev");
  project.write(
    "workspace-images/revoked.json",
    '{"revoked":[{"id":"bare","region":"cn-north-4","reason":"CVE-1"}]}',
  );
  writePins(
    project,
    "dev",
    { labs: pinOf([{ id: "bare" }, { id: "other" }], { pinnedAt: daysAgo(0) }) },
    north,
  );
  expect((await project.cli(["pins"])).stdout).toBe(`         dev
labs
  bare   today
  other  today
  dev: revoked: CVE-1
`);
  const { stdout } = await project.cli(["pins", "--json"]);
  expect(JSON.parse(stdout).dev.labs.revoked).toEqual(["CVE-1"]);
});

test("pins splits into several tables where environments do not fit side by side, and still compares them all", async () => {
  const names = Array.from({ length: 7 }, (_, index) => `environment-number-${index}`);
  const project = projectOf(...names);
  for (const name of names)
    writePins(
      project,
      name,
      { office: pinOf(name.endsWith("6") ? second : first, { pinnedAt: daysAgo(0) }) },
      north,
    );
  const { stdout } = await project.cli(["pins"]);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
  expect(stdout.match(/office {2}differs/g)).toHaveLength(3);
  for (const name of names) expect(stdout).toContain(name);
});

test("pins marks pins that are older than the environment's maxPinAgeDays", async () => {
  const project = new TestProject({ dev: { maxPinAgeDays: 30 }, prod: { maxPinAgeDays: 90 } });
  for (const name of ["dev", "prod"])
    writePins(project, name, { office: pinOf(ubuntu, { pinnedAt: daysAgo(30) }) }, north);
  const { stdout } = await project.cli(["pins"]);
  expect(stdout).toBe(`                dev            prod
office
  Ubuntu_24.04  30 days stale  30 days

dev: pins are stale from 30 days on
prod: pins are stale from 90 days on
`);
});

test("pins shows pins that only some environments have, and environments without any", async () => {
  const project = projectOf("dev", "prod", "empty", "new");
  writePins(
    project,
    "dev",
    { office: pinOf(first, { pinnedAt: daysAgo(0) }), kiosk: pinOf(ubuntu, { pinnedAt: daysAgo(0) }) },
    north,
  );
  writePins(project, "prod", { office: pinOf(first, { pinnedAt: daysAgo(0) }) }, north);
  project.write(
    "workspace-images/empty.lock.json",
    JSON.stringify({ lockfileVersion: 1, environment: "empty", ...north, pins: {} }),
  );
  const { code, stdout } = await project.cli(["pins", "--env", "dev", "--env", "prod"]);
  expect(stdout).toContain("kiosk  differs\n");
  expect(stdout).toContain("office\n");
  expect(code).toBe(0);
  const all = await project.cli(["pins"]);
  expect(all.stdout).toContain(`
empty: no pins
new: no lock file yet: workspace-images pin takes its pins, or an app's synth
`);
});

test("pins tells images of one name apart, and a lookup that selected none", async () => {
  const project = projectOf("dev", "prod");
  writePins(
    project,
    "dev",
    {
      office: pinOf({ ...first, id: "a" }, { pinnedAt: daysAgo(0) }),
      all: pinOf([], { pinnedAt: daysAgo(0) }),
    },
    north,
  );
  writePins(
    project,
    "prod",
    {
      office: pinOf({ ...first, id: "b" }, { pinnedAt: daysAgo(0) }),
      all: pinOf([ubuntu], { pinnedAt: daysAgo(0) }),
    },
    north,
  );
  const { stdout } = await project.cli(["pins"]);
  expect(stdout).toBe(`                                                           dev    prod
all  differs
  Ubuntu_24.04                                             -      today
  no image                                                 today  -

office  differs
  Windows_11_Enterprise_24H2_64bit_Workspace_20250909 (a)  today  -
  Windows_11_Enterprise_24H2_64bit_Workspace_20250909 (b)  -      today
`);
});

test("pins aligns names in Chinese", async () => {
  const project = projectOf("dev");
  writePins(
    project,
    "dev",
    { office: pinOf([image({ id: "1", name: "办公桌面" }), ubuntu], { pinnedAt: daysAgo(0) }) },
    north,
  );
  expect((await project.cli(["pins"])).stdout).toContain("  办公桌面      today\n  Ubuntu_24.04  today\n");
});

test("pins gives filter, time and images of every pin as JSON", async () => {
  const project = projectOf("dev", "new");
  const filter = { imageType: "gold" };
  writePins(project, "dev", { office: pinOf(first, { filter, pinnedAt: "2026-01-02T03:04:05Z" }) }, north);
  const { stdout } = await project.cli(["pins", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    dev: { office: { filter, pinnedAt: "2026-01-02T03:04:05Z", images: [first] } },
    new: {},
  });
});

test("pins shows with --differs, or for patterns, those pins alone", async () => {
  const project = projectOf("dev", "prod");
  for (const name of ["dev", "prod"]) {
    const same = { same: pinOf(first), "same-too": pinOf(ubuntu) };
    writePins(project, name, { ...same, other: pinOf(name === "dev" ? first : ubuntu) }, north);
  }
  const differing = await project.cli(["pins", "--differs"]);
  expect(differing.stdout).toContain("other  differs\n");
  expect(differing.stdout).not.toContain("same");
  const { stdout } = await project.cli(["pins", "same*", "--json"]);
  expect(Object.keys(JSON.parse(stdout).prod)).toEqual(["same", "same-too"]);
  expect((await project.cli(["pins", "same*", "--differs"])).stdout).toBe("no pin differs\n");
});
