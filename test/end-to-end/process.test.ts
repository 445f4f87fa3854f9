import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { WorkspaceImageCatalog } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { asked, REGION } from "../api/support";
import { rejection } from "../support/errors";
import { ROOT, TestProject } from "../support/project";

/** An app with one lookup, which says when its prefetch is over and when it is synthesized. */
const APP = `
const { App, TerraformStack } = require("cdktf");
const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require(${JSON.stringify(ROOT)});
(async () => {
  const app = new App({ skipValidation: true });
  await WorkspaceImageCatalog.prefetch(app);
  console.log("prefetched");
  const stack = new TerraformStack(app, "stack");
  new DataHuaweicloudWorkspaceImage(stack, "office", {
    imageType: "gold", nameRegex: "^Windows_11_Enterprise_24H2", mostRecent: true,
  });
  app.synth();
  console.log("synthesized at " + Date.now());
})().catch((error) => {
  console.error(error.message);
  console.log("failed at " + Date.now());
  process.exitCode = 3;
});
`;

let emulator: WorkspaceEmulator;
let project: TestProject;
beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({ maxLimit: 10 });
  project = new TestProject({ dev: { region: REGION } });
});
afterEach(() => emulator.close());

const variables = () => emulator.variables;

/** Everything that a run left behind. */
function written(): string[] {
  return existsSync(project.path("workspace-images")) ? readdirSync(project.path("workspace-images")) : [];
}

