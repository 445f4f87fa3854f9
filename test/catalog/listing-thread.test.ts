import { spawn } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { closing } from "../support/closing";
import { pinOf, writePins } from "../support/pins";
import { type Ended, ROOT, run, TestProject } from "../support/project";
import { serve } from "../support/server";

// The listing thread in processes of their own, from the built library.

const REGION = "cn-north-4";
const SECRET = "SK-that-nobody-may-see";

const listing = (library = join(ROOT, "lib")) => `
const { DeferredListings, isListingThread, becomeListingThread } =
  require(${JSON.stringify(join(library, "catalog/deferred-listing"))});
const request = (name) => ({
  environment: { name, region: "${REGION}", projectId: name }, queries: [{}],
});
const tell = (outcome) => console.log(outcome.error ? outcome.error.name + " " + outcome.error.message
  : outcome.listings[0].images.map(({ id }) => id).join());
`;

/** A service that lists one image in the project "dev", and hangs for others. */
async function service(): Promise<Record<string, string>> {
  const { variables } = await serve((request, response) => {
    if (!request.url?.startsWith("/v2/dev/")) return;
    const isFirst = /offset=0/.test(request.url);
    response.end(JSON.stringify({ images: isFirst ? [{ id: "n1", name: "N 1" }] : [], total_count: 1 }));
  });
  return { ...variables, HW_SECRET_KEY: SECRET };
}

function script(code: string, variables: Readonly<Record<string, string>>): Promise<Ended> {
  return new TestProject({}).script(code, variables);
}

describe("a process that lists in a thread", () => {
  test("ends by itself, at once, although another environment hangs", async () => {
    const ended = await script(
      `${listing()}
      const listings = new DeferredListings();
      listings.begin([request("prod"), request("dev")]);
      tell(listings.wait("dev"));
      const at = Date.now();
      process.on("exit", () => console.log(Date.now() - at < 5000));`,
      await service(),
    );
    expect(ended).toEqual({ code: 0, stdout: "n1\ntrue\n", stderr: "" });
  });

  test("ends by itself where it waits for none, and where its listings are closed", async () => {
    const ended = await script(
      `${listing()}
      const listings = new DeferredListings();
      listings.begin([request("prod")]);
      new DeferredListings().begin([request("prod")]);
      setTimeout(() => listings.close(), 500);`,
      await service(),
    );
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "is ended by %s at once while it waits, although the app handles that",
    async (signal) => {
      const { child, ended } = await waitingProcess(`process.on("${signal}", () => console.log("handled"));`);
      const at = performance.now();
      child.kill(signal);
      expect(await ended).toEqual({ signal, stdout: "waiting\n", stderr: "" });
      expect(performance.now() - at).toBeLessThan(5000);
    },
  );

  test("prints what NODE_DEBUG asks for, also where it ends right after the wait", async () => {
    const { code, stderr } = await script(
      `${listing()}
      const listings = new DeferredListings();
      listings.begin([request("dev")]);
      tell(listings.wait("dev"));
      process.exit();`,
      { ...(await service()), NODE_DEBUG: "workspace-images" },
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^WORKSPACE-IMAGES \d+: GET \S+\/v2\/dev\/images\?limit=100&offset=0 200 /m);
    expect(stderr).not.toContain(SECRET);
  });

  test("shows its secrets in no argument list, and starts no process", async () => {
    const { child, ended } = await waitingProcess("");
    const commandLines = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((id) => commandLineOf(id));
    expect(commandLines.some((line) => line.includes("script.cjs"))).toBe(true);
    expect(commandLines.filter((line) => line.includes(SECRET))).toEqual([]);
    const threads = readdirSync(`/proc/${child.pid}/task`);
    const children = threads.map((thread) =>
      readFileSync(`/proc/${child.pid}/task/${thread}/children`, "utf8"),
    );
    expect(children.join("")).toBe("");
    child.kill("SIGKILL");
    await ended;
  });

  test("has its handlers of signals again after the wait, each as often as before", async () => {
    const ended = await script(
      `${listing()}
      const calls = [];
      process.on("SIGINT", () => calls.push("first"));
      process.once("SIGINT", () => calls.push("once"));
      const removed = () => calls.push("removed");
      process.on("SIGINT", removed);
      const listings = new DeferredListings();
      listings.begin([request("dev")]);
      tell(listings.wait("dev"));
      process.off("SIGINT", removed);
      const press = (then) => { process.kill(process.pid, "SIGINT"); setTimeout(then, 200); };
      press(() => press(() => { console.log(calls.join()); process.exit(); }));`,
      await service(),
    );
    expect(ended).toEqual({ code: 0, stdout: "n1\nfirst,once,first\n", stderr: "" });
  });

  /** A process that waits for a service that hangs. */
  async function waitingProcess(before: string) {
    const project = new TestProject({});
    project.write(
      "script.cjs",
      `${listing()}
      ${before}
      const listings = new DeferredListings();
      listings.begin([request("prod")]);
      require("node:fs").writeSync(1, "waiting\\n");
      tell(listings.wait("prod"));`,
    );
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { variables } = await serve(() => arrive());
    const child = spawn(process.execPath, ["script.cjs"], {
      cwd: project.directory,
      env: { ...process.env, ...variables, HW_SECRET_KEY: SECRET },
      stdio: ["ignore", "pipe", "pipe"],
    });
    closing({ close: async () => child.kill("SIGKILL") });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output.stderr += chunk;
    });
    const ended = new Promise((resolve) => {
      child.on("close", (_, signal) => resolve({ signal, ...output }));
    });
    await arrived;
    return { child, ended };
  }

  function commandLineOf(id: string): string {
    try {
      return readFileSync(`/proc/${id}/cmdline`, "utf8");
    } catch {
      return "";
    }
  }
});

