import { renameSync, symlinkSync } from "node:fs";
import type { EnvironmentConfig } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";

let project: TestProject;
let repository: TestRepository;
let commits: string[];

beforeEach(() => {
  project = new TestProject({ dev: {}, prod: {} });
  repository = new TestRepository(project);
  const first = pinOf(image({ id: "a", name: "Windows_11_24H2" }));
  const second = pinOf(image({ id: "b", name: "Windows_11_25H2" }), { pinnedAt: "2026-02-01T00:00:00Z" });
  commits = [];
  for (const [month, environment, pins] of [
    [1, "dev", { office: first }],
    [2, "dev", { office: second }],
    [3, "prod", { office: first, lab: pinOf("l") }],
    [4, "dev", { "office-win": second }],
  ] as const) {
    repository.now = Date.UTC(2026, month - 1, 10, 8) / 1000;
    repository.lock(environment, pins);
    repository.commit(`Work of month ${month}`);
    commits.push(repository.head().slice(0, 10));
  }
});

test("history tells who moved which pin when, newest first, under its names", async () => {
  const { code, stdout, stderr } = await project.cli(["history", "--env", "dev"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    `2026-04-10 08:00  ${commits[3]}  Ada
  Work of month 4
    dev: office → office-win renamed, by rename, synth with prune or pin with prune

2026-02-10 08:00  ${commits[1]}  Ada
  Work of month 2
    dev: office moved, by update or pin
      - Windows_11_24H2 (a)
      + Windows_11_25H2 (b)

2026-01-10 08:00  ${commits[0]}  Ada
  Work of month 1
    dev: office pinned, by synth or pin
      + Windows_11_24H2 (a)
`,
  );
});

test("history follows one pin, since a date, as JSON", async () => {
  const { stdout } = await project.cli(["history", "office-win", "--since", "2026-02-01", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    dev: [
      expect.objectContaining({
        time: "2026-02-10T08:00:00Z",
        author: "Ada",
        subject: "Work of month 2",
        pin: "office",
        what: ["moved"],
        from: expect.objectContaining({ images: [{ id: "a", name: "Windows_11_24H2" }] }),
        to: expect.objectContaining({ images: [{ id: "b", name: "Windows_11_25H2" }] }),
      }),
      expect.objectContaining({ pin: "office-win", was: "office", what: ["renamed"] }),
    ],
  });
});

describe("the commands behind what happened", () => {
  let emulator: WorkspaceEmulator;
  beforeAll(async () => {
    emulator = await WorkspaceEmulator.start();
  });
  afterAll(() => emulator.close());

  const filters = ["--image-type", "gold", "--name-regex", "^Windows_11", "--most-recent"];

  /** Runs commands, each in a commit of its own. */
  function workIn(environments: Readonly<Record<string, EnvironmentConfig>>) {
    const worked = new TestProject(environments);
    const { now } = repository;
    repository = new TestRepository(worked);
    repository.now = now;
    const cli = async (...args: string[]) => {
      const ended = await worked.cli(args, emulator.variables);
      expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 0 });
      return ended.stdout;
    };
    const commit = (message: string) => {
      repository.now += 3600;
      repository.commit(message);
    };
    const done = async (...args: string[]) => {
      await cli(...args);
      commit(`Run ${args[0]}`);
    };
    const commands = async () => {
      const said = JSON.parse(await cli("history", "--json")) as Record<string, { commands?: string[][] }[]>;
      return Object.fromEntries(
        Object.entries(said).map(([name, events]) => [name, events.map((event) => event.commands ?? [])]),
      );
    };
    return { worked, cli, commit, done, commands };
  }

  /** Has the service a newer image in every region. */
  function publish(name: string, month: number): void {
    const createdAt = `2026-${month}-01T00:00:00Z`;
    for (const region of ["cn-north-4", "cn-south-1"])
      emulator.publish(region, { name, imageType: "gold", createdAt });
  }

  test("history names the command where the lock files leave no doubt, else those that leave the same", async () => {
    const { worked, cli, done, commands } = workIn({
      dev: { region: "cn-north-4" },
      prod: { region: "cn-south-1", promotion: { from: "dev" } },
    });
    await done("pin", "office", ...filters, "--all-environments");
    publish("Windows_11_Y", 10);
    await done("update", "office", "--env", "dev");
    await done("promote", "dev", "prod", "office");
    await done("rollback", "office", "--env", "prod");
    await done("hold", "office", "--env", "prod", "--release");
    await done("update", "office", "--env", "prod", "--override", "--reason", "printers");
    await done("hold", "office", "--env", "dev", "--reason", "printers");
    await done("pin", "lab", "--env", "dev", "--image", "gone");
    await done("prune", "lab", "--env", "dev");
    await done("rename", "office", "desk", "--env", "dev", "--keep");
    expect(await commands()).toEqual({
      dev: [
        [["synth", "pin"]],
        [["update", "pin"]],
        [["hold"]],
        [["pin"]],
        [["prune"]],
        [["synth", "pin", "rename --keep"]],
      ],
      prod: [
        [["synth", "pin"]],
        [["promote dev prod"]],
        [["rollback"]],
        [["hold --release"]],
        [["rollback", "update", "pin", "promote dev prod"]],
      ],
    });
    const text = await cli("history", "--env", "prod");
    expect(text).toContain("prod: office moved back, held, by rollback\n");
    expect(text).toContain("prod: office moved, by promote dev prod\n");
    expect(text).toContain("prod: office moved back, by rollback, update, pin or promote dev prod\n");
    expect(text).toContain("against a policy: printers\n");
    await cli("history", "--html", "history.html");
    expect(worked.read("history.html")).toContain("moved, by promote dev prod");
  });

  test("history takes the command that a commit's message names, and knows that a file of lookups has no synth", async () => {
    const environments = { dev: { region: "cn-north-4" } };
    const { worked, cli, commit, done, commands } = workIn(environments);
    worked.write("cdktf.json", '{"language":"python"}');
    const ask = (filter: object) =>
      worked.write("workspace-images.json", JSON.stringify({ environments, lookups: { office: filter } }));
    const question = { imageType: "gold", nameRegex: "^Windows_11", mostRecent: true };
    ask(question);
    await done("pin", "--env", "dev");
    publish("Windows_11_Z", 11);
    await cli("update", "office", "--env", "dev");
    await cli("hold", "office", "--env", "dev", "--reason", "printers");
    commit("Move desktop images\n\nworkspace-images update --env dev");
    ask({ ...question, osType: "Windows" });
    await done("pin", "--env", "dev");
    await cli("rename", "--environment", "dev", "test");
    worked.write("workspace-images.json", worked.read("workspace-images.json").replace('"dev"', '"test"'));
    commit("Rename dev");
    expect(await commands()).toEqual({
      dev: [[["pin"]], [["update"], ["hold"]], [["pin"]]],
      test: [[["rename --environment"]]],
    });
    const text = await cli("history");
    expect(text).toContain("dev: office moved, held, by update and by hold\n");
    expect(text).toContain("test: renamed from dev, by rename --environment\n");
  });

  test("history of pins that one run took in several environments of one place tells of no copy", async () => {
    const { done, commands } = workIn({ dev: { region: "cn-north-4" }, prod: { region: "cn-north-4" } });
    await done("pin", "office", ...filters, "--all-environments");
    expect(await commands()).toEqual({ dev: [[["synth", "pin"]]], prod: [[["synth", "pin"]]] });
  });

  test("history follows a pin that was renamed onto one that a synth had just taken", async () => {
    repository.lock("prod", {
      office: pinOf("a"),
      "office-win": pinOf("z", { pinnedAt: "2026-05-01T00:00:00Z" }),
    });
    repository.commit("Rename the lookup");
    repository.lock("prod", { "office-win": pinOf("a") });
    repository.commit("Rename the pin");
    const { stdout } = await project.cli(["history", "office-win", "--env", "prod"]);
    expect(stdout).toContain("prod: office → office-win renamed, by rename\n");
    expect(stdout).not.toMatch(/office-win (moved|dropped)|prune/);
  });
});

