import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { ROOT, TestProject } from "../support/project";
import { eventually, start } from "./support";

const place = { region: "cn-north-4", projectId: "north" };
const office = image({ id: "office", name: "Windows_11" });
const filter = { name: "Windows_11" };
const variables = { NODE_PATH: join(ROOT, "node_modules"), LIBRARY: join(ROOT, "lib") };

/** An app that looks up the image of the office in `dev`, and does what a test is about. */
function appThat(does: string): string {
  return `
const { App, TerraformStack } = require("cdktf");
const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require(process.env.LIBRARY);
(async () => {
  const app = new App();
  await WorkspaceImageCatalog.prefetch(app);
  const stack = new TerraformStack(app, "stack");
  new DataHuaweicloudWorkspaceImage(stack, "office", { environment: "dev", name: "Windows_11" });
  ${does}
  app.synth();
})();`;
}

function projectWith(app: string, environments: object = { dev: {}, prod: {} }): TestProject {
  const project = new TestProject(environments as never, {
    app: "node app.cjs",
    context: { workspaceImages: { environments } },
  });
  project.write("app.cjs", app);
  writePins(
    project,
    "dev",
    { office: pinOf(office, { filter }), lab: pinOf(office, { filter }), kiosk: pinOf(office, { filter }) },
    place,
  );
  return project;
}

