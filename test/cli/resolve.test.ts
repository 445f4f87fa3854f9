import { readFileSync, writeFileSync } from "node:fs";
import { resolveCommand } from "../../src/cli/resolve";
import { readLockFile } from "../../src/pins/lock-file";
import type { Pin } from "../../src/pins/pin";
import { rejection } from "../support/errors";
import { image } from "../support/images";
import { PLACE, pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";
import { enter, restoreProcess } from "../support/synth";

restoreProcess();
let project: TestProject;
let repository: TestRepository;

type Pins = Record<string, Pin>;

beforeEach(() => {
  project = new TestProject({ dev: {}, prod: {} });
  repository = new TestRepository(project);
  enter(project);
});
const resolve = (...args: string[]) => project.cli(["resolve", ...args]);
/** The error itself, not what is printed of it. */
const refusal = (...args: string[]) =>
  rejection(resolveCommand().exitOverride().parseAsync(args, { from: "user" }));

const lockText = (environment = "dev") => readFileSync(project.lockFile(environment), "utf8");
const pinsNow = (environment = "dev") => readLockFile(project.directory, { name: environment })!.pins;
const indexFile = () => project.path(".git/index");
const isUnmerged = () => repository.git("ls-files", "-u") !== "";

const previousOf = (id: string, until: string) => ({
  ids: [id],
  names: [`image-${id}`],
  imageType: "gold",
  until,
});
const BASE: Pins = {
  alpha: pinOf("alpha"),
  office: pinOf("old", { previous: [previousOf("older", "2026-01-01T00:00:00Z")] }),
  zulu: pinOf("zulu"),
};

/** What is done to the pins on one branch, and how it shows afterwards. */
interface Deed {
  readonly do: (pins: Pins, branch: string) => void;
  readonly shows: (pins: ReadonlyMap<string, Pin>, branch: string, office: readonly Pin[]) => boolean;
}

const TIMES: Record<string, string> = { one: "2026-02-01T00:00:00Z", two: "2026-03-01T00:00:00Z" };
const edit = (pins: Pins, fields: Partial<Pin>) => {
  pins.office = { ...pins.office!, ...fields };
};
const DEEDS: Record<string, Deed> = {
  "question edited": {
    do: (pins, branch) =>
      edit(pins, {
        filter: { imageType: "gold", minDiskAtMost: branch === "one" ? 100 : 60 },
        ...(branch === "two" && { unmet: ["minDiskAtMost"] }),
      }),
    shows: (_pins, _branch, office) =>
      office.every(({ filter, unmet }) =>
        filter.minDiskAtMost === 100 ? !unmet : filter.minDiskAtMost === 60 && unmet?.[0] === "minDiskAtMost",
      ),
  },
  "image moved": {
    do: (pins, branch) =>
      edit(pins, {
        images: [image({ id: `new-${branch}`, minDisk: 80 })],
        pinnedAt: TIMES[branch]!,
        previous: [previousOf("old", TIMES[branch]!), ...pins.office!.previous!],
      }),
    shows: (_pins, branch, office) =>
      office.every(
        ({ images, pinnedAt, previous }) =>
          images[0]!.id === `new-${branch}` &&
          pinnedAt === TIMES[branch] &&
          // Where the other side's image was decided against, it stands there too.
          /^old,(new-(one|two),)?older$/.test(String(previous?.map(({ ids }) => ids[0]))),
      ),
  },
  "hold set": {
    do: (pins, branch) => edit(pins, { hold: { reason: `because of ${branch}`, since: TIMES[branch]! } }),
    shows: (_pins, branch, office) =>
      office.every(({ hold }) => hold?.reason.includes(`because of ${branch}`)),
  },
  "pin added": {
    do: (pins, branch) => {
      pins.added = pinOf(`added-${branch}`);
    },
    shows: (pins, branch) => pins.get("added")?.images[0]?.id === `added-${branch}`,
  },
  "pin dropped": {
    do: (pins) => {
      delete pins.office;
    },
    shows: (pins) => !pins.has("office"),
  },
  renamed: {
    do: (pins, branch) => {
      pins[`office-${branch}`] = pins.office!;
      delete pins.office;
    },
    shows: (pins, branch) => !pins.has("office") && pins.has(`office-${branch}`),
  },
  nothing: { do: () => {}, shows: () => true },
};

/** Which pairs are a matter for people. */
function isAsked(one: string, two: string): boolean {
  const isPair = (a: string, others: readonly string[]) =>
    (one === a && others.includes(two)) || (two === a && others.includes(one));
  return (
    isPair("image moved", ["image moved", "hold set", "pin dropped"]) ||
    isPair("pin added", ["pin added"]) ||
    isPair("pin dropped", ["question edited", "hold set", "renamed"])
  );
}

function branches(one: string, two: string): void {
  repository.lock("dev", BASE);
  repository.commit("Begin");
  for (const [branch, deed] of [
    ["one", one],
    ["two", two],
  ] as const) {
    repository.git("checkout", "-q", "-b", branch, "main");
    const pins = { ...BASE };
    DEEDS[deed]!.do(pins, branch);
    repository.lock("dev", pins);
    repository.commit(`${deed} on ${branch}`);
  }
}

/** The ways in which what was done on both branches comes together. */
const WAYS: [string, () => void, string][] = [
  ["one merges two", () => combine("one", "merge", "--no-edit", "two"), "merge"],
  ["two merges one", () => combine("two", "merge", "--no-edit", "one"), "merge"],
  ["two is rebased on one", () => combine("two", "rebase", "-q", "one"), "rebase"],
  ["one picks two", () => combine("one", "cherry-pick", "--allow-empty", "two"), "cherry-pick"],
];

function combine(from: string, ...how: string[]): void {
  repository.git("checkout", "-q", "-B", "work", from);
  repository.tryGit(...how);
}

function giveUp(how: string): void {
  repository.tryGit(how, "--abort");
  repository.git("reset", "-q", "--hard");
}

const DEED_NAMES = Object.keys(DEEDS);
const pairs = DEED_NAMES.flatMap((one, at) =>
  DEED_NAMES.slice(at).map((two): [string, string] => [one, two]),
);

describe.each(pairs)("%s on one branch and %s on the other", (one, two) => {
  const isShown = (branch: string) => {
    const pins = pinsNow();
    const office = [...pins].filter(([name]) => name.startsWith("office")).map(([, pin]) => pin);
    return DEEDS[branch === "one" ? one : two]!.shows(pins, branch, office);
  };
  const texts: Record<string, string> = {};
  const expectSame = (key: string, way: string) => {
    texts[key] ??= lockText();
    expect({ way, text: lockText() }).toEqual({ way, text: texts[key] });
  };

  if (isAsked(one, two)) {
    test("are asked about, and what is decided is done", async () => {
      branches(one, two);
      for (const [way, come, how] of WAYS) {
        come();
        const before = lockText();
        const asked = await resolve();
        expect({ way, ...asked }).toMatchObject({ way, code: 1, stderr: "" });
        expect(isUnmerged()).toBe(true);
        expect(lockText()).toBe(before);
        const pin = /--take '?([\w-]+)=/.exec(asked.stdout)![1]!;
        const conflict = readFileSync(indexFile());
        for (const taken of ["one", "two"]) {
          writeFileSync(indexFile(), conflict);
          writeFileSync(project.lockFile("dev"), before);
          expect(await resolve("--take", `${pin}=${taken}`)).toMatchObject({ code: 0, stderr: "" });
          expect(isUnmerged()).toBe(false);
          expect({ way, taken, isShown: isShown(taken) }).toEqual({ way, taken, isShown: true });
          expectSame(taken, way);
        }
        giveUp(how);
      }
    });
  } else {
    test("come together without a loss, the same whichever way round", async () => {
      branches(one, two);
      for (const [way, come, how] of WAYS) {
        come();
        expect({ way, ...(await resolve()) }).toMatchObject({ way, code: 0, stderr: "" });
        expect(isUnmerged()).toBe(false);
        expect([...pinsNow().keys()]).toEqual(expect.arrayContaining(["alpha", "zulu"]));
        expect({ way, one: isShown("one"), two: isShown("two") }).toEqual({ way, one: true, two: true });
        expectSame("merged", way);
        giveUp(how);
      }
    });
  }
});

/** Leaves a conflict of what two branches made of the base. */
function conflict(
  one: Pins | undefined,
  two: Pins | undefined,
  base: Pins | undefined = BASE,
  place = PLACE,
): void {
  repository.lock("dev", base, place);
  repository.commit("Begin");
  for (const [branch, pins] of [
    ["one", one],
    ["two", two],
  ] as const) {
    repository.git("checkout", "-q", "-b", branch, "main");
    repository.lock("dev", pins, place);
    repository.commit(`Work on ${branch}`);
  }
  combine("one", "merge", "--no-edit", "two");
}

const office = (fields: Partial<Pin>): Pins => ({ ...BASE, office: { ...BASE.office!, ...fields } });
const movedTo = (id: string, pinnedAt: string): Partial<Pin> => ({
  images: [image({ id })],
  pinnedAt,
  previous: [previousOf("old", pinnedAt), previousOf("older", "2026-01-01T00:00:00Z")],
});

test("the same image on both sides is pinned since the first of both dates", async () => {
  conflict(office(movedTo("new", "2026-02-02T00:00:00Z")), office(movedTo("new", "2026-02-01T00:00:00Z")));
  expect(await resolve()).toMatchObject({ code: 0 });
  expect(pinsNow().get("office")).toEqual({
    ...BASE.office,
    ...movedTo("new", "2026-02-01T00:00:00Z"),
  });
});

test("a pin that both sides added with the same image is one pin", async () => {
  const added = pinOf("x", { pinnedAt: "2026-02-02T00:00:00Z" });
  conflict({ ...BASE, added }, { ...BASE, added: { ...added, pinnedAt: "2026-02-01T00:00:00Z" } });
  expect(await resolve()).toMatchObject({ code: 0 });
  expect(pinsNow().get("added")).toEqual({ ...added, pinnedAt: "2026-02-01T00:00:00Z" });
});

test("a rollback with its hold wins over a question that was edited", async () => {
  const rolledBack = {
    images: [image({ id: "older" })],
    pinnedAt: "2026-02-01T00:00:00Z",
    hold: { reason: "printers", since: "2026-02-01T00:00:00Z" },
    previous: [previousOf("old", "2026-02-01T00:00:00Z"), previousOf("older", "2026-01-01T00:00:00Z")],
  };
  conflict(office(rolledBack), office({ filter: { imageType: "gold", osType: "Windows" } }));
  expect(await resolve()).toMatchObject({ code: 0 });
  expect(pinsNow().get("office")).toMatchObject({ ...rolledBack, filter: { osType: "Windows" } });
});

test("a pin that was renamed and moved on one side, and edited on the other, is one", async () => {
  const { office: _, ...rest } = BASE;
  conflict(
    { ...rest, "office-win": { ...BASE.office!, ...movedTo("new", "2026-02-01T00:00:00Z") } },
    office({ filter: { imageType: "gold", osType: "Windows" } }),
  );
  expect(await resolve()).toMatchObject({ code: 0 });
  expect([...pinsNow().keys()]).toEqual(["alpha", "office-win", "zulu"]);
  expect(pinsNow().get("office-win")).toMatchObject({
    filter: { osType: "Windows" },
    images: [{ id: "new" }],
  });
});

test("a question for one image does not get what a lookup of all was moved to", async () => {
  const all = (...ids: string[]) =>
    pinOf(
      ids.map((id) => image({ id })),
      { pinnedAt: "2026-02-01T00:00:00Z" },
    );
  conflict({ pin: all("a", "b") }, { pin: { ...all("a"), cardinality: "one" } }, { pin: all("a") });
  expect(await resolve()).toMatchObject({ code: 0 });
  expect(pinsNow().get("pin")).toMatchObject({ cardinality: "all", images: [{ id: "a" }, { id: "b" }] });
});

test("a file that one side removed is asked about only where the other side changed a pin", async () => {
  conflict(office({ hold: { reason: "printers", since: "2026-02-01T00:00:00Z" } }), undefined);
  const asked = await resolve("--json");
  expect(asked.code).toBe(1);
  const [one, two] = ["one", "two"].map((branch) => repository.git("rev-parse", branch).trim());
  expect(JSON.parse(asked.stdout)).toMatchObject({
    dev: {
      resolved: false,
      open: [
        {
          pin: "office",
          why: "dropped",
          choices: [
            { commit: one, subject: "Work on one", images: [{ id: "old" }], hold: { reason: "printers" } },
            { commit: two, subject: "Work on two", dropped: true },
          ],
        },
      ],
    },
  });
  expect(await resolve("--take", "office=two")).toMatchObject({ code: 0 });
  expect(repository.git("status", "--porcelain")).toBe("D  workspace-images/dev.lock.json\n");
});

test("what a merge driver left as one side alone is merged", async () => {
  project.write(".gitattributes", "*.lock.json merge=broken\n");
  repository.git("config", "merge.broken.driver", "false");
  conflict(office({ filter: { imageType: "gold", osType: "Windows" } }), { ...BASE, added: pinOf("x") });
  expect([...pinsNow().keys()]).toEqual(["alpha", "office", "zulu"]);
  expect(await resolve()).toMatchObject({ code: 0 });
  expect([...pinsNow().keys()]).toEqual(["added", "alpha", "office", "zulu"]);
  expect(pinsNow().get("office")!.filter).toEqual({ imageType: "gold", osType: "Windows" });
});

test("a file that names its schema still does when it is resolved", async () => {
  const [one, two] = [movedTo("one", "2026-02-01T00:00:00Z"), movedTo("two", "2026-03-01T00:00:00Z")];
  conflict(office(one), office(two), BASE, { ...PLACE, schema: "../schema.json" });
  expect(await resolve("--take", "office=two")).toMatchObject({ code: 0 });
  expect(lockText()).toContain('{\n  "$schema": "../schema.json",\n');
});

test("a conflict that a stash left is asked about by the words of git", async () => {
  repository.lock("dev", BASE);
  repository.commit("Begin");
  repository.lock("dev", office(movedTo("stashed", "2026-02-01T00:00:00Z")));
  repository.git("stash", "-q");
  repository.lock("dev", office(movedTo("committed", "2026-03-01T00:00:00Z")));
  repository.commit("Move");
  repository.tryGit("stash", "pop", "-q");
  expect((await resolve()).stdout).toContain("--take office=theirs");
  expect(await resolve("--take", "office=theirs")).toMatchObject({ code: 0 });
  expect(pinsNow().get("office")!.images[0]!.id).toBe("stashed");
});

test("markers that were added to the index are an error that says how the conflict comes back", async () => {
  conflict(office(movedTo("a", "2026-02-01T00:00:00Z")), office(movedTo("b", "2026-03-01T00:00:00Z")));
  repository.git("add", "-A");
  const { code, stderr } = await resolve();
  expect(code).toBe(2);
  expect(stderr).toContain("git checkout --merge -- workspace-images/dev.lock.json");
  repository.git("checkout", "--merge", "--", "workspace-images/dev.lock.json");
  expect(await resolve("--take", "office=two")).toMatchObject({ code: 0 });
  expect(pinsNow().get("office")!.images[0]!.id).toBe("b");
});

test("a side that is damaged is an error that names it, and the file stays in conflict", async () => {
  conflict(office(movedTo("a", "2026-02-01T00:00:00Z")), BASE);
  giveUp("merge");
  repository.git("checkout", "-q", "two");
  project.write("workspace-images/dev.lock.json", lockText().replaceAll('"old"', '"other"'));
  repository.commit("Edit by hand");
  combine("one", "merge", "--no-edit", "two");
  const { code, stderr } = await resolve();
  expect(code).toBe(2);
  expect(stderr).toContain('The side "theirs" of the conflict cannot be read');
  expect(stderr).toContain("does not match its integrity");
  expect(stderr).toContain("git checkout --ours -- workspace-images/dev.lock.json");
  expect(isUnmerged()).toBe(true);
});

test("pins of two regions are not mixed", async () => {
  conflict(office(movedTo("a", "2026-02-01T00:00:00Z")), BASE);
  giveUp("merge");
  repository.git("checkout", "-q", "two");
  repository.lock("dev", BASE, { region: "cn-south-1", projectId: "project-dev" });
  repository.commit("Go to another region");
  combine("one", "merge", "--no-edit", "two");
  const { code, stderr } = await resolve();
  expect(code).toBe(2);
  expect(stderr).toContain("(cn-north-4, project project-dev; cn-south-1, project project-dev)");
  expect(isUnmerged()).toBe(true);
});

test("one environment can be resolved while another one is asked about", async () => {
  const moved = (id: string) => office(movedTo(id, "2026-02-01T00:00:00Z"));
  for (const environment of ["dev", "prod"]) repository.lock(environment, BASE);
  repository.commit("Begin");
  for (const branch of ["one", "two"]) {
    repository.git("checkout", "-q", "-b", branch, "main");
    repository.lock("dev", moved(branch));
    repository.lock(
      "prod",
      branch === "one" ? moved(branch) : office({ filter: { imageType: "gold", osType: "Windows" } }),
    );
    repository.commit(`Work on ${branch}`);
  }
  combine("one", "merge", "--no-edit", "two");
  const { code, stdout } = await resolve();
  expect(code).toBe(1);
  expect(stdout).toContain("prod: resolved, 3 pins");
  expect(repository.git("diff", "--name-only", "--diff-filter=U")).toBe("workspace-images/dev.lock.json\n");
  expect(pinsNow("prod").get("office")).toMatchObject({
    images: [{ id: "one" }],
    filter: { osType: "Windows" },
  });
  expect(await resolve("--env", "dev", "--take", "office=one")).toMatchObject({ code: 0 });
  expect(isUnmerged()).toBe(false);
});

test.each([
  ["office=nowhere", "names no side of the conflict"],
  ["office=main", "names no side of the conflict"],
  ["ofice=one", "There is no pin ofice in a lock file that is in conflict. Pins: alpha, office, zulu."],
])("--take %s is refused, and nothing is written", async (take, message) => {
  conflict(office(movedTo("a", "2026-02-01T00:00:00Z")), office(movedTo("b", "2026-03-01T00:00:00Z")));
  const before = lockText();
  expect((await refusal("--take", take)).message).toContain(message);
  expect(lockText()).toBe(before);
});

test("where nothing is in conflict, that is said", async () => {
  repository.lock("dev", BASE);
  repository.commit("Begin");
  expect(await resolve()).toEqual({ code: 0, stdout: "No lock file is in conflict.\n", stderr: "" });
});

test("outside of a repository it is an error", async () => {
  enter(new TestProject({ dev: {} }));
  expect(await refusal()).toMatchObject({
    code: "GIT",
    message: expect.stringContaining("is not in a git repository"),
  });
});

test("without git it is an error", async () => {
  process.env.PATH = project.directory;
  expect(await refusal()).toMatchObject({
    code: "GIT",
    message: expect.stringContaining("git cannot be run"),
  });
});
