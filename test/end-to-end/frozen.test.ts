import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DataHuaweicloudWorkspaceImage,
  DataHuaweicloudWorkspaceImages,
  type Mode,
  WorkspaceImageCatalog,
} from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { rejection, thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { ROOT, run, TestProject } from "../support/project";
import { enter, openApp, restoreProcess } from "../support/synth";

restoreProcess();
/** Every file of a folder, by its path. */
function filesOf(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    names
      .filter((name) => statSync(join(directory, name)).isFile())
      .map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

const scratch = () => mkdtempSync(join(tmpdir(), "workspace-images-frozen-"));

describe("the example app, frozen", () => {
  /** Makes every attempt to reach a network fail, in every process that is started, and records it. */
  const NO_NETWORK = `
    const { appendFileSync } = require("node:fs");
    const refuse = (what) => {
      appendFileSync(process.env.ATTEMPTS, what + " by " + process.argv.join(" ") + "\\n");
      return Object.assign(new Error("no network: " + what), { code: "ENETUNREACH" });
    };
    const net = require("node:net");
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (...args) {
      const [options] = Array.isArray(args[0]) ? args[0] : args;
      // Pipes stay on this machine: tsx talks to the process that it runs.
      const path = typeof options === "object" ? options.path : Number.isNaN(Number(options)) && options;
      if (path) return connect.apply(this, args);
      const error = refuse("connect");
      process.nextTick(() => this.destroy(error));
      return this;
    };
    const dns = require("node:dns");
    for (const owner of [dns, dns.promises]) {
      for (const name of Object.keys(owner).filter((name) => /^(lookup|resolve)/.test(name))) {
        owner[name] = () => { throw refuse(name); };
      }
    }
    require("node:dgram").Socket.prototype.send = () => { throw refuse("send"); };
  `;
  const place = scratch();
  const attempts = join(place, "attempts");
  const preload = join(place, "no-network.cjs");
  writeFileSync(preload, NO_NETWORK);

  const cdktfSynth = async (output: string) => {
    writeFileSync(attempts, "");
    const ended = await run(
      process.execPath,
      [join(ROOT, "node_modules/.bin/cdktf"), "synth", "--output", output],
      {
        cwd: ROOT,
        variables: { CI: "true", ATTEMPTS: attempts, NODE_OPTIONS: `--require ${preload}` },
      },
    );
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("dev, prod, staging") });
    return filesOf(output);
  };
  /** Runs the app as cdktf does, under one version of Node. */
  const synthUnder = async (node: string) => {
    const output = scratch();
    const ended = await run(node, ["--import", "tsx", "main.ts"], {
      cwd: ROOT,
      variables: { CI: "true", CDKTF_OUTDIR: output },
    });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    return filesOf(output);
  };

  let first: Map<string, string>;
  beforeAll(async () => {
    first = await cdktfSynth(scratch());
  });

  test("is synthesized by the real command line where no connection is possible, and attempts none", () => {
    expect(readFileSync(attempts, "utf8")).toBe("");
    expect([...first.keys()]).toEqual([
      "manifest.json",
      "stacks/dev/cdk.tf.json",
      "stacks/prod/cdk.tf.json",
      "stacks/staging/cdk.tf.json",
    ]);
    const { pins } = JSON.parse(readFileSync(join(ROOT, "workspace-images/prod.lock.json"), "utf8"));
    const { resource } = JSON.parse(first.get("stacks/prod/cdk.tf.json")!);
    expect(resource.huaweicloud_workspace_desktop["office-alice"].image_id).toBe(
      pins["office-windows"].images[0].id,
    );
  });

  test("runs where no connection can be made", async () => {
    const emulator = await WorkspaceEmulator.start();
    const fetching = `fetch("${emulator.url}").then(() => process.exit(6), () => process.exit(7))`;
    const fetchWith = (NODE_OPTIONS: string) =>
      run(process.execPath, ["-e", fetching], {
        cwd: place,
        variables: { ATTEMPTS: attempts, NODE_OPTIONS },
      });
    expect((await fetchWith("")).code).toBe(6);
    expect((await fetchWith(`--require ${preload}`)).code).toBe(7);
    expect(readFileSync(attempts, "utf8")).toContain("connect by ");
    await emulator.close();
  });

  test("leaves the committed lock files as they are", async () => {
    const locks = filesOf(join(ROOT, "workspace-images"));
    await synthUnder(process.execPath);
    expect(filesOf(join(ROOT, "workspace-images"))).toEqual(locks);
  });

  test("is the same, byte for byte, in a second run", async () => {
    expect(await cdktfSynth(scratch())).toEqual(first);
  });

  describe("on other versions of Node", () => {
    const nodeOf = (version: number) => {
      if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
      const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
      const prefix = join(ROOT, `node_modules/.cache/node-${version}`);
      const binary = join(
        prefix,
        "node_modules",
        name,
        "bin",
        process.platform === "win32" ? "node.exe" : "node",
      );
      if (!existsSync(binary)) {
        execFileSync("npm", ["install", "--prefix", prefix, "--no-save", `${name}@${version}`], {
          stdio: "pipe",
        });
      }
      return binary;
    };
    beforeAll(() => [20, 22, 24].map(nodeOf), 300_000);

    test.each([20, 22, 24])("it is the same on Node %d, byte for byte", async (version) => {
      const ended = await run(nodeOf(version), ["--version"], { cwd: ROOT });
      expect(ended.stdout).toMatch(new RegExp(`^v${version}\\.`));
      expect(await synthUnder(nodeOf(version))).toEqual(first);
    });
  });
});