test("prune drops the pins that no lookup asked for, where the app looked something up, and nothing else", async () => {
  const project = projectWith(appThat('require("node:fs").appendFileSync("runs", "x");'));
  writePins(project, "prod", { office: pinOf(office, { filter }) }, place);
  const before = project.readLock("dev");
  const { code, stdout, stderr } = await project.cli(["prune"], variables);
  expect(stdout).toBe(`dev: 2 pins dropped from workspace-images/dev.lock.json
  - kiosk
  - lab

prod: left alone, because the app looked nothing up there
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(project.readLock("dev")).toEqual({ ...before, pins: { office: before.pins.office } });
  expect(project.readLock("prod").pins).toHaveProperty("office");
  expect(project.read("runs")).toBe("x");
  expect(existsSync(project.path("cdktf.out"))).toBe(false);
  const again = await project.cli(["prune", "--env", "dev"], variables);
  expect(again.stdout).toBe("dev: every pin is asked for\n");
});

test("prune drops nothing in a dry run, and only in the environments that are asked for", async () => {
  const project = projectWith(appThat(""));
  writePins(project, "prod", { office: pinOf(office, { filter }) }, place);
  const before = project.read("workspace-images/dev.lock.json");
  const { stdout } = await project.cli(["prune", "--dry-run", "--env", "dev", "--json"], variables);
  const { dev, ...others } = JSON.parse(stdout);
  expect(Object.keys(dev)).toEqual(["kiosk", "lab"]);
  expect(dev.lab).toMatchObject({ filter, images: [office] });
  expect(others).toEqual({});
  expect(project.read("workspace-images/dev.lock.json")).toBe(before);
  const text = await project.cli(["prune", "--dry-run", "--env", "dev"], variables);
  expect(text.stdout).toBe("dev: 2 pins would be dropped\n  - kiosk\n  - lab\n");
});

test("prune runs the app without a network, whatever the mode and the credentials", async () => {
  const project = projectWith(
    `require("node:net").Socket.prototype.connect = () => { throw new Error("a connection"); };
     require("node:dns").lookup = () => { throw new Error("a look-up"); };
     ${appThat('if (Object.keys(require.cache).some((file) => /undici/.test(file))) throw new Error("undici");')}`,
  );
  const { code, stderr } = await project.cli(["prune"], {
    ...variables,
    WORKSPACE_IMAGES_MODE: "auto",
    HW_ACCESS_KEY: "key",
    HW_SECRET_KEY: "secret",
    WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9",
  });
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("prune keeps every pin where the app fails, and shows what it said last", async () => {
  const project = projectWith(
    appThat('console.log("\\u001b[31mbuilding\\u001b[0m"); throw new Error("no such subnet");'),
  );
  const before = project.readLock("dev");
  const { code, stdout, stderr } = await project.cli(["prune", "--json"], variables);
  expect(code).toBe(2);
  expect(stderr).toContain('dev, prod: The app command "node app.cjs" failed (exit code 1)');
  expect(stderr).toContain("\nbuilding\n");
  expect(stderr).toContain("Error: no such subnet");
  expect(JSON.parse(stdout)).toMatchObject({
    dev: { error: { code: "APP" } },
    prod: { error: { code: "APP" } },
  });
  expect(project.readLock("dev")).toEqual(before);
});

test("prune keeps every pin where the app has a lookup that was never pinned", async () => {
  const project = projectWith(
    appThat('new DataHuaweicloudWorkspaceImage(stack, "new", { environment: "dev", name: "other" });'),
  );
  const { code, stderr } = await project.cli(["prune"], variables);
  expect(code).toBe(2);
  expect(stderr).toContain("stack/new");
  expect(Object.keys(project.readLock("dev").pins)).toHaveLength(3);
});

test("prune keeps every pin where the app ends well without a synth", async () => {
  const project = projectWith("");
  const { code, stderr } = await project.cli(["prune"], variables);
  expect(code).toBe(2);
  expect(stderr).toContain("it must call WorkspaceImageCatalog.prefetch(app) and app.synth()");
  expect(Object.keys(project.readLock("dev").pins)).toHaveLength(3);
});

test("prune keeps the pins of an environment that the app does not know", async () => {
  const project = projectWith(
    appThat("").replace("prefetch(app)", "prefetch(app, { environments: { dev: {} } })"),
  );
  writePins(project, "prod", { office: pinOf(office, { filter }) }, place);
  const { code, stdout } = await project.cli(["prune"], variables);
  expect(code).toBe(0);
  expect(stdout).toContain("dev: 2 pins dropped");
  expect(stdout).toContain("prod: left alone, because the app looked nothing up there");
  expect(project.readLock("prod").pins).toHaveProperty("office");
});

test("prune keeps pins that are taken or held while the app runs", async () => {
  const script = `require("node:child_process").execFileSync(process.execPath, ["meanwhile.cjs"], {
    env: { ...process.env, WORKSPACE_IMAGES_LOOKUPS: "" }, stdio: "ignore" });`;
  const project = projectWith(appThat(script));
  const pins = project.readLock("dev").pins;
  project.write(
    "meanwhile.cjs",
    `const { updateLockFile } = require(process.env.LIBRARY + "/pins/lock-file.js");
updateLockFile(process.cwd(), { name: "dev" }, ${JSON.stringify(place)}, (pins) => {
  pins.set("meanwhile", pins.get("lab"));
  pins.set("kiosk", { ...pins.get("kiosk"), hold: { reason: "in use", since: "2026-01-01T00:00:00Z" } });
});`,
  );
  const { stdout } = await project.cli(["prune", "--env", "dev"], variables);
  expect(stdout).toBe("dev: 1 pin dropped from workspace-images/dev.lock.json\n  - lab\n");
  expect(Object.keys(project.readLock("dev").pins)).toEqual(["kiosk", "meanwhile", "office"]);
  expect(project.readLock("dev").pins.office).toEqual(pins.office);
});

test("prune drops one pin by name, without running the app, in the environments that are named", async () => {
  const project = projectWith("process.exit(1)");
  writePins(project, "prod", { lab: pinOf(office, { filter }) }, place);
  expect((await project.cli(["prune", "lab"])).stderr).toContain("In which environments?");
  expect((await project.cli(["prune", "lba", "--env", "dev"])).stderr).toContain(
    "There is no pin lba in dev.",
  );
  const { code, stdout } = await project.cli(["prune", "lab", "--env", "dev"]);
  expect(stdout).toBe("dev: 1 pin dropped from workspace-images/dev.lock.json\n  - lab\n");
  expect(code).toBe(0);
  expect(Object.keys(project.readLock("dev").pins)).toEqual(["kiosk", "office"]);
  expect(project.readLock("prod").pins).toHaveProperty("lab");
});

test("prune takes the lookups of workspace-images.json where there is no app", async () => {
  const project = projectWith("");
  project.write("cdktf.json", '{"language":"python"}');
  const lookups = { office: { name: "Windows_11" } };
  project.write("workspace-images.json", JSON.stringify({ environments: { dev: {} }, lookups }));
  const { stdout, stderr } = await project.cli(["prune"]);
  expect(stderr).toBe("");
  expect(stdout).toBe("dev: 2 pins dropped from workspace-images/dev.lock.json\n  - kiosk\n  - lab\n");
});

test("prune does not wait for what an app leaves behind", async () => {
  // It holds the app's output open, in a process group of its own.
  const script = `require("node:child_process").spawn("sleep", ["60"],
    { detached: true, stdio: ["ignore", "inherit", "inherit"] }).unref();`;
  const project = projectWith(appThat(script));
  const started = Date.now();
  const { code, stdout } = await project.cli(["prune", "--env", "dev"], variables);
  expect(stdout).toContain("dev: 2 pins dropped");
  expect(code).toBe(0);
  expect(Date.now() - started).toBeLessThan(40_000);
});

test("prune answers for environments without lock files, and refuses a project without an app", async () => {
  const project = projectWith(appThat(""));
  const { code, stdout } = await project.cli(["prune", "--env", "prod"], variables);
  expect(stdout).toBe("prod: no lock file yet: workspace-images pin takes its pins, or an app's synth\n");
  expect(code).toBe(0);
  const without = await new TestProject({ dev: {} }).cli(["prune"]);
  expect(without.code).toBe(2);
  expect(without.stderr).toBe(
    'error: cdktf.json has no "app": the command that runs the app, such as "npx tsx main.ts".\n',
  );
});

describe("an app that hangs", () => {
  // It notes its ID and the one of a process that it starts and that does not want to end.
  const hanging = `
const { spawn } = require("node:child_process");
const { appendFileSync } = require("node:fs");
const isChild = process.argv[2] === "child";
if (isChild || process.env.STUBBORN) process.on("SIGTERM", () => {}).on("SIGINT", () => {});
appendFileSync("pids", process.pid + "\\n");
if (!isChild) spawn(process.execPath, ["app.cjs", "child"], { stdio: "ignore" });
console.log("waiting for the end of days");
setTimeout(() => process.exit(), 50_000);`;

  function pids(project: TestProject): number[] {
    const lines = existsSync(project.path("pids"))
      ? readFileSync(project.path("pids"), "utf8").split("\n")
      : [];
    return lines.filter(Boolean).map(Number);
  }

  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      // A zombie that no one waits for is dead all the same.
      const status = `/proc/${pid}/status`;
      return !(existsSync(status) && /^State:\s+Z/m.test(readFileSync(status, "utf8")));
    } catch {
      return false;
    }
  }

  async function isOver(project: TestProject): Promise<void> {
    expect(pids(project)).toHaveLength(2);
    await eventually(() => !pids(project).some(isAlive));
  }

  test("is ended by the time limit, with what it started", async () => {
    const project = projectWith(hanging);
    const { code, stderr } = await project.cli(["prune", "--time-limit", "4"], {
      ...variables,
      STUBBORN: "yes",
    });
    expect(code).toBe(2);
    expect(stderr).toContain("did not end within 4 s, so that");
    expect(stderr).toContain("waiting for the end of days");
    expect(Object.keys(project.readLock("dev").pins)).toHaveLength(3);
    await isOver(project);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("is ended by %s, with what it started", async (signal, exitCode) => {
    const project = projectWith(hanging);
    const prune = start(project, ["prune"], variables);
    await eventually(() => pids(project).length === 2);
    prune.child.kill(signal);
    const { code, stderr } = await prune.ended;
    expect(stderr).toBe("error: Interrupted; nothing was changed.\n");
    expect(code).toBe(exitCode);
    expect(Object.keys(project.readLock("dev").pins)).toHaveLength(3);
    await isOver(project);
  });

  test("has a time limit that the help names", async () => {
    const { stdout } = await new TestProject({}).cli(["prune", "--help"]);
    expect(stdout).toMatch(/--time-limit <seconds> .*\(default: 300\)/);
  });
});
test("prune counts a lookup whose error the app catches", async () => {
  const project = projectWith(
    appThat(`try {
    new DataHuaweicloudWorkspaceImage(stack, "lab", { environment: "dev", imageType: "private" });
  } catch {}`),
  );
  const { stdout } = await project.cli(["prune"], variables);
  expect(stdout).toBe(`dev: 1 pin dropped from workspace-images/dev.lock.json
  - kiosk

prod: no lock file yet: workspace-images pin takes its pins, or an app's synth
`);
});
