import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import {
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
  DataHuaweicloudWorkspaceImages,
  type WorkspaceImagesError,
} from "../../src";
import { resolve } from "../../src/catalog/resolve";
import { WorkspaceEmulator } from "../../src/emulator";
import type { Pin } from "../../src/pins/pin";
import { Revocations } from "../../src/pins/revoked";
import { closing } from "../support/closing";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";
import { enter, restoreProcess, synthesize } from "../support/synth";

restoreProcess();

const REGION = "cn-north-4";
const PLACE = { region: REGION, projectId: "project-dev" };
const PINNED_AT = "2026-03-01T08:00:00Z";

const enterprise = image({
  id: "e24",
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20250909",
  createdAt: "2025-09-09T02:30:00Z",
});
const pro = image({
  id: "p25",
  name: "Windows_11_Pro_25H2_64bit_Workspace_20260210",
  createdAt: "2026-02-10T02:30:00Z",
});
const ubuntu = image({ id: "u24", name: "Ubuntu_24.04", osType: "Linux" });

/** What became of the service since the pin was taken. */
type World = "a newer image was published" | "the pinned image was deleted";
const IMAGES: Record<World, (typeof pro)[]> = {
  "a newer image was published": [enterprise, pro, ubuntu],
  "the pinned image was deleted": [pro, ubuntu],
};
type Service = "reachable" | "unreachable" | "hanging";

const asPinned = { imageType: "gold", mostRecent: true, nameRegex: "^Windows_11" };
const office: Pin = pinOf(enterprise, { filter: asPinned, pinnedAt: PINNED_AT });
const all: Pin = pinOf([enterprise], {
  filter: { imageType: "gold", nameRegex: "^Windows_11" },
  pinnedAt: PINNED_AT,
});

/** Of a pin that is taken in this run. */
const now = { pinnedAt: expect.stringMatching(/^\d{4}-/) };

const one = (stack: TerraformStack, id: string, config: DataHuaweicloudWorkspaceImageConfig) => [
  new DataHuaweicloudWorkspaceImage(stack, id, config).id,
];
const many = (stack: TerraformStack, id: string, config: object) =>
  new DataHuaweicloudWorkspaceImages(stack, id, config).ids;

/** What one run comes to: IDs, or the code of an error; what is said; what the lock file then has. */
interface Outcome {
  readonly ids?: readonly string[];
  readonly error?: string;
  /** Parts of everything that is said, the stack's before the constructs', each with its level. */
  readonly said?: readonly (readonly [level: "info" | "warn" | "error", part: string])[];
  /** Pins that are not as they were. */
  readonly pins?: Readonly<Record<string, object>>;
  /** Whether the service must be asked. */
  readonly asks?: true;
}

interface Case {
  readonly before: Readonly<Record<string, Pin>>;
  readonly build: (stack: TerraformStack) => readonly string[];
  readonly auto: Outcome;
  /** Where the service must be asked and does not answer. */
  readonly out?: Outcome;
  readonly frozen: Outcome;
}

const same: Outcome = { ids: ["e24"] };
const changed: Outcome = { error: "PIN_FILTER_CHANGED", said: [["error", "mode frozen records nothing"]] };
const move = "To move it: workspace-images update office --env dev";

