import type { EnvironmentConfig } from "../../src";
import type { Pin } from "../../src/pins/pin";
import { image } from "../support/images";
import { pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";

let project: TestProject;
let repository: TestRepository;

const DAY = 24 * 3600;
const ago = (days: number) => Math.floor(Date.now() / 1000) - days * DAY;
const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+/, "");
const configure = (environments: Record<string, EnvironmentConfig>) =>
  project.write(
    "cdktf.json",
    JSON.stringify({ language: "typescript", context: { workspaceImages: { environments } } }),
  );

const OLD = pinOf(image({ id: "old", name: "Windows_11_24H2" }));
/** A pin after a move. */
const moved = (from: Pin, id: string, pinnedAt = time(ago(0)), fields: Partial<Pin> = {}): Pin => ({
  ...from,
  images: [image({ id, name: `Windows_11_${id}` })],
  pinnedAt,
  previous: [{ ids: from.images.map((one) => one.id), names: ["Windows_11_24H2"], until: pinnedAt }],
  ...fields,
});

beforeEach(() => {
  project = new TestProject({});
  repository = new TestRepository(project);
  configure({ dev: {}, prod: { promotion: { from: "dev", minAgeDays: 7 } } });
  repository.now = ago(30);
  repository.lock("dev", { office: OLD });
  repository.lock("prod", { office: OLD });
  repository.commit("Begin");
});

const check = async (...args: string[]) => {
  const { code, stdout, stderr } = await project.cli(["diff", "main", "--check", "--json", ...args]);
  expect(stderr).toBe("");
  const answer = JSON.parse(stdout) as Record<
    string,
    { changes: { pin: string; objections?: { rule: string; message: string }[] }[] }
  >;
  const rules = Object.entries(answer).flatMap(([environment, { changes }]) =>
    changes.flatMap(({ pin, objections = [] }) =>
      objections.map(({ rule }) => `${environment}/${pin} ${rule}`),
    ),
  );
  return { code, rules };
};

test("diff shows what changed since the last commit, committed or not", async () => {
  repository.lock("dev", {
    "office-win": moved(OLD, "25H2"),
    lab: pinOf("l", { hold: { reason: "printers", since: "2026-01-01T00:00:00Z" } }),
  });
  repository.lock("prod", { office: { ...OLD, filter: { imageType: "gold", osType: "Windows" } } });
  const { code, stdout } = await project.cli(["diff"]);
  expect(code).toBe(0);
  expect(stdout).toBe(`dev:
  lab  pinned
    + image-l
      l, created 2025-01-01
  office → office-win  renamed, moved
    - Windows_11_24H2
      old, created 2025-01-01
    + Windows_11_25H2
      25H2, created 2025-01-01

prod:
  office  asks otherwise
    osType none → "Windows"
`);
  repository.commit("Change");
  const commit = repository.head();
  expect((await project.cli(["diff"])).stdout).toBe("dev: no pin changed\nprod: no pin changed\n");
  const json = JSON.parse((await project.cli(["diff", `${commit}~1`, "--env", "pro*", "--json"])).stdout);
  expect(json).toMatchObject({
    prod: { changes: [{ pin: "office", what: ["asks otherwise"], before: { filter: OLD.filter } }] },
  });
});

/** What an environment has beside the pin that matters. */
const OTHERS = { lab: pinOf("l"), kiosk: pinOf("k") };

/** Renames prod, whose office moved meanwhile. */
function renameProd(): void {
  repository.lock("prod", { office: OLD, ...OTHERS });
  repository.commit("Pin more");
  repository.lock("prod", undefined);
  repository.lock("production", { office: moved(OLD, "other"), ...OTHERS });
  configure({ dev: {}, production: {} });
}

test("diff follows an environment that is renamed", async () => {
  renameProd();
  const { stdout } = await project.cli(["diff"]);
  expect(stdout).toContain("prod → production:\n  office  moved\n");
  expect(stdout).not.toContain("dropped");
});

test("diff as Markdown is tables in which names are no markup and no mention", async () => {
  const name = "a|b `c` <img src=x> @user *d* [e](f) \\";
  repository.lock("dev", { office: OLD, [name]: pinOf(image({ id: "x", name: "``<b>|" })) });
  const { stdout } = await project.cli(["diff", "--markdown", "--env", "dev"]);
  expect(stdout.split("\n").slice(1)).toEqual([
    "",
    "**`dev`**",
    "",
    "| Pin | What | Before | Now |",
    "| --- | --- | --- | --- |",
    "| ``a\\|b `c` <img src=x> @user *d* [e](f) \\`` | pinned |  | ``` ``<b>\\| (x) ``` |",
    "",
  ]);
});

