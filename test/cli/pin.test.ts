import type { EnvironmentConfig } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { OLD_IMAGE, recordedPlan } from "../desktops/plans";
import {
  newestWindows as filter,
  image,
  oldWindows as old,
  recentWindows as recent,
} from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const linux = image({ id: "linux", name: "Ubuntu", osType: "Linux", minDisk: 500 });
const asked = ["--image-type", "gold", "--most-recent", "--name-regex", "^Windows_11"];

let emulator: WorkspaceEmulator;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { "cn-north-4": [old, recent, linux], "cn-south-1": [] },
  });
});

afterEach(() => emulator.close());

function projectOf(environments: Record<string, EnvironmentConfig>): TestProject {
  const configs = Object.entries(environments).map(([name, config]) => [
    name,
    { region: "cn-north-4", ...config },
  ]);
  return new TestProject(Object.fromEntries(configs));
}

/** A project without an app. */
function projectAsking(
  lookups: object,
  environments: Record<string, EnvironmentConfig> = { dev: {} },
): TestProject {
  const project = projectOf(environments);
  const { context } = JSON.parse(project.read("cdktf.json"));
  project.write("workspace-images.json", JSON.stringify({ ...context.workspaceImages, lookups }));
  project.write("cdktf.json", '{"language":"python"}');
  return project;
}

function pinIn(project: TestProject, environment: string, pins: Parameters<typeof writePins>[2]): void {
  writePins(project, environment, pins, {
    region: "cn-north-4",
    projectId: emulator.projectId("cn-north-4"),
  });
}

function cli(project: TestProject, ...args: string[]) {
  return project.cli(args, emulator.variables);
}

const ids = (project: TestProject, environment: string, pin = "office") =>
  project.readLock(environment).pins[pin].images.map(({ id }: { id: string }) => id);

describe("a pin that is not there yet", () => {
  test("gets what its question selects", async () => {
    const project = projectOf({ dev: {} });
    const { code, stdout, stderr } = await cli(project, "pin", "office", "--env", "dev", ...asked);
    expect(stderr).toBe("");
    expect(stdout).toBe(`dev: 1 pin pinned in workspace-images/dev.lock.json
  office
    + Windows_11_b
      recent, created 2025-06-01
  New pin "office": Windows_11_b (recent, gold, created 2025-06-01T00:00:00Z).
  Commit workspace-images/dev.lock.json.
`);
    expect(code).toBe(0);
    expect(project.readLock("dev").pins.office).toMatchObject({ filter, images: [recent] });
  });

  test("gets all images that match with --all, and never a revoked one", async () => {
    const project = projectOf({ dev: {} });
    project.write("workspace-images/revoked.json", '{"revoked":[{"name":"Windows_11_b","reason":"CVE-1"}]}');
    await cli(project, "pin", "all", "--env", "dev", "--all", "--os-type", "Windows");
    expect(project.readLock("dev").pins.all).toMatchObject({ all: true, images: [old] });
    await cli(project, "pin", "office", "--env", "dev", ...asked);
    expect(ids(project, "dev")).toEqual(["old"]);
    const { code, stderr } = await cli(project, "pin", "bad", "--env", "dev", "--image", "recent");
    expect(code).toBe(2);
    expect(stderr).toContain("is revoked: CVE-1");
  });

  test("gets what a pin with the same question has, without asking the service", async () => {
    const project = projectOf({ dev: {} });
    pinIn(project, "dev", { office: pinOf(old, { filter }) });
    await cli(project, "pin", "copy", "--env", "dev", ...asked);
    expect(ids(project, "dev", "copy")).toEqual(["old"]);
    expect(emulator.requests).toEqual([]);
  });

  test("gets what the environment has that images come from, whatever its age", async () => {
    const project = projectOf({ staging: {}, prod: { promotion: { from: "staging", minAgeDays: 90 } } });
    pinIn(project, "staging", {
      office: pinOf(old, { filter, pinnedAt: new Date().toISOString().replace(/\.\d+/, "") }),
    });
    const { stdout } = await cli(project, "pin", "office", "--env", "prod", ...asked);
    expect(ids(project, "prod")).toEqual(["old"]);
    expect(stdout.replace(/\s+/g, " ")).toContain('as in "staging"');
  });

  test("is refused where the question does not select one image", async () => {
    const project = projectOf({ dev: {} });
    const { code, stderr } = await cli(project, "pin", "office", "--env", "dev", "--os-type", "Windows");
    expect(code).toBe(2);
    expect(stderr).toContain("2 images match");
  });
});