const CASES: Record<string, Case> = {
  "nothing was edited": {
    before: { office },
    build: (stack) => one(stack, "office", asPinned),
    auto: same,
    frozen: same,
  },
  "an edit that the image answers": {
    before: { office },
    build: (stack) => one(stack, "office", { ...asPinned, architecture: "x86", minDiskAtMost: 100 }),
    auto: {
      ids: ["e24"],
      said: [
        [
          "info",
          'was changed (architecture none → "x86", minDiskAtMost none → 100). It keeps Windows_11_Enter',
        ],
      ],
      pins: { office: { ...office, filter: { ...asPinned, architecture: "x86", minDiskAtMost: 100 } } },
    },
    frozen: changed,
  },
  "an edit that is taken back": {
    before: {
      office: { ...office, filter: { ...asPinned, nameRegex: "^Windows_10" }, unmet: ["nameRegex"] },
    },
    build: (stack) => one(stack, "office", asPinned),
    auto: {
      ids: ["e24"],
      said: [["info", 'was changed (nameRegex "^Windows_10" → "^Windows_11"). It keeps Windows_11_Enter']],
      pins: { office },
    },
    frozen: changed,
  },
  "an edit that the image does not answer": {
    before: { office },
    build: (stack) => one(stack, "office", { ...asPinned, nameRegex: "^Windows_10", osType: "Linux" }),
    auto: {
      ids: ["e24"],
      said: [["warn", 'osType "Linux" is not met (it is "Windows"), nameRegex "^Windows_10" is not met']],
      pins: {
        office: {
          ...office,
          filter: { ...asPinned, nameRegex: "^Windows_10", osType: "Linux" },
          unmet: ["nameRegex", "osType"],
        },
      },
    },
    frozen: changed,
  },
  "an edit that no field of the image decides": {
    before: { office },
    build: (stack) => one(stack, "office", { ...asPinned, platform: "Windows" }),
    auto: {
      ids: ["e24"],
      said: [["warn", `but platform "Windows" cannot be judged. ${move}`]],
      pins: { office: { ...office, filter: { ...asPinned, platform: "Windows" } } },
    },
    frozen: changed,
  },
  "only mostRecent was taken away": {
    before: { office },
    build: (stack) => one(stack, "office", { imageType: "gold", nameRegex: "^Windows_11" }),
    auto: {
      ids: ["e24"],
      said: [["info", "mostRecent true → none"]],
      pins: { office: { ...office, filter: { imageType: "gold", nameRegex: "^Windows_11" } } },
    },
    frozen: changed,
  },
  "another order": {
    before: { all: { ...all, images: [enterprise, pro] } },
    build: (stack) => many(stack, "all", { ...all.filter, sortField: "created_at", sortType: "desc" }),
    auto: {
      ids: ["e24", "p25"],
      said: [["info", 'sortField none → "created_at", sortType none → "desc"']],
      pins: {
        all: {
          ...all,
          images: [enterprise, pro],
          filter: { ...all.filter, sortField: "created_at", sortType: "desc" },
        },
      },
    },
    frozen: changed,
  },
  "one image became all images": {
    before: { office },
    build: (stack) => many(stack, "office", { imageType: "gold", nameRegex: "^Windows_11" }),
    auto: {
      ids: ["e24"],
      said: [["info", "one image → all images"]],
      pins: {
        office: { ...office, cardinality: "all", filter: { imageType: "gold", nameRegex: "^Windows_11" } },
      },
    },
    frozen: changed,
  },
  "all images became one, and one is pinned": {
    before: { all },
    build: (stack) => one(stack, "all", { ...all.filter, mostRecent: true }),
    auto: {
      ids: ["e24"],
      said: [["info", "all images → one image"]],
      pins: { all: { ...all, cardinality: "one", filter: asPinned } },
    },
    frozen: changed,
  },
  "all images became one, and two are pinned": {
    before: { all: { ...all, images: [enterprise, pro] } },
    build: (stack) => one(stack, "all", { ...all.filter, mostRecent: true }),
    auto: {
      error: "PIN_FILTER_CHANGED",
      said: [
        ["error", "2 images are pinned: they cannot stand for one. Give the lookup a pinName of its own"],
      ],
    },
    frozen: changed,
  },
  "a renamed construct": {
    before: { office },
    build: (stack) => one(stack, "office-win", asPinned),
    auto: {
      ids: ["e24"],
      said: [
        ["warn", "workspace-images rename office office-win"],
        ["info", 'New pin "office-win" has what pin "office" has, which asks the same'],
      ],
      pins: { "office-win": office },
    },
    frozen: {
      error: "NOT_PINNED",
      said: [["error", "if it was renamed, run: workspace-images rename office office-win"]],
    },
  },
  "a construct that was renamed and edited at once": {
    before: { office },
    build: (stack) => one(stack, "office-win", { ...asPinned, osType: "Windows" }),
    auto: {
      ids: ["p25"],
      asks: true,
      said: [
        ["warn", "workspace-images rename office office-win"],
        ["info", 'New pin "office-win": Windows_11_Pro_25H2'],
      ],
      pins: {
        "office-win": { ...office, ...now, filter: { ...asPinned, osType: "Windows" }, images: [pro] },
      },
    },
    out: {
      error: "ENVIRONMENT_UNAVAILABLE",
      asks: true,
      said: [
        [
          "error",
          "workspace-images pin office-win --env dev --image-type gold --most-recent --name-regex '^Windows_11' --os-type Windows",
        ],
      ],
    },
    frozen: { error: "NOT_PINNED", said: [["error", 'no pin "office-win"']] },
  },
  "a copied construct": {
    before: { office },
    build: (stack) => [...one(stack, "office", asPinned), ...one(stack, "office-2", asPinned)],
    auto: {
      ids: ["e24", "e24"],
      said: [["info", 'New pin "office-2" has what pin "office" has']],
      pins: { "office-2": office },
    },
    frozen: { error: "NOT_PINNED", said: [["error", 'no pin "office-2"']] },
  },
  "a construct that was copied and then edited": {
    before: { office, "office-2": office },
    build: (stack) => [
      ...one(stack, "office", asPinned),
      ...one(stack, "office-2", { ...asPinned, nameRegex: "^Windows_11_Pro" }),
    ],
    auto: {
      ids: ["e24", "e24"],
      said: [["warn", 'nameRegex "^Windows_11_Pro" is not met']],
      pins: {
        "office-2": {
          ...office,
          filter: { ...asPinned, nameRegex: "^Windows_11_Pro" },
          unmet: ["nameRegex"],
        },
      },
    },
    frozen: changed,
  },
  "a new lookup": {
    before: { office },
    build: (stack) => [...one(stack, "office", asPinned), ...one(stack, "linux", { osType: "Linux" })],
    auto: {
      ids: ["e24", "u24"],
      asks: true,
      said: [["info", 'New pin "linux": Ubuntu_24.04']],
      pins: { linux: { ...office, ...now, filter: { osType: "Linux" }, images: [ubuntu] } },
    },
    out: {
      error: "ENVIRONMENT_UNAVAILABLE",
      asks: true,
      said: [["error", "workspace-images pin linux --env dev --os-type Linux"]],
    },
    frozen: { error: "NOT_PINNED", said: [["error", 'no pin "linux"']] },
  },
  "a new lookup, where pins of the same question differ": {
    before: { office, lab: { ...office, images: [pro] } },
    build: (stack) => one(stack, "third", asPinned),
    auto: {
      error: "PIN_CONFLICT",
      said: [["error", '"lab" has Windows_11_Pro_25H2']],
    },
    frozen: { error: "NOT_PINNED", said: [["error", 'no pin "third"']] },
  },
  "a changed question of a pin that is held": {
    before: { office: { ...office, hold: { reason: "printer driver", since: PINNED_AT } } },
    build: (stack) => one(stack, "office", { ...asPinned, osVersion: "Windows 10" }),
    auto: {
      ids: ["e24"],
      said: [["warn", "workspace-images hold office --env dev --release && workspace-images update office"]],
      pins: {
        office: {
          ...office,
          filter: { ...asPinned, osVersion: "Windows 10" },
          unmet: ["osVersion"],
          hold: { reason: "printer driver", since: PINNED_AT },
        },
      },
    },
    frozen: changed,
  },
};

