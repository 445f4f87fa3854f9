import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { image, numbered } from "../support/images";
import { daysAgo, pinOf, writePins } from "../support/pins";
import { type Ended, ROOT, run, TestProject } from "../support/project";
import { CLI, onTerminal } from "./support";

const COMMANDS = [
  ...["list", "pins", "outdated"],
  ...["pin", "update", "promote", "rollback", "hold"],
  ...["verify", "guard", "rename", "prune", "resolve", "emulate"],
];
const north = { region: "cn-north-4", projectId: "north" };

describe("help", () => {
  test("lists every command, in 80 columns", async () => {
    const { code, stdout, stderr } = await new TestProject({}).cli(["--help"]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} +[a-z]`, "m"));
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout.match(/^(Look|Move|Check|Tend|Try):$/gm)).toEqual([
      "Look:",
      "Move:",
      "Check:",
      "Tend:",
      "Try:",
    ]);
  });

  test.each(COMMANDS)("of %s has examples, in 80 columns", async (command) => {
    const { code, stdout } = await new TestProject({}).cli([command, "--help"]);
    expect(stdout).toMatch(
      new RegExp(`\nExamples:\n[^]*  workspace-images ${command} `.replace("[^]", "(.|\n)")),
    );
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(code).toBe(0);
  });

  test("tells the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(await new TestProject({}).cli(["--version"])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });
});

describe("wrong usage", () => {
  test.each([
    [["lst"], "unknown command 'lst'"],
    [["pins", "--josn"], "unknown option '--josn'"],
    [["outdated", "office"], "too many arguments"],
    [
      ["pins", "office"],
      "There is no pin office in dev, prod. Pins: none yet; workspace-images pin takes them",
    ],
    [["guard", "plan.json"], "workspace-images guard --env prod plan.json"],
    [["guard", "--env", "dev", "none.json"], "error: none.json cannot be read"],
    [["history", "--html", "page.html", "--json"], "cannot be used with option"],
    [["hold", "office", "--env", "dev"], 'Say why: --reason "…"'],
    [["update", "--override", "--env", "dev"], "say why"],
    [["update", "--env", "dev", "--all-environments"], "not both"],
    [["rollback", "--env", "dev"], "missing required argument"],
    [["pins", "--env"], "argument missing"],
    [["pins", "--env", "prd"], 'There is no environment "prd" in cdktf.json. Environments: dev, prod.'],
    [["prune", "--time-limit", "0"], "It must be a whole number of seconds"],
    [[], "Usage: workspace-images"],
  ])("of %p is told on standard error, with exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await new TestProject({ dev: {}, prod: {} }).cli(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("a project without environments", () => {
  const commands = [
    ["list"],
    ["pins"],
    ["outdated"],
    ["update"],
    ["promote", "dev", "prod"],
    ["verify"],
    ["prune"],
  ];

  test.each(commands)(
    "is told for %s where there is neither cdktf.json nor workspace-images.json",
    async (...args) => {
      const cwd = mkdtempSync(join(tmpdir(), "workspace-images-empty-"));
      const { code, stdout, stderr } = await run(process.execPath, [CLI, ...args, "--json"], { cwd });
      expect(stderr).toMatch(
        /^error: There is neither workspace-images\.json nor cdktf\.json in .* or above: run this in the folder of a project, or begin one with a workspace-images\.json that holds \{ "environments": \{ "dev": .* \} \}\.\n$/,
      );
      expect(stdout).toBe("");
      expect(code).toBe(2);
    },
  );

  test.each(commands)("is told for %s where cdktf.json has none", async (...args) => {
    const project = new TestProject({});
    project.write("cdktf.json", "{}");
    const { code, stdout, stderr } = await project.cli(args);
    expect(stderr).toMatch(/^error: There are no environments in .*cdktf\.json\. Add "workspaceImages".*\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("is told where cdktf.json is damaged", async () => {
    const project = new TestProject({});
    project.write("cdktf.json", "{");
    const { code, stderr } = await project.cli(["pins"]);
    expect(stderr).toMatch(/^error: .*cdktf\.json is not valid: .*\n$/);
    expect(code).toBe(2);
  });

  test("answers for environments that have no lock files, without asking anyone", async () => {
    const project = new TestProject({ dev: {}, prod: {} });
    const note = "no lock file yet: workspace-images pin takes its pins, or an app's synth";
    for (const command of ["pins", "outdated", "update --all-environments", "verify"]) {
      const text = await project.cli(command.split(" "));
      expect(text).toEqual({ code: 0, stdout: `dev: ${note}\nprod: ${note}\n`, stderr: "" });
      const json = await project.cli([...command.split(" "), "--json"]);
      expect(JSON.parse(json.stdout)).toEqual({ dev: {}, prod: {} });
    }
  });
});

test("the command line tells what the system refused, without a stack trace", async () => {
  const project = new TestProject(
    { dev: {} },
    { app: "true", context: { workspaceImages: { environments: { dev: {} } } } },
  );
  const { code, stdout, stderr } = await project.program(["prune"], { TMPDIR: "/nowhere" });
  expect(stderr).toMatch(/^error: ENOENT: .*\/nowhere.*\n$/);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("the command line tells that its output cannot be written", async () => {
  const project = new TestProject({ dev: {} });
  const { code, stderr } = await run("sh", ["-c", '"$NODE" "$CLI" pins > /dev/full'], {
    cwd: project.directory,
    variables: { NODE: process.execPath, CLI },
  });
  expect(stderr).toMatch(/^error: The output cannot be written: ENOSPC.*\n$/);
  expect(code).toBe(2);
});

test("the command line finds its project from a folder within it", async () => {
  const project = new TestProject({ dev: {} });
  writePins(project, "dev", { office: pinOf(image({ id: "1" }), { pinnedAt: daysAgo(0) }) }, north);
  project.write("src/stacks/readme", "");
  const { stdout } = await run(process.execPath, [CLI, "pins", "--json"], {
    cwd: project.path("src/stacks"),
  });
  expect(JSON.parse(stdout).dev).toHaveProperty("office");
});

test("the command line answers in the order of cdktf.json for all environments, once for each that is asked for", async () => {
  const project = new TestProject({ prod: {}, dev: {}, lab: {} });
  expect(Object.keys(JSON.parse((await project.cli(["pins", "--json"])).stdout))).toEqual([
    "prod",
    "dev",
    "lab",
  ]);
  const { stdout } = await project.cli("pins --env lab --env prod --env lab --json".split(" "));
  expect(Object.keys(JSON.parse(stdout)).sort()).toEqual(["lab", "prod"]);
});

describe("what it writes to", () => {
  const project = new TestProject({ dev: {}, prod: {} });
  writePins(
    project,
    "dev",
    { office: pinOf(image({ id: "1", name: "Windows_11" }), { pinnedAt: daysAgo(0) }) },
    north,
  );

  test("may be a pipe that is closed early", () => {
    const many = new TestProject({ dev: {} });
    const images = numbered(5000);
    writePins(many, "dev", { all: pinOf(images, { pinnedAt: daysAgo(0) }) }, north);
    for (const json of ["", "--json"]) {
      const { stdout, stderr } = spawnSync("sh", ["-c", `"$NODE" "$CLI" pins ${json} | head -1`], {
        cwd: many.directory,
        env: { ...process.env, NODE: process.execPath, CLI },
        encoding: "utf8",
      });
      expect(stdout.split("\n")).toHaveLength(2);
      expect(stderr).toBe("");
    }
  });

  test("has no colours where it is no terminal, also in a pipeline", async () => {
    const { stdout } = await project.cli(["pins"], { CI: "true", FORCE_COLOR: "1" });
    expect(stdout).not.toContain("\u001b");
    const { stderr } = await project.cli(["pins", "--env", "prd"], { CI: "true", FORCE_COLOR: "1" });
    expect(stderr).not.toContain("\u001b");
  });

  test("has colours on a terminal", async () => {
    const { stdout } = await onTerminal(project, "pins");
    expect(stdout).toContain("\u001b[1moffice");
    const failed = await onTerminal(project, "pins --env prd");
    expect(failed.stdout).toContain("\u001b[31merror:");
  });

  test("has no colours on a terminal where NO_COLOR is set, or that has none", async () => {
    for (const variables of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      const { stdout } = await onTerminal(project, "pins", variables);
      expect(stdout).toContain("office");
      expect(stdout).not.toContain("\u001b");
    }
  });

  test("is used in its whole width where that is more than 80 columns", async () => {
    const wide = new TestProject({ dev: {} });
    writePins(
      wide,
      "dev",
      { office: pinOf(image({ id: "1", name: "W".repeat(90) }), { pinnedAt: daysAgo(0) }) },
      north,
    );
    expect((await wide.cli(["pins"])).stdout).toContain(`${"W".repeat(90)}\n`);
    const { stdout } = await onTerminal(wide, "pins", { NO_COLOR: "1" }, 120);
    expect(stdout).toContain(`${"W".repeat(90)}  today`);
  });
});

describe("progress", () => {
  async function listFor(latencyMs: number, terminal: boolean): Promise<Ended> {
    const emulator = await WorkspaceEmulator.start({
      latencyMs,
      images: { "cn-north-4": [image({ id: "1" })] },
    });
    const project = new TestProject({
      dev: { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") },
    });
    try {
      return terminal
        ? await onTerminal(project, "list", emulator.variables)
        : await project.cli(["list"], emulator.variables);
    } finally {
      await emulator.close();
    }
  }

  test("is shown on a terminal for what takes longer than a second, and wiped out at the end", async () => {
    const { stdout } = await listFor(700, true);
    const parts = stdout.split("\r\u001b[2K");
    expect(parts.at(-2)).toMatch(/Listing images … \d+ s/);
    expect(parts.at(-1)).toMatch(/^dev: 1 image\r\n/);
  });

  test("is not shown for what takes less", async () => {
    expect((await listFor(0, true)).stdout).not.toContain("…");
  });

  test("is not shown where there is no terminal", async () => {
    expect((await listFor(700, false)).stderr).toBe("");
  });
});
