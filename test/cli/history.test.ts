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
    dev: office → office-win renamed

2026-02-10 08:00  ${commits[1]}  Ada
  Work of month 2
    dev: office moved
      - Windows_11_24H2 (a)
      + Windows_11_25H2 (b)

2026-01-10 08:00  ${commits[0]}  Ada
  Work of month 1
    dev: office pinned
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

test("history names the command where the lock files leave no doubt", async () => {
  const emulator = await WorkspaceEmulator.start();
  const promoted = new TestProject({
    dev: { region: "cn-north-4" },
    prod: { region: "cn-south-1", promotion: { from: "dev" } },
  });
  const { now } = repository;
  repository = new TestRepository(promoted);
  repository.now = now;
  const cli = async (...args: string[]) => {
    const ended = await promoted.cli(args, emulator.variables);
    expect(ended).toMatchObject({ code: 0 });
    return ended.stdout;
  };
  const done = async (...args: string[]) => {
    await cli(...args);
    repository.now += 3600;
    repository.commit(args.join(" "));
  };
  try {
    const filters = ["--image-type", "gold", "--name-regex", "^Windows_11", "--most-recent"];
    await done("pin", "office", ...filters, "--all-environments");
    for (const region of ["cn-north-4", "cn-south-1"])
      emulator.publish(region, {
        name: "Windows_11_Z",
        imageType: "gold",
        createdAt: "2026-11-01T00:00:00Z",
      });
    await done("update", "office", "--env", "dev");
    await done("promote", "dev", "prod", "office");
    await done("rollback", "office", "--env", "prod");
    await done("hold", "office", "--env", "prod", "--release");
    await done("update", "office", "--env", "prod", "--override", "--reason", "printers");
    await done("hold", "office", "--env", "dev", "--reason", "printers");
    await done("pin", "lab", "--env", "dev", "--image", "gone");
    await done("prune", "lab", "--env", "dev");
    const said = JSON.parse(await cli("history", "--json")) as Record<string, { command?: string }[]>;
    const commands = Object.entries(said).map(([name, events]) => [
      name,
      events.map(({ command }) => command),
    ]);
    expect(Object.fromEntries(commands)).toEqual({
      dev: [undefined, undefined, "hold", "pin", "prune"],
      prod: [undefined, "promote dev prod", "rollback", "hold --release", undefined],
    });
    const text = await cli("history", "--env", "prod");
    expect(text).toContain("prod: office moved back, held, by rollback\n");
    expect(text).toContain("prod: office moved, by promote dev prod\n");
    expect(text).toContain("against a policy: printers\n");
    await cli("history", "--html", "history.html");
    expect(promoted.read("history.html")).toContain("moved, by promote dev prod");
  } finally {
    await emulator.close();
  }
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
  expect(html).not.toMatch(/\b(src|href|url)\s*[=(]/);
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