describe("diff --check judges by the policies of the base", () => {
  beforeEach(() => {
    repository.now = ago(20);
    repository.lock("dev", { office: moved(OLD, "25H2", time(ago(20))) });
    repository.commit("Move dev");
    repository.now = ago(0);
  });

  test("what was promoted after its time is in order", async () => {
    repository.lock("prod", { office: moved(OLD, "25H2") });
    expect(await check()).toEqual({ code: 0, rules: [] });
  });

  test("what dev has not had for long enough is not", async () => {
    repository.now = ago(2);
    repository.lock("dev", { office: moved(OLD, "26H1") });
    repository.commit("Move dev again");
    repository.now = ago(0);
    repository.lock("prod", { office: moved(OLD, "26H1") });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office minAgeDays"] });
    // What it had for eighteen days is.
    repository.lock("prod", { office: moved(OLD, "25H2") });
    expect(await check()).toEqual({ code: 0, rules: [] });
  });

  test("what dev gets in the same change is not, nor what it never had", async () => {
    repository.lock("dev", { office: moved(OLD, "26H1", time(ago(300))) });
    repository.lock("prod", { office: moved(OLD, "26H1", time(ago(300))) });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office minAgeDays"] });
    repository.lock("prod", { office: moved(OLD, "other", time(ago(300))) });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office promotion"] });
  });

  test("a policy that is loosened in the same change counts as it was", async () => {
    configure({ dev: {}, prod: {} });
    repository.lock("prod", { office: moved(OLD, "other") });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office promotion"] });
  });

  test("an environment that is renamed in the same change takes its policies along", async () => {
    renameProd();
    expect(await check()).toEqual({ code: 1, rules: ["production/office promotion"] });
  });

  test("a move that says why it is against a policy is in order", async () => {
    const now = time(ago(0));
    repository.lock("prod", {
      office: moved(OLD, "other", now, { override: { reason: "outage", since: now } }),
    });
    expect(await check()).toEqual({ code: 0, rules: [] });
  });

  test("an image that is revoked by the base or since is not, whatever the change takes back", async () => {
    project.write(
      "workspace-images/revoked.json",
      '{"revoked":[{"name":"Windows_11_25H2","reason":"leaks"}]}',
    );
    repository.lock("prod", { office: moved(OLD, "25H2") });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office revoked"] });
    repository.lock("prod", { office: OLD });
    repository.commit("Revoke");
    project.write("workspace-images/revoked.json", '{"revoked":[]}');
    repository.lock("prod", { office: moved(OLD, "25H2") });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office revoked"] });
  });

  test("a held pin that moved is not", async () => {
    const held = { ...OLD, hold: { reason: "printers", since: "2026-01-01T00:00:00Z" } };
    repository.lock("prod", { office: held });
    repository.commit("Hold");
    repository.lock("prod", { office: moved(held, "25H2") });
    expect(await check()).toEqual({ code: 1, rules: ["prod/office hold"] });
  });

  test("a lock file that was copied from another environment is not readable", async () => {
    project.write("workspace-images/prod.lock.json", project.read("workspace-images/dev.lock.json"));
    const { code, stderr } = await project.cli(["diff", "--check"]);
    expect(code).toBe(2);
    expect(stderr).toContain('holds the pins of environment "dev"');
  });

  test("the findings stand in text and in Markdown", async () => {
    repository.lock("prod", { office: moved(OLD, "other") });
    const text = await project.cli(["diff", "--check"]);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain('! the images of "prod" come from "dev", by promotion alone');
    const { code, stdout } = await project.cli(["diff", "--check", "--markdown"]);
    expect(code).toBe(1);
    expect(stdout).toContain('| **no**: `the images of "prod" come from "dev", by promotion alone` |');
  });
});

test.each([
  [["nowhere"], 'There is no commit "nowhere"'],
  [["--output=x"], "unknown option"],
  [["--env", "nowhere"], 'There is no environment "nowhere"'],
  [["--json", "--markdown"], "not both"],
])("diff %j is an error", async (args, message) => {
  const { code, stderr } = await project.cli(["diff", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