describe("a pin that is there", () => {
  test("stays as it is where it has the question already: a job may run twice", async () => {
    const project = projectOf({ dev: {} });
    pinIn(project, "dev", { office: pinOf(old, { filter }) });
    const before = project.read("workspace-images/dev.lock.json");
    const { code, stdout } = await cli(project, "pin", "office", "--env", "dev", ...asked);
    expect(project.read("workspace-images/dev.lock.json")).not.toContain('"recent"');
    expect(stdout).toContain("workspace-images update office --env dev");
    expect(code).toBe(0);
    expect(project.read("workspace-images/dev.lock.json")).toBe(before);
  });

  test("gets another question, and what that selects", async () => {
    const project = projectOf({ dev: {} });
    pinIn(project, "dev", { office: pinOf(old, { filter }) });
    await cli(project, "pin", "office", "--env", "dev", "--os-type", "Linux");
    expect(project.readLock("dev").pins.office).toMatchObject({
      filter: { osType: "Linux" },
      images: [linux],
      previous: [{ ids: ["old"] }],
    });
  });

  test("gets an exact image that answers its question, and no other", async () => {
    const project = projectOf({ dev: {} });
    pinIn(project, "dev", { office: pinOf(recent, { filter }) });
    const refused = await cli(project, "pin", "office", "--env", "dev", "--image", "linux");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('does not answer its question: nameRegex "^Windows_11"');
    expect(ids(project, "dev")).toEqual(["recent"]);
    await cli(project, "pin", "office", "--env", "dev", "--image", "old");
    expect(project.readLock("dev").pins.office).toMatchObject({ filter, images: [old] });
  });

  test.each([
    ["is held", {}, { hold: { reason: "printers", since: "2026-01-01T00:00:00Z" } }, "it is held since"],
    [
      "comes by promotion",
      { promotion: { from: "staging" } },
      {},
      "workspace-images promote staging prod office",
    ],
  ])("is not moved where it %s, except with a reason", async (_, policies, fields, message) => {
    const project = projectOf({ staging: {}, prod: policies });
    pinIn(project, "prod", { office: pinOf(recent, { filter, ...fields }) });
    const move = ["pin", "office", "--env", "prod", "--image", "old"];
    const { code, stderr } = await cli(project, ...move);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(ids(project, "prod")).toEqual(["recent"]);
    expect((await cli(project, ...move, "--override", "--reason", "incident 12")).code).toBe(0);
    expect(project.readLock("prod").pins.office).toMatchObject({
      images: [old],
      override: { reason: "incident 12" },
    });
  });
});

describe("an image that is named wrongly", () => {
  test("by its name is told its ID, and no pin moves", async () => {
    const project = projectOf({ prod: {} });
    pinIn(project, "prod", { office: pinOf(recent, { filter }) });
    const before = project.read("workspace-images/prod.lock.json");
    for (const pin of ["office", "new"]) {
      const { code, stderr } = await cli(project, "pin", pin, "--env", "prod", "--image", old.name!);
      expect(code).toBe(2);
      expect(stderr).toContain(`"${old.name}" is the name of an image, and not an ID: --image ${old.id}`);
    }
    expect(project.read("workspace-images/prod.lock.json")).toBe(before);
  });

  test.each([
    ["nothing", ""],
    ["spaces", " old"],
    ["a sentence", "not an id"],
  ])("by %s is refused, and what filters select is not pinned instead", async (_, image) => {
    const project = projectOf({ prod: {} });
    const asked = ["--image-type", "gold", "--most-recent"];
    const { code, stderr } = await cli(project, "pin", "office", "--env", "prod", ...asked, "--image", image);
    expect(code).toBe(2);
    expect(stderr).toContain("It must be the ID of an image, without spaces: workspace-images list");
    expect(project.pinNames("prod")).toEqual([]);
  });
});