describe("a listing thread that breaks is a typed error:", () => {
  test.each<[string, string | undefined, RegExp, string?]>([
    ["a file that is missing", undefined, /ended by an error: Cannot find module/],
    ["a file that is no program", "}{", /ended by an error: Unexpected token/],
    ["an error while it loads", "throw new Error('boom')", /ended by an error: boom/],
    [
      "an error later",
      "exports.openListings = async () => { setTimeout(() => { throw new Error('late'); }, 100); return new Promise(() => {}); }",
      /ended by an error: late/,
    ],
    ["an end of its own", "process.exit(3)", /ended without an error/],
    [
      "a wait without end",
      "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
      /gave no sign of life for 1 s/,
      "{ limits: { silence: 1000, total: 60_000 } }",
    ],
  ])("%s", async (_, source, message, options = "") => {
    const project = new TestProject({});
    const library = project.path("lib");
    cpSync(join(ROOT, "lib"), library, { recursive: true });
    const file = "lib/catalog/listing-source.js";
    if (source === undefined) rmSync(project.path(file));
    else project.write(file, source);
    const ended = await project.script(
      `${listing(library)}
      const listings = new DeferredListings(${options});
      for (const attempt of [1, 2]) {
        const environment = "attempt-" + attempt;
        listings.begin([request(environment)]);
        tell(listings.wait(environment));
      }`,
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const lines = ended.stdout.trim().split(/\n(?=ListingThreadError)/);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(message);
      expect(line).toMatch(/^ListingThreadError .*prefetch\(app, \{ eager: true \}\)\.$/s);
    }
  });
});