/** Starts a program, lets it come as far as a request that is not answered, and presses Ctrl-C. */
async function interrupted(args: readonly string[]): Promise<{
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}> {
  const waiting = new Promise<void>((resolve) => {
    emulator.inject({ on: "images", before: resolve, delayHeadersMs: 100_000 });
  });
  const child = spawn(process.execPath, args, {
    cwd: project.directory,
    env: { ...process.env, NODE_PATH: join(ROOT, "node_modules"), ...variables() },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  await Promise.race([waiting, ended]);
  child.kill("SIGINT");
  return { ...(await ended), ...output };
}

describe("a process", () => {
  test("ends by itself as soon as it has synthesized", async () => {
    const { code, stdout, stderr } = await project.script(APP, variables());
    const ended = Date.now();
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const [, synthesized] = /synthesized at (\d+)/.exec(stdout) ?? [];
    // A connection that is kept open would hold the process for ten seconds.
    expect(ended - Number(synthesized)).toBeLessThan(6000);
    expect(project.readLock("dev").pins.office.images).toHaveLength(1);
  });

  test("ends by itself where a page was refused while others wait for another attempt", async () => {
    const offset = (from: number, to: number) => (request: { service: string; query: { offset?: string } }) =>
      request.service === "images" &&
      Number(request.query.offset) >= from &&
      Number(request.query.offset) < to;
    emulator.inject({ on: offset(10, 100), status: 429, headers: { "retry-after": "60" } });
    emulator.inject({ on: offset(1, 10), status: 403, delayHeadersMs: 300 });
    const { code, stdout, stderr } = await project.script(APP, variables());
    const ended = Date.now();
    expect(code).toBe(3);
    expect(stderr).toContain("403");
    const [, failed] = /failed at (\d+)/.exec(stdout) ?? [];
    expect(ended - Number(failed)).toBeLessThan(20_000);
  });

  test("that is interrupted while it prefetches ends, with nothing written", async () => {
    project.write("script.cjs", APP);
    const { signal, stdout } = await interrupted(["script.cjs"]);
    expect(signal).toBe("SIGINT");
    expect(stdout).toBe("");
    expect(written()).toEqual([]);
  });

  test.each([["list"], ["update", "--all-environments"], ["outdated", "--json"]])(
    "of the command %s ends on Ctrl-C with code 130, and nothing is changed",
    async (...args) => {
      await project.script(APP, variables());
      const lock = project.read("workspace-images/dev.lock.json");
      const before = written();
      const { code, stdout, stderr } = await interrupted([join(ROOT, "lib/cli/index.js"), ...args]);
      expect(stderr).toBe("error: Interrupted; nothing was changed.\n");
      expect(stdout).toBe("");
      expect(code).toBe(130);
      expect(project.read("workspace-images/dev.lock.json")).toBe(lock);
      expect(written()).toEqual(before);
    },
  );
});

describe("prefetch with a signal", () => {
  const before = { variables: { ...process.env }, directory: process.cwd() };
  beforeEach(() => {
    Object.assign(process.env, variables());
    process.chdir(project.directory);
  });
  afterEach(() => {
    process.env = { ...before.variables };
    process.chdir(before.directory);
  });

  test("ends with the signal's reason, and can be called again", async () => {
    const abort = new AbortController();
    const reason = new Error("the user has gone");
    emulator.inject({ on: "images", times: 1, before: () => abort.abort(reason), delayHeadersMs: 100_000 });
    const app = new App();
    expect(await rejection(WorkspaceImageCatalog.prefetch(app, { signal: abort.signal }))).toBe(reason);
    expect(written()).toEqual([]);
    await WorkspaceImageCatalog.prefetch(app);
    expect(WorkspaceImageCatalog.of(app).environments).toEqual(["dev"]);
  });

  test("that was given before asks no one", async () => {
    const reason = new Error("the user has gone");
    const signal = AbortSignal.abort(reason);
    expect(await rejection(WorkspaceImageCatalog.prefetch(new App(), { signal }))).toBe(reason);
    expect(emulator.requests).toEqual([]);
  });
});

describe("prefetch with HW_INSECURE", () => {
  test("warns where the cdktf CLI prints it, once for all apps and environments of a process", async () => {
    const { stdout } = await project.script(
      `
      const { App, TerraformStack } = require("cdktf");
      const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require(${JSON.stringify(ROOT)});
      (async () => {
        // The first app is listed by prefetch, the second one, which has lock files by then, for its lookups.
        for (const id of ["office", "design"]) {
          const app = new App({ skipValidation: true });
          await WorkspaceImageCatalog.prefetch(app, {
            environments: { dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } },
          });
          for (const environment of ["dev", "prod"]) {
            new DataHuaweicloudWorkspaceImage(new TerraformStack(app, environment), id, {
              environment, createdAfter: "2000-01-01", imageType: "gold", osType: id === "office" ? "Windows" : "Linux", mostRecent: true,
            });
          }
          app.synth();
          console.log(JSON.stringify(app.node.findAll().flatMap((child) => child.node.metadata)));
        }
      })();
      `,
      { ...variables(), HW_INSECURE: "true" },
    );
    expect(stdout.match(/HW_INSECURE is set: certificates are not checked/g)).toHaveLength(1);
    expect(stdout).toContain('"type":"@cdktf/warn"');
    expect(asked(emulator, "images").length).toBeGreaterThanOrEqual(4);
  });
});

describe("NODE_DEBUG=workspace-images", () => {
  test("prints a line for each request: method, URL, status, time, attempt and request ID", async () => {
    emulator.inject({ on: "images", times: 1, status: 503 });
    emulator.inject({ on: "images", times: 1, reset: "before" });
    const { stderr, code } = await project.program(["list", "--json"], {
      ...variables(),
      NODE_DEBUG: "workspace-images",
    });
    expect(code).toBe(0);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(emulator.requests.length);
    for (const line of lines) {
      expect(line).toMatch(
        /^WORKSPACE-IMAGES \d+: GET http:\/\/127\.0\.0\.1:\d+\/\S+ (\d{3}|ECONNRESET|UND_ERR_SOCKET) \d+ ms attempt \d request ([0-9a-f]{32}|-)$/,
      );
    }
    const first = lines.filter((line) => line.includes("&offset=0 "));
    expect(first[0]).toMatch(/ 503 \d+ ms attempt 1 /);
    expect(first[1]).toMatch(/ (ECONNRESET|UND_ERR_SOCKET) \d+ ms attempt 2 request -$/);
    expect(first[2]).toMatch(/ 200 \d+ ms attempt 3 /);
    expect(lines[0]).toContain(`/v3/projects?name=${REGION} 200`);
    expect(asked(emulator, "images")).toHaveLength(lines.length - 1);
  });

  test("prints nothing where it is not set", async () => {
    const { stderr } = await project.program(["list", "--json"], variables());
    expect(stderr).toBe("");
  });
});