test("history names a revision that cannot be read, and goes on", async () => {
  project.write("workspace-images/prod.lock.json", "<<<<<<< HEAD\n");
  repository.commit("Merge badly");
  const { code, stdout } = await project.cli(["history", "--env", "prod"]);
  expect(code).toBe(0);
  expect(stdout).toContain(
    "prod: not readable: workspace-images/prod.lock.json has merge-conflict\n    markers\n",
  );
  expect(stdout).toContain("prod: lab pinned");
});

test("history of a pin that git does not know is an error that names those that it knows", async () => {
  const { code, stderr } = await project.cli(["history", "ofice"]);
  expect(code).toBe(2);
  expect(stderr).toContain("git knows no pin ofice. Pins: lab, office, office-win.");
});

test("history of an environment that neither git nor the configuration knows is an error that names those that are known", async () => {
  const { code, stdout, stderr } = await project.cli(["history", "--env", "pord", "--json"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(
    'There is no environment "pord", neither now nor in git. Environments: dev, prod.',
  );
});

test("history says where its page cannot be written", async () => {
  const { code, stderr } = await project.cli(["history", "--html", "none/page.html"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--html none/page.html cannot be written: there is no such folder.");
});

test("history and diff say of a lock file that is a symbolic link that git does not keep what it leads to", async () => {
  renameSync(project.lockFile("prod"), project.path("elsewhere.json"));
  symlinkSync("../elsewhere.json", project.lockFile("prod"));
  repository.commit("Link it");
  const told = await project.cli(["history", "--env", "prod"]);
  expect(told.stdout.replace(/\s+/g, " ")).toContain(
    "prod: not readable: workspace-images/prod.lock.json is a symbolic link, whose target git does not keep",
  );
  expect((await project.cli(["diff", "HEAD"])).stderr).toMatch(/prod\.lock\.json of \w+ is a symbolic link/);
});

test("history and diff of a repository without a commit ask for one", async () => {
  const empty = new TestProject({ dev: {} });
  new TestRepository(empty);
  for (const command of ["history", "diff"]) {
    const { code, stderr } = await empty.cli([command]);
    expect(code).toBe(2);
    expect(stderr).toContain("has no commit yet. Commit the lock files first: git add, git commit.");
  }
});

test.each(["yesterday", "2026-13-01"])("history --since %s is refused", async (since) => {
  const { code, stderr } = await project.cli(["history", "--since", since]);
  expect(code).toBe(2);
  expect(stderr).toContain("such as 2026-11-01");
});

test("history writes one page that asks no network", async () => {
  project.write("workspace-images/revoked.json", '{"revoked":[{"name":"Windows_11_24H2","reason":"leaks"}]}');
  const { code, stdout } = await project.cli(["history", "--html", "history.html"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Wrote history.html.\n" });
  const html = project.read("history.html");
  expect(html).toContain("default-src 'none'");
  // Within the page there may be links.
  expect(html).not.toMatch(/\b(src|href|url)\s*[=(](?!"#)/);
  expect(html).toContain("revoked: leaks");
  expect(html).toContain("office-win");
});

test("history without a repository is an error that says so", async () => {
  const { code, stderr } = await new TestProject({ dev: {} }).cli(["history"]);
  expect(code).toBe(2);
  expect(stderr).toContain("is not in a git repository");
});

test("history without git is an error that says so", async () => {
  const { code, stderr } = await project.cli(["history"], { PATH: "/nowhere" });
  expect(code).toBe(2);
  expect(stderr).toContain("git cannot be run");
});