describe("mode frozen", () => {
  const project = new TestProject({ dev: { region: "cn-north-4" } });
  writePins(project, "dev", {
    windows: pinOf("win", { filter: { imageType: "gold", nameRegex: "^Windows_11", mostRecent: true } }),
  });

  const SCRIPT = `
    const { App, TerraformStack } = require("cdktf");
    const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require("${ROOT}");
    (async () => {
      const app = new App();
      await WorkspaceImageCatalog.prefetch(app);
      new DataHuaweicloudWorkspaceImage(new TerraformStack(app, "stack"), "windows", {
        imageType: "gold", nameRegex: "^Windows_11", mostRecent: true,
      });
      app.synth();
      const clients = Object.keys(require.cache).filter((file) => /\\bundici\\b|lib.api.(http|workspace-client)\\.js/.test(file));
      console.log(JSON.stringify(clients));
    })();
  `;

  test("loads no HTTP client, and needs no credentials", async () => {
    const { code, stdout, stderr } = await project.script(SCRIPT, { CI: "true" });
    expect({ code, stderr, clients: JSON.parse(stdout) }).toEqual({ code: 0, stderr: "", clients: [] });
  });

  test("mode auto loads no HTTP client either where everything is pinned", async () => {
    const { code, stdout } = await project.script(SCRIPT, {
      WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9",
    });
    expect({ code, clients: JSON.parse(stdout) }).toEqual({ code: 0, clients: [] });
  });

  test("an environment without a lock file does load the HTTP client, in mode auto", async () => {
    const { stdout, stderr } = await new TestProject({ dev: { region: "cn-north-4" } }).script(
      SCRIPT.replace("app.synth();", "").replace("new DataHuaweicloudWorkspaceImage(", "void ("),
      { WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9" },
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("undici");
    expect(stdout).toContain("workspace-client.js");
  });

  test("takes the pin, whatever the service has", async () => {
    const emulator = await WorkspaceEmulator.start();
    enter(project, { ...emulator.variables, CI: "true" });
    const { stack } = await openApp();
    const filter = { imageType: "gold", nameRegex: "^Windows_11", mostRecent: true };
    expect(new DataHuaweicloudWorkspaceImage(stack, "windows", filter).id).toBe("win");
    expect(emulator.requests).toEqual([]);
    await emulator.close();
  });

  test("an unpinned lookup is an error that says what to run and what to commit", async () => {
    enter(project, { CI: "true" });
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImages(stack, "linux", { osType: "Linux" }));
    expect(error).toMatchObject({ name: "NotPinnedError", code: "NOT_PINNED" });
    expect(error.message).toBe(
      'stack/linux (environment "dev"): no pin "linux" in workspace-images/dev.lock.json, and mode frozen asks no one. Run cdktf synth where the environment can be reached (outside a pipeline, or with WORKSPACE_IMAGES_MODE=auto), then commit workspace-images/dev.lock.json.',
    );
  });

  test("a lookup of an environment without a lock file is an error that says what to run", async () => {
    const empty = new TestProject({ dev: {}, prod: {} });
    enter(empty, { CI: "true" });
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "x", { environment: "prod" }));
    expect(error.message).toContain(
      `stack/x (environment "prod"): no pin "x" in workspace-images/prod.lock.json, which is not in ${empty.directory}, and mode frozen`,
    );
  });

  test("an edited filter is an error that says what was edited", async () => {
    enter(project, { CI: "true" });
    const { stack } = await openApp();
    const edited = { imageType: "gold", nameRegex: "^Windows_10", osType: "Windows", pinName: "windows" };
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "w", edited));
    expect(error).toMatchObject({ name: "PinFilterChangedError", code: "PIN_FILTER_CHANGED" });
    expect(error.message).toContain(
      'stack/w (environment "dev"): the question was changed after pin "windows"',
    );
    expect(error.message).toContain(
      '(mostRecent true → none, nameRegex "^Windows_11" → "^Windows_10", osType none → "Windows")',
    );
    expect(error.message).toContain("then commit workspace-images/dev.lock.json");
  });

  test("a filter that is written in another order, or with what is the default, is not an edited one", async () => {
    enter(project, { CI: "true" });
    const { stack } = await openApp();
    const same = { mostRecent: true, allowAnyImageType: false, nameRegex: "^Windows_11", imageType: "gold" };
    expect(new DataHuaweicloudWorkspaceImage(stack, "windows", same).id).toBe("win");
  });

  test("one image and all images are different questions", async () => {
    enter(project, { CI: "true" });
    writePins(project, "dev", { all: pinOf([image({ id: "a" })]) });
    const { stack } = await openApp();
    expect(
      thrown(() => new DataHuaweicloudWorkspaceImage(stack, "all", { imageType: "gold" })).message,
    ).toContain("(all images → one image)");
  });
});