describe("desktops that run", () => {
  const address = "huaweicloud_workspace_desktop.desktop";

  function withPlan(project: TestProject): TestProject {
    project.write("plan.json", JSON.stringify(recordedPlan("nothing")));
    return project;
  }

  test("give a pin their image, with what it does not answer, although it is listed no more", async () => {
    const project = withPlan(projectOf({ prod: {} }));
    const { code, stdout, stderr } = await cli(
      project,
      "pin",
      "office",
      "--env",
      "prod",
      ...asked,
      "--from-plan",
      "plan.json",
      address,
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toContain("It has an image that is not listed");
    expect(project.readLock("prod").pins.office).toMatchObject({
      filter,
      images: [{ id: OLD_IMAGE, imageType: "gold" }],
      adopted: true,
    });
    const verified = await cli(project, "verify");
    expect(verified.stdout.replace(/\s+/g, " ")).toContain(`adopted, and not listed: ${OLD_IMAGE}`);
    expect(verified.code).toBe(0);
    expect((await cli(project, "verify", "--strict")).code).toBe(1);
  });

  test("keep their image in a pin that a synth took before, against no question but a policy", async () => {
    emulator.publish("cn-north-4", { ...linux, id: OLD_IMAGE });
    const project = withPlan(projectOf({ staging: {}, prod: { promotion: { from: "staging" } } }));
    pinIn(project, "prod", { office: pinOf(recent, { filter }) });
    const adopt = ["pin", "office", "--env", "prod", "--from-plan", "plan.json", address];
    expect((await cli(project, ...adopt)).stderr).toContain('come from "staging", by promotion alone');
    await cli(project, ...adopt, "--override", "--reason", "adoption");
    expect(project.readLock("prod").pins.office).toMatchObject({
      filter,
      images: [{ id: OLD_IMAGE, osType: "Linux" }],
      unmet: ["nameRegex"],
      previous: [{ ids: ["recent"] }],
    });
    expect(project.readLock("prod").pins.office).not.toHaveProperty("adopted");
  });

  test("must have one image for a pin of one", async () => {
    const plan = recordedPlan("nothing") as {
      prior_state: { values: { root_module: { resources: never[] } } };
    };
    const resources = plan.prior_state.values.root_module.resources as {
      name: string;
      values: { image_id: string };
    }[];
    for (const resource of resources) if (resource.name === "desktop") resource.values.image_id = "another";
    const project = projectOf({ prod: {} });
    project.write("state.json", JSON.stringify(plan.prior_state));
    const adopt = (...addresses: string[]) =>
      cli(project, "pin", "office", "--env", "prod", "--from-plan", "state.json", ...addresses);
    const { code, stderr } = await adopt("huaweicloud_workspace_desktop*");
    expect(code).toBe(2);
    expect(stderr).toContain("have 2 images:");
    expect(stderr).toContain(`another: ${address}`);
    const missing = await adopt("nowhere");
    expect(missing.stderr).toContain("no resource with an image at nowhere");
    const incomplete = await adopt();
    expect(incomplete.stderr).toContain("takes a file and an address");
  });
});

describe("a project without an app", () => {
  const lookups = { office: filter, labs: { osType: "Linux", all: true } };

  test("gets the pins that its lookups miss, and records questions that changed, under the same laws", async () => {
    const project = projectAsking(lookups);
    const first = await cli(project, "pin", "--env", "dev");
    expect(first.stderr).toBe("");
    expect(first.stdout).toContain("dev: 2 pins pinned in workspace-images/dev.lock.json");
    expect(ids(project, "dev")).toEqual(["recent"]);
    expect(project.readLock("dev").pins.labs).toMatchObject({ all: true, images: [linux] });
    expect((await cli(project, "pin", "--frozen")).stdout).toBe("dev: lookups and lock file agree\n");

    emulator.publish("cn-north-4", {
      ...recent,
      id: "newer",
      name: "Windows_11_c",
      createdAt: "2026-01-01T00:00:00Z",
    });
    const requests = emulator.requests.length;
    expect((await cli(project, "pin", "--env", "dev")).stdout).toContain("dev: nothing to pin");
    const edited = { ...lookups, office: { ...filter, minDiskAtMost: 50 } };
    const configuration = JSON.parse(project.read("workspace-images.json"));
    project.write("workspace-images.json", JSON.stringify({ ...configuration, lookups: edited }));
    const frozen = await cli(project, "pin", "--frozen", "--json");
    expect(frozen.code).toBe(1);
    expect(JSON.parse(frozen.stdout)).toEqual({
      dev: {
        office: {
          code: "PIN_FILTER_CHANGED",
          message: expect.stringContaining("Run workspace-images pin --env dev (it keeps the image"),
        },
      },
    });
    const planned = await cli(project, "pin", "--env", "dev", "--dry-run");
    expect(planned.stdout).toContain("dev: 1 question would be recorded\n");
    const recorded = await cli(project, "pin", "--env", "dev");
    expect(recorded.code).toBe(0);
    expect(recorded.stdout).toContain(
      "dev: 1 question recorded in workspace-images/dev.lock.json\n  office\n    the same, asked for otherwise\n",
    );
    expect(recorded.stdout.replace(/\s+/g, " ")).toContain("minDiskAtMost 50 is not met (it is 80)");
    expect(project.readLock("dev").pins.office).toMatchObject({
      filter: edited.office,
      images: [recent],
      unmet: ["minDiskAtMost"],
    });
    expect(emulator.requests).toHaveLength(requests);
    expect((await cli(project, "pin", "--frozen")).code).toBe(0);
  });

  test("takes pins over along the chain of its environments, whatever their order", async () => {
    const project = projectAsking(
      { office: filter },
      {
        prod: { promotion: { from: "staging", minAgeDays: 30 } },
        staging: { promotion: { from: "dev" } },
        dev: {},
      },
    );
    await cli(project, "pin", "--env", "dev");
    emulator.publish("cn-north-4", {
      ...recent,
      id: "newer",
      name: "Windows_11_c",
      createdAt: "2026-01-01T00:00:00Z",
    });
    expect((await cli(project, "pin", "--all-environments")).code).toBe(0);
    expect(["dev", "staging", "prod"].map((name) => ids(project, name))).toEqual([
      ["recent"],
      ["recent"],
      ["recent"],
    ]);
  });

  test("takes the same release in another region, by its ID there", async () => {
    const south = { ...recent, id: "recent-in-the-south" };
    emulator.publish("cn-south-1", south);
    const newer = { ...south, id: "newer", name: "Windows_11_c", createdAt: "2026-01-01T00:00:00Z" };
    emulator.publish("cn-south-1", newer);
    const project = projectAsking(
      { office: filter },
      { dev: {}, prod: { region: "cn-south-1", promotion: { from: "dev" } } },
    );
    expect((await cli(project, "pin", "--all-environments")).code).toBe(0);
    expect([ids(project, "dev"), ids(project, "prod")]).toEqual([["recent"], ["recent-in-the-south"]]);
    expect((await cli(project, "verify")).code).toBe(0);
    const alone = projectOf({ dev: {}, prod: { region: "cn-south-1", promotion: { from: "dev" } } });
    pinIn(alone, "dev", { office: pinOf(recent, { filter }) });
    await cli(alone, "pin", "office", "--env", "prod", ...asked);
    expect(ids(alone, "prod")).toEqual(["recent-in-the-south"]);
  });

  test("says with --frozen which pins are missing, and changes nothing", async () => {
    const project = projectAsking(lookups);
    const { code, stdout } = await project.cli(["pin", "--frozen"]);
    expect(code).toBe(1);
    expect(stdout).toContain("dev: 2 lookups without a pin that answers\n  office\n");
    expect(stdout).not.toContain("cdktf synth");
    expect(() => project.read("workspace-images/dev.lock.json")).toThrow("ENOENT");
  });

  test("keeps its questions in the file alone", async () => {
    const project = projectAsking(lookups);
    const { code, stderr } = await cli(project, "pin", "office", "--env", "dev", "--os-type", "Linux");
    expect(code).toBe(2);
    expect(stderr).toContain("change lookups.office there");
    expect((await cli(project, "pin", "office", "--env", "dev")).code).toBe(0);
    expect(Object.keys(project.readLock("dev").pins)).toEqual(["office"]);
  });
});

test.each([
  [["pin", "office", ...asked], "In which environments?"],
  [["pin", "--env", "dev"], "Which pin?"],
  [["pin", "office", "--frozen"], "leave the name out"],
  [["pin", "office", "--env", "dev", "--image", "a", "--from-plan", "f", "a"], "cannot be used with"],
  [["pin", "a\u0007b", "--env", "dev", ...asked], "no control characters"],
  [["pin", "office", "--env", "dev", "--name-regex", "("], "nameRegex"],
  [["pin", "office", "--env", "dev", "--most-recent", "--name", "Windows"], "needs an imageType"],
])("pin refuses %j without asking the service", async (args, message) => {
  const { code, stdout, stderr } = await cli(projectOf({ dev: {} }), ...args);
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(emulator.requests).toEqual([]);
});