const emulators = {} as Record<World, WorkspaceEmulator>;
beforeAll(async () => {
  for (const [world, images] of Object.entries(IMAGES)) {
    emulators[world as World] = await WorkspaceEmulator.start({ images: { [REGION]: images } });
  }
});
afterAll(() => Promise.all(Object.values(emulators).map((emulator) => emulator.close())));

/** One synth of an app in a project whose lock file has the pins of a case. */
async function runIn(
  project: TestProject,
  emulator: WorkspaceEmulator,
  { build }: Case,
  mode: "auto" | "frozen",
  service: Service = "reachable",
) {
  emulator.heal();
  emulator.requests.length = 0;
  if (service === "hanging") emulator.inject({ on: () => true, delayHeadersMs: 500, reset: "before" });
  const nowhere = { WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9", HW_AUTH_URL: "http://127.0.0.1:9/v3" };
  enter(project, {
    ...emulator.variables,
    ...(service === "unreachable" && nowhere),
    HW_MAX_RETRIES: "0",
    CI: mode === "frozen" ? "true" : "",
  });
  let result: Pick<Outcome, "ids" | "error">;
  let said: [string, string][];
  try {
    const { built, notes } = await synthesize(build);
    result = { ids: built };
    said = notes.map(({ level, message }) => [level, message]);
  } catch (error) {
    const { code, message } = error as WorkspaceImagesError;
    result = { error: code };
    said = [["error", message]];
  }
  return { result, said, isAsked: emulator.requests.length > 0 };
}

function pinsIn(project: TestProject): Record<string, object> {
  const { pins } = project.readLock("dev");
  return Object.fromEntries(
    Object.entries(pins as Record<string, Record<string, unknown>>).map(
      ([name, { integrity: _, all: isAll, ...pin }]) => [
        name,
        { ...pin, cardinality: isAll ? "all" : "one" },
      ],
    ),
  );
}

const combinations = Object.keys(CASES).flatMap((name) =>
  (Object.keys(IMAGES) as World[]).flatMap((world) =>
    (["auto", "frozen"] as const).flatMap((mode) =>
      (["reachable", "unreachable", "hanging"] as const).map(
        (service): [string, World, "auto" | "frozen", Service] => [name, world, mode, service],
      ),
    ),
  ),
);

test.each(combinations)(
  "%s, when %s, in mode %s, with a service that is %s",
  async (name, world, mode, service) => {
    const scenario = CASES[name]!;
    const emulator = emulators[world];
    const project = new TestProject({ dev: { region: REGION } });
    const place = { region: REGION, projectId: emulator.projectId(REGION) };
    writePins(project, "dev", scenario.before, place);
    const before = pinsIn(project);
    const expected =
      mode === "frozen"
        ? scenario.frozen
        : service === "reachable"
          ? scenario.auto
          : (scenario.out ?? scenario.auto);

    const run = await runIn(project, emulator, scenario, mode, service);
    const { ids, error } = expected;
    expect(run.result).toEqual(ids ? { ids } : { error });
    expect(run.said.map(([level]) => level)).toEqual((expected.said ?? []).map(([level]) => level));
    for (const [at, [, part]] of (expected.said ?? []).entries()) expect(run.said[at]?.[1]).toContain(part);
    expect(run.isAsked).toBe(service === "unreachable" ? false : expected.asks === true);
    const after = pinsIn(project);
    expect(after).toEqual({ ...before, ...expected.pins });

    // What was committed serves every pipeline, without a network, and gives the same.
    if (mode === "auto" && ids) {
      const written = project.read("workspace-images/dev.lock.json");
      const frozen = await runIn(project, emulator, scenario, "frozen", "unreachable");
      expect(frozen.result).toEqual({ ids });
      const isUnmet = Object.values(after).some((pin) => "unmet" in pin);
      expect(frozen.said.map(([level]) => level)).toEqual(isUnmet ? ["warn"] : []);
      if (isUnmet) expect(frozen.said[0]?.[1]).toContain("although its question asks for something else");
      expect(project.read("workspace-images/dev.lock.json")).toBe(written);
    }
  },
);

test("a lock file of another environment, in conflict, huge or a pipe fails nobody who does not ask it", async () => {
  const project = new TestProject({ dev: { region: REGION }, prod: { region: REGION } });
  writePins(project, "dev", { office }, PLACE);
  project.write("workspace-images/prod.lock.json", "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n");
  enter(project, { CI: "true" });
  const asked = (environment: string) => (stack: TerraformStack) =>
    one(stack, "office", { ...asPinned, environment });
  expect((await synthesize(asked("dev"))).built).toEqual(["e24"]);
  await expect(synthesize(asked("prod"))).rejects.toMatchObject({
    code: "LOCK_FILE",
    message: expect.stringContaining("workspace-images resolve"),
  });
});

test("a lock file that is a pipe is refused at once, and a folder of one's own leaves the project's alone", async () => {
  const emulator = emulators["a newer image was published"];
  emulator.heal();
  const project = new TestProject({ dev: { region: REGION } });
  project.write("workspace-images/keep", "");
  execFileSync("mkfifo", [project.lockFile("dev")]);
  enter(project, emulator.variables);
  const build = (stack: TerraformStack) => one(stack, "office", asPinned);
  await expect(synthesize(build)).rejects.toMatchObject({
    code: "LOCK_FILE",
    message: expect.stringContaining(
      "workspace-images/dev.lock.json cannot be read: it is a pipe, not a file",
    ),
  });
  const directory = mkdtempSync(join(tmpdir(), "workspace-images-own-"));
  expect((await synthesize(build, { directory })).built).toEqual(["p25"]);
  expect(readdirSync(join(directory, "workspace-images"))).toContain("dev.lock.json");
  expect(readdirSync(project.path("workspace-images")).sort()).toEqual(["dev.lock.json", "keep"]);
});

describe("a new pin of an environment that is promoted to", () => {
  const environments = {
    staging: { region: REGION },
    prod: { region: REGION, promotion: { from: "staging", minAgeDays: 30 } },
  };
  const lookup = (config: object) => (stack: TerraformStack) =>
    one(stack, "office", { ...asPinned, ...config, environment: "prod" });

  async function inProd(
    staging: Record<string, Pin>,
    config: object = {},
    files: Record<string, string> = {},
  ) {
    const emulator = emulators["a newer image was published"];
    const place = { region: REGION, projectId: emulator.projectId(REGION) };
    const project = new TestProject(environments);
    writePins(project, "staging", staging, place);
    writePins(project, "prod", { other: office }, place);
    for (const [name, content] of Object.entries(files)) project.write(name, content);
    emulator.heal();
    emulator.requests.length = 0;
    enter(project, emulator.variables);
    const { built, notes } = await synthesize(lookup(config));
    return { built, said: notes.map(({ message }) => message).join("\n"), asked: emulator.requests.length };
  }

  test("takes what that one has, whatever its age, and asks nobody", async () => {
    const { built, said, asked } = await inProd({ office }, { nameRegex: "^Windows_11_E" });
    expect(built).toEqual(["e24"]);
    expect(said).toContain('New pin "office": Windows_11_Enterprise_24H2');
    expect(said).toContain('as in "staging"');
    expect(asked).toBe(0);
  });

  test("takes its own listing where that one has none, and says so", async () => {
    const { built, said } = await inProd({ lab: office }, { nameRegex: "^Windows_11_P" });
    expect(built).toEqual(["p25"]);
    expect(said).toContain(`of this environment's own listing, because "staging" has none to take over`);
  });

  test("does not take what its own question does not allow, or what is revoked", async () => {
    const unmet = await inProd({ office }, { nameRegex: "^Windows_11_P" });
    expect(unmet.built).toEqual(["p25"]);
    expect(unmet.said).toContain(
      'Pin "office" of environment "staging" could not be taken over: its image does not answer nameRegex "^Windows_11_P"',
    );
    const revoked = JSON.stringify({ revoked: [{ name: enterprise.name, reason: "breaks printing" }] });
    const other = await inProd(
      { office },
      { osType: "Windows" },
      { "workspace-images/revoked.json": revoked },
    );
    expect(other.built).toEqual(["p25"]);
    expect(other.said).toContain("an image of it is revoked");
  });
});

test.each([
  ["its own lock file", true],
  ["no lock file yet", false],
])(
  "a new pin in another region, with %s, takes the same release under the ID that it has there",
  async (_, hasLockFile) => {
    const south = { ...enterprise, id: "e24-in-south" };
    const emulator = closing(
      await WorkspaceEmulator.start({
        images: {
          [REGION]: IMAGES["a newer image was published"],
          "cn-south-1": [south, { ...pro, id: "p25-in-south" }],
        },
      }),
    );
    const project = new TestProject({
      staging: { region: REGION },
      prod: { region: "cn-south-1", promotion: { from: "staging" } },
    });
    writePins(project, "staging", { office }, { region: REGION, projectId: emulator.projectId(REGION) });
    const place = { region: "cn-south-1", projectId: emulator.projectId("cn-south-1") };
    if (hasLockFile) writePins(project, "prod", { other: pinOf(south) }, place);
    enter(project, emulator.variables);
    const { built, notes } = await synthesize((stack) =>
      one(stack, "office", { ...asPinned, environment: "prod", architecture: "x86" }),
    );
    expect(built).toEqual(["e24-in-south"]);
    expect(notes.map(({ message }) => message).join()).toContain('as in "staging"');
    expect(project.readLock("prod")).toMatchObject({ ...place, pins: { office: { images: [south] } } });
    // The same, for whoever resolves without a lock file of the target.
    const environment = { name: "prod", promotion: { from: "staging" } };
    const promoted = () => ({ pin: office, place: { region: REGION, projectId: "north" } });
    const listings = [{ query: {}, images: [south, pro] }];
    const resolved = resolve(
      { subject: "here", environment, pinName: "office", question: office },
      {
        pins: new Map(),
        place: undefined,
        availability: { kind: "listed", place, listings },
        promoted,
        revocations: new Revocations(),
        now: new Date(),
      },
    );
    expect(resolved).toMatchObject({ pin: { images: [south] } });
  },
);

test("a revoked image is warned of where it is pinned, and named where nothing else matches", async () => {
  const emulator = emulators["a newer image was published"];
  const place = { region: REGION, projectId: emulator.projectId(REGION) };
  const project = new TestProject({ dev: { region: REGION } });
  const revoked = [
    { id: "e24", region: REGION, reason: "breaks printing" },
    { name: ubuntu.name, reason: "holds a backdoor" },
  ];
  project.write("workspace-images/revoked.json", JSON.stringify({ revoked }));
  writePins(project, "dev", { office }, place);
  emulator.heal();
  enter(project, emulator.variables);
  const { built, notes } = await synthesize((stack) => one(stack, "office", asPinned));
  expect(built).toEqual(["e24"]);
  expect(notes).toMatchObject([
    {
      level: "warn",
      message: expect.stringMatching(
        /revoked image Windows_11_Ent.*: breaks printing\. To move it: workspace-images update office --env dev/,
      ),
    },
  ]);
  await expect(synthesize((stack) => one(stack, "linux", { osType: "Linux" }))).rejects.toMatchObject({
    code: "NO_MATCH",
    message: expect.stringMatching(
      /Revoked in workspace-images\/revoked\.json.*\n {2}Ubuntu_24\.04.*: holds a backdoor/,
    ),
  });
});