describe("the mode", () => {
  const project = new TestProject({ dev: { region: "cn-north-4", projectId: "p" } });
  const modeWith = async (variables: Record<string, string>, mode?: Mode) => {
    enter(project, { WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9", ...variables });
    const { app } = await openApp(mode && { mode });
    return WorkspaceImageCatalog.of(app).mode;
  };

  test.each<[Record<string, string>, Mode | undefined, Mode]>([
    [{}, undefined, "auto"],
    [{ CI: "true" }, undefined, "frozen"],
    [{ CI: "1" }, undefined, "frozen"],
    [{ CI: "woodpecker" }, undefined, "frozen"],
    [{ CI: "" }, undefined, "auto"],
    [{ CI: "false" }, undefined, "auto"],
    [{ CI: "0" }, undefined, "auto"],
    [{ CI: "true", WORKSPACE_IMAGES_MODE: "auto" }, undefined, "auto"],
    [{ WORKSPACE_IMAGES_MODE: "frozen" }, undefined, "frozen"],
    [{ CI: "true", WORKSPACE_IMAGES_MODE: "" }, undefined, "frozen"],
    [{ CI: "true" }, "auto", "auto"],
    [{ WORKSPACE_IMAGES_MODE: "auto" }, "frozen", "frozen"],
  ])("with %j and the option %j is %s", async (variables, option, mode) => {
    expect(await modeWith(variables, option)).toBe(mode);
  });

  test("that is another word is an error that says where it stands", async () => {
    const error = await rejection(modeWith({ WORKSPACE_IMAGES_MODE: "forzen" }));
    expect(error).toMatchObject({ code: "CONFIGURATION" });
    expect(error.message).toBe(
      'The mode "forzen" (WORKSPACE_IMAGES_MODE) is unknown: use "frozen" or "auto".',
    );
    expect((await rejection(modeWith({}, "off" as Mode))).message).toContain("(option mode)");
  });
});

describe("the mode of a process without CI", () => {
  const project = new TestProject({ dev: { region: "cn-north-4" } });
  writePins(project, "dev", { windows: pinOf("win") });
  const SCRIPT = `
    const { App } = require("cdktf");
    const { WorkspaceImageCatalog } = require("${ROOT}");
    WorkspaceImageCatalog.prefetch(new App()).then(({ mode }) => console.log(mode));`;

  test.each<[string, Record<string, string>, Mode]>([
    ["Azure Pipelines", { TF_BUILD: "True" }, "frozen"],
    ["AWS CodeBuild", { CODEBUILD_BUILD_ARN: "arn:aws:codebuild:x" }, "frozen"],
    ["TeamCity", { TEAMCITY_VERSION: "2025.07" }, "frozen"],
    ["Jenkins", { JENKINS_URL: "https://jenkins.example.com", BUILD_ID: "17" }, "frozen"],
    ["Huawei CodeArts", { BUILDNUMBER: "20261125.1", INCREASENUM: "1" }, "frozen"],
    ["Azure Pipelines that says CI=false", { TF_BUILD: "True", CI: "false" }, "auto"],
    [
      "Jenkins with the variable of the mode",
      { JENKINS_URL: "x", BUILD_ID: "17", WORKSPACE_IMAGES_MODE: "auto" },
      "auto",
    ],
    ["no pipeline", {}, "auto"],
  ])("in %s is what it must be", async (_, variables, mode) => {
    expect(await project.script(SCRIPT, variables)).toEqual({ code: 0, stdout: `${mode}\n`, stderr: "" });
  });
});

test("the images of a pin are those that were pinned, field by field", async () => {
  const project = new TestProject({ dev: {} });
  writePins(project, "dev", { windows: pinOf(image({ id: "win", kmsId: "key", minRam: 4096 })) });
  enter(project, { CI: "true" });
  const { stack } = await openApp();
  expect(new DataHuaweicloudWorkspaceImage(stack, "windows", { imageType: "gold" }).image).toEqual(
    image({ id: "win", kmsId: "key", minRam: 4096 }),
  );
});
