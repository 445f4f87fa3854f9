import { arrivalOf, readArrivals } from "../../src/pins/arrival";
import { readHistory, staysOf } from "../../src/pins/history";
import type { Pin } from "../../src/pins/pin";
import { image } from "../support/images";
import { pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";

let project: TestProject;
let repository: TestRepository;

beforeEach(() => {
  project = new TestProject({});
  repository = new TestRepository(project);
});

const history = (commit?: string) => readHistory({ directory: project.directory }, commit);
const day = (number: number) => {
  repository.now = Date.UTC(2026, 0, number) / 1000;
};
/** Commits an environment's pins. */
const lock = (environment: string, pins: Record<string, Pin> | undefined, message = "Change pins") => {
  repository.lock(environment, pins);
  repository.commit(message);
  return repository.head();
};
const moved = (from: Pin, id: string, pinnedAt: string): Pin => ({
  ...from,
  images: [image({ id })],
  pinnedAt,
  previous: [{ ids: from.images.map(({ id }) => id), names: [], until: pinnedAt }, ...(from.previous ?? [])],
});
/** What happened, shortly: `prod office moved`. */
const said = async () =>
  (await history()).events.map(({ environment, change, origin, gap }) =>
    [
      environment,
      change && `${change.was ? `${change.was} → ` : ""}${change.pin} ${change.what.join(", ")}`,
      origin && `${origin.isCopy ? "copied" : "renamed"} from ${origin.environment}`,
      gap,
    ]
      .filter(Boolean)
      .join(" "),
  );

const A = pinOf("a");
const B = moved(A, "b", "2026-01-02T00:00:00Z");

test("what happens to a pin is told in the order of commits", async () => {
  const held = { ...B, hold: { reason: "printers", since: "2026-01-03T00:00:00Z" } };
  lock("dev", { office: A }, "Pin");
  day(2);
  const second = lock("dev", { office: B }, "Move");
  lock("dev", { office: held });
  lock("dev", { office: { ...B, filter: { imageType: "gold", osType: "Windows" } } });
  lock("dev", { office: moved(B, "a", "2026-01-04T00:00:00Z") });
  lock("dev", { office: { ...moved(B, "a", "2026-01-04T00:00:00Z"), pinnedAt: "2026-01-05T00:00:00Z" } });
  lock("dev", {});
  expect(await said()).toEqual([
    "dev office pinned",
    "dev office moved",
    "dev office held",
    "dev office asks otherwise, released",
    "dev office moved back, asks otherwise",
    "dev office renewed",
    "dev office dropped",
  ]);
  const { events } = await history();
  expect(events[1]!.commit).toMatchObject({
    id: second,
    author: "Ada",
    subject: "Move",
    time: Date.UTC(2026, 0, 2),
  });
  expect(events[1]!.change).toMatchObject({ before: A, after: B });
});

test("a pin that is renamed is the same one, a copy is another one", async () => {
  lock("dev", { office: A, other: pinOf("o", { pinnedAt: "2026-01-09T00:00:00Z" }) });
  lock("dev", { "office-win": A, other: pinOf("o", { pinnedAt: "2026-01-09T00:00:00Z" }) });
  lock("dev", { "office-win": A, lab: A });
  lock("dev", { "office-win": B, lab: A });
  expect(await said()).toEqual([
    "dev office pinned",
    "dev other pinned",
    "dev office → office-win renamed",
    "dev office-win → lab copied",
    "dev other dropped",
    "dev office-win moved",
  ]);
  const { lanes } = await history();
  expect(lanes.map(({ pin, spans }) => [pin, spans.map(({ state }) => state.images[0]!.id)])).toEqual([
    ["office-win", ["a", "b"]],
    ["other", ["o"]],
    ["lab", ["a"]],
  ]);
});

test("a pin that is renamed and moved in one commit is the same one", async () => {
  lock("dev", { office: A });
  lock("dev", { "office-win": B });
  expect(await said()).toEqual(["dev office pinned", "dev office → office-win renamed, moved"]);
});

test("an environment that is renamed or split goes on", async () => {
  const pins = { office: A, lab: pinOf("l") };
  lock("prod", pins);
  repository.lock("prod", undefined);
  lock("production", pins);
  lock("pilot", pins);
  lock("pilot", { ...pins, office: B });
  expect(await said()).toEqual([
    "prod lab pinned",
    "prod office pinned",
    "production renamed from prod",
    "pilot copied from production",
    "pilot office moved",
  ]);
  const { lanes } = await history();
  expect(lanes.map(({ environment, pin }) => `${environment}/${pin}`)).toEqual([
    "production/lab",
    "production/office",
    "pilot/lab",
    "pilot/office",
  ]);
});

test("an environment whose file is removed drops its pins, and one that comes back begins anew", async () => {
  lock("dev", { office: A });
  lock("dev", undefined);
  lock("dev", { office: B });
  expect(await said()).toEqual(["dev office pinned", "dev office dropped", "dev office pinned"]);
});

test("a revision that cannot be read is a gap, and the next one goes on from the last", async () => {
  lock("dev", { office: A });
  const text = project.read("workspace-images/dev.lock.json");
  for (const damaged of [
    "<<<<<<< HEAD\n",
    "{",
    "[]",
    '{"pins":null}',
    text.replace('"a"', '"x"'),
    text.replace('"lockfileVersion": 1', '"lockfileVersion": 7'),
  ]) {
    project.write("workspace-images/dev.lock.json", damaged);
    repository.commit("Damage");
  }
  lock("dev", { office: B });
  expect(await said()).toEqual([
    "dev office pinned",
    "dev workspace-images/dev.lock.json has merge-conflict markers",
    expect.stringMatching(/^dev workspace-images\/dev\.lock\.json is not complete JSON \(.*\)$/),
    expect.stringMatching(/^dev workspace-images\/dev\.lock\.json is not a lock file: /),
    expect.stringMatching(/^dev workspace-images\/dev\.lock\.json is not a lock file: /),
    'dev workspace-images/dev.lock.json: pin "office" does not match its integrity',
    "dev workspace-images/dev.lock.json has lockfileVersion 7, but this version reads 1",
    "dev office moved",
  ]);
});

test("what a merge brings in came with the merge, and was made by the branch's commit", async () => {
  lock("dev", { office: A });
  repository.git("checkout", "-q", "-b", "work");
  day(5);
  repository.git("config", "user.name", "Grace");
  const made = lock("dev", { office: B }, "Move on a branch");
  repository.git("checkout", "-q", "main");
  repository.git("config", "user.name", "Ada");
  day(9);
  repository.git("merge", "-q", "--no-ff", "--no-edit", "work");
  const { events } = await history();
  expect(events).toHaveLength(2);
  expect(events[1]).toMatchObject({
    commit: { time: Date.UTC(2026, 0, 9), author: "Ada" },
    by: { id: made, time: Date.UTC(2026, 0, 5), author: "Grace", subject: "Move on a branch" },
  });
  expect(arrivalOf(await history(), "dev", "office", B)).toEqual({ time: new Date(Date.UTC(2026, 0, 9)) });
});

test("the arrival of a pin's images is the commit that brought them, whatever was changed beside them since", async () => {
  day(1);
  lock("dev", { office: A });
  day(3);
  lock("dev", { office: B });
  day(5);
  const held = { ...B, hold: { reason: "printers", since: "2026-01-03T00:00:00Z" } };
  lock("dev", { office: held });
  lock("dev", { "office-win": held });
  expect(arrivalOf(await history(), "dev", "office-win", held)).toEqual({
    time: new Date(Date.UTC(2026, 0, 3)),
  });
  expect(staysOf(await history(), "dev", "office-win")).toMatchObject([
    { images: A.images, from: { time: Date.UTC(2026, 0, 1) }, until: { time: Date.UTC(2026, 0, 3) } },
    { images: B.images, from: { time: Date.UTC(2026, 0, 3) } },
  ]);
});

test("the arrival of images that are not committed is the pin's own date", async () => {
  lock("dev", { office: A });
  expect(arrivalOf(await history(), "dev", "office", B)).toEqual({
    time: new Date(B.pinnedAt),
    note: "by its pinnedAt: it is not committed",
  });
});

test("the arrival of images without a repository is the pin's own date", async () => {
  const arrivals = await readArrivals(new TestProject({}), "dev");
  expect(arrivals("office", B)).toEqual({
    time: new Date(B.pinnedAt),
    note: expect.stringContaining("is not in a git repository"),
  });
});

test("where older commits were not fetched, the oldest one proves nothing", async () => {
  day(1);
  lock("dev", { office: A });
  day(20);
  project.write("other", "x");
  repository.commit("Another file");
  const clone = new TestProject({});
  repository.git("clone", "-q", "--depth", "1", `file://${project.directory}`, clone.path("clone"));
  const shallow = await readHistory({ directory: clone.path("clone") });
  expect(shallow.isShallow).toBe(true);
  expect(arrivalOf(shallow, "dev", "office", A)).toEqual({
    time: new Date(A.pinnedAt),
    note: "by its pinnedAt: older commits were not fetched",
  });
});

test("history ends at the commit that is asked for", async () => {
  const first = lock("dev", { office: A });
  lock("dev", { office: B });
  expect((await history(first)).events).toHaveLength(1);
});

test("a project below the repository's folder has its own history", async () => {
  lock("dev", { office: A });
  const below = new TestProject({});
  repository.git("clone", "-q", project.directory, below.path("all"));
  project.write("teams/x/workspace-images/dev.lock.json", project.read("workspace-images/dev.lock.json"));
  repository.commit("Begin another project");
  const { events } = await readHistory({ directory: project.path("teams/x") });
  expect(events).toHaveLength(1);
  expect((await history()).events).toHaveLength(1);
});

test("a repository without a commit is an error that says so", async () => {
  await expect(history()).rejects.toMatchObject({
    code: "GIT",
    message: expect.stringContaining("has no commit yet"),
  });
});

test("an interruption ends git", async () => {
  lock("dev", { office: A });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(readHistory({ directory: project.directory, signal })).rejects.toThrow("enough");
});
