import type { EnvironmentConfig } from "../../src";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { daysAgo, pin } from "./support";

// Processes are started, on machines that may be busy.
jest.setTimeout(60_000);

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

test("shows pins by environment: their images, their ages, and which pins differ", async () => {
  const project = projectOf("dev", "staging", "prod");
  const elsewhere = (id: string, image: typeof first) => ({ ...image, id });
  pin(project, "dev", north, { office: { images: second }, developer: { images: [ubuntu] } });
  pin(project, "staging", north, {
    office: { images: first, pinnedAt: daysAgo(1.5) },
    developer: { images: [ubuntu], pinnedAt: daysAgo(1) },
  });
  pin(project, "prod", south, {
    office: { images: elsewhere("1", first), pinnedAt: daysAgo(12) },
    developer: { images: [elsewhere("2", ubuntu)], pinnedAt: daysAgo(40.2) },
  });
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

test("puts ages below their image where both do not fit in 80 columns", async () => {
  const project = projectOf("dev", "staging", "prod");
  const long = image({ id: "long", name: "W".repeat(55) });
  pin(project, "dev", north, { office: { images: long } });
  pin(project, "staging", north, { office: { images: long, pinnedAt: daysAgo(123) } });
  pin(project, "prod", north, { office: { images: long, pinnedAt: daysAgo(1000) } });
  const { stdout } = await project.cli(["pins"]);
  expect(stdout).toBe(`    dev    staging   prod
office
  ${"W".repeat(55)}
    today  123 days  1000 days
`);
});

test("splits into several tables where environments do not fit side by side, and still compares them all", async () => {
  const names = Array.from({ length: 7 }, (_, index) => `environment-number-${index}`);
  const project = projectOf(...names);
  for (const name of names)
    pin(project, name, north, { office: { images: name.endsWith("6") ? second : first } });
  const { stdout } = await project.cli(["pins"]);
  expect(widest(stdout)).toBeLessThanOrEqual(80);
  expect(stdout.match(/office {2}differs/g)).toHaveLength(3);
  for (const name of names) expect(stdout).toContain(name);
});

test("marks pins that are older than the environment's maxPinAgeDays", async () => {
  const project = new TestProject({ dev: { maxPinAgeDays: 30 }, prod: { maxPinAgeDays: 90 } });
  for (const name of ["dev", "prod"])
    pin(project, name, north, { office: { images: ubuntu, pinnedAt: daysAgo(30) } });
  const { stdout } = await project.cli(["pins"]);
  expect(stdout).toBe(`                dev            prod
office
  Ubuntu_24.04  30 days stale  30 days
`);
});

test("shows pins that only some environments have, and environments without any", async () => {
  const project = projectOf("dev", "prod", "empty", "new");
  pin(project, "dev", north, { office: { images: first }, kiosk: { images: ubuntu } });
  pin(project, "prod", north, { office: { images: first } });
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
new: no lock file yet: cdktf synth takes its pins (unless CI is set)
`);
});

test("tells images of one name apart, and a lookup that selected none", async () => {
  const project = projectOf("dev", "prod");
  pin(project, "dev", north, { office: { images: { ...first, id: "a" } }, all: { images: [] } });
  pin(project, "prod", north, { office: { images: { ...first, id: "b" } }, all: { images: [ubuntu] } });
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

test("aligns names in Chinese", async () => {
  const project = projectOf("dev");
  pin(project, "dev", north, { office: { images: [image({ id: "1", name: "办公桌面" }), ubuntu] } });
  expect((await project.cli(["pins"])).stdout).toContain("  办公桌面      today\n  Ubuntu_24.04  today\n");
});

test("gives filter, time and images of every pin as JSON", async () => {
  const project = projectOf("dev", "new");
  const filter = { imageType: "gold" };
  pin(project, "dev", north, { office: { images: first, filter, pinnedAt: "2026-01-02T03:04:05Z" } });
  const { stdout } = await project.cli(["pins", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    dev: { office: { filter, pinnedAt: "2026-01-02T03:04:05Z", images: [first] } },
    new: {},
  });
});