describe("the listing thread works", () => {
  /** An app that lists deferred, and says how often it began. */
  const app = (library: string) => `
    ${listing(library)}
    require("node:fs").writeSync(1, "begun\\n");
    (async () => {
      if (isListingThread()) await becomeListingThread();
      const listings = new DeferredListings();
      listings.begin([request("dev")]);
      tell(listings.wait("dev"));
    })();`;

  test("bundled into one file, whose beginning runs twice", async () => {
    const project = bundled(app(join(ROOT, "lib")));
    expect(await node(project, ["bundle.cjs"], await service())).toEqual({
      code: 0,
      stdout: "begun\nbegun\nn1\n",
      stderr: "",
    });
  });

  test("bundled by an app that only calls prefetch, whose lookup lists an environment with a lock file", async () => {
    const project = bundled(`
      const { App, TerraformStack } = require(${JSON.stringify(join(ROOT, "node_modules/cdktf"))});
      const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require(${JSON.stringify(join(ROOT, "lib"))});
      (async () => {
        const app = new App();
        await WorkspaceImageCatalog.prefetch(app);
        const stack = new TerraformStack(app, "stack");
        console.log(new DataHuaweicloudWorkspaceImage(stack, "new", { name: "N 1" }).id);
        app.synth();
      })();`);
    const environments = { dev: { region: REGION, projectId: "dev" } };
    project.write("cdktf.json", JSON.stringify({ context: { workspaceImages: { environments } } }));
    writePins(project, "dev", { other: pinOf("o") }, { region: REGION, projectId: "dev" });
    const ended = await node(project, ["--no-deprecation", "bundle.cjs"], await service());
    expect(ended).toEqual({ code: 0, stdout: "n1\n", stderr: "" });
    expect(Object.keys(project.readLock("dev").pins)).toEqual(["new", "other"]);
  });

  test("bundled and minified, with errors of their classes", async () => {
    const project = bundled(app(join(ROOT, "lib")), { minify: true });
    const { stdout } = await node(project, ["bundle.cjs"], { ...(await service()), HW_MAX_RETRIES: "many" });
    expect(stdout).toContain("HW_MAX_RETRIES is");
    expect(stdout).not.toContain("thread");
  });

  test("bundled with its file beside the bundle, whose beginning then runs once", async () => {
    const project = bundled(app(join(ROOT, "lib")));
    buildSync({
      entryPoints: [join(ROOT, "lib/catalog/listing-thread.js")],
      bundle: true,
      platform: "node",
      outfile: project.path("listing-thread.js"),
    });
    expect((await node(project, ["bundle.cjs"], await service())).stdout).toBe("begun\nn1\n");
  });

  test("bundled into an app that fails before it prefetches, as a typed error", async () => {
    const project = bundled(`
      const { isMainThread } = require("node:worker_threads");
      ${app(join(ROOT, "lib")).replace("if (isListingThread", 'if (!isMainThread) throw new Error("twice"); if (isListingThread')}`);
    const { stdout } = await node(project, ["bundle.cjs"], await service());
    expect(stdout).toMatch(/ListingThreadError .* ended by an error: twice/);
  });

  test("from sources, under tsx", async () => {
    const project = new TestProject({});
    project.write("app.ts", app(join(ROOT, "src")));
    const tsx = require.resolve("tsx/cli");
    expect(await node(project, [tsx, "app.ts"], await service())).toMatchObject({
      code: 0,
      stdout: "begun\nn1\n",
    });
  });

  test.each([["-i"], ["--maxWorkers=2"]])(
    "in a user's Jest with %s and no flags of Node, fake timers and an emulator included",
    async (flag) => {
      const project = new TestProject({});
      project.write("jest.config.js", "module.exports = {};");
      for (const name of ["one", "two"]) {
        project.write(
          `${name}.test.js`,
          `${listing()}
          const { WorkspaceEmulator } = require(${JSON.stringify(join(ROOT, "lib/emulator"))});
          const { ConfigurationError } = require(${JSON.stringify(ROOT)});
          test("a listing", async () => {
            const emulator = await WorkspaceEmulator.start();
            Object.assign(process.env, emulator.variables);
            jest.useFakeTimers({ now: 0 });
            const listings = new DeferredListings();
            listings.begin([
              { environment: { name: "dev", region: "cn-north-4" }, queries: [{}] },
              { environment: { name: "none" }, queries: [{}] },
            ]);
            const { place, listings: [{ images }] } = listings.wait("dev");
            expect(place).toStrictEqual({ region: "cn-north-4", projectId: emulator.projectId("cn-north-4") });
            expect(images.length).toBeGreaterThan(5);
            expect(images).toBeInstanceOf(Array);
            expect(listings.wait("none").error).toBeInstanceOf(ConfigurationError);
            jest.useRealTimers();
            await emulator.close();
          });`,
        );
      }
      const jest = join(ROOT, "node_modules/jest/bin/jest.js");
      // What Jest compiles stays the same from run to run, unlike the temporary folder.
      const cache = join(ROOT, "node_modules/.cache/jest-of-a-user");
      const { code, stderr } = await node(project, [jest, flag, "--ci", "--cacheDirectory", cache], {});
      expect(stderr).toContain("Tests:       2 passed, 2 total");
      // Whether its workers end within the half second that it gives them is a matter of the machine.
      expect(stderr).not.toContain("did not exit");
      expect(code).toBe(0);
    },
  );

  function bundled(code: string, options: { minify?: boolean } = {}): TestProject {
    const project = new TestProject({});
    project.write("app.cjs", code);
    buildSync({
      entryPoints: [project.path("app.cjs")],
      bundle: true,
      platform: "node",
      outfile: project.path("bundle.cjs"),
      logLevel: "error",
      ...options,
    });
    return project;
  }

  function node(
    project: TestProject,
    args: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<Ended> {
    return run(process.execPath, args, { cwd: project.directory, variables });
  }
});

test("a process with an emulator lives until that is closed, and ends then", async () => {
  const ended = await script(
    `const { WorkspaceEmulator } = require(${JSON.stringify(join(ROOT, "lib/emulator"))});
    WorkspaceEmulator.start().then((emulator) => {
      setTimeout(() => { console.log("closing"); emulator.close(); }, 300).unref();
    });`,
    {},
  );
  expect(ended).toEqual({ code: 0, stdout: "closing\n", stderr: "" });
});
