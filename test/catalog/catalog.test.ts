import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import {
  ConfigurationError,
  DataHuaweicloudWorkspaceImage,
  DataHuaweicloudWorkspaceImages,
  EnvironmentUnavailableError,
  WorkspaceImageCatalog,
} from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { rejection, thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { ROOT, run, TestProject } from "../support/project";
import { serve } from "../support/server";
import { enter, notesOf, openApp, restoreProcess, synthesize } from "../support/synth";

restoreProcess();
const NORTH = "cn-north-4";
const SOUTH = "cn-south-1";
const NOWHERE = { WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9", HW_AUTH_URL: "http://127.0.0.1:9/v3" };

let emulator: WorkspaceEmulator;
beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: {
      [NORTH]: [image({ id: "n1" }), image({ id: "n2", createdAt: "2025-02-01T00:00:00Z" })],
      [SOUTH]: [image({ id: "s1" })],
    },
  });
});
afterEach(() => emulator.close());

const one = (scope: Construct, id: string, environment?: string) =>
  new DataHuaweicloudWorkspaceImage(scope, id, {
    imageType: "gold",
    mostRecent: true,
    ...(environment && { environment }),
  });
const cdktfSynth = (project: TestProject, variables: Readonly<Record<string, string>>) =>
  run(process.execPath, [join(ROOT, "node_modules/.bin/cdktf"), "synth"], {
    cwd: project.directory,
    variables: { NODE_PATH: join(ROOT, "node_modules"), ...variables },
  });
const listed = () =>
  emulator.requests
    .filter(({ service, query }) => service === "images" && query.offset !== "0")
    .map(({ path }) => path);

describe("the environment of a lookup", () => {
  const images = { dev: [image({ id: "d" })], prod: [image({ id: "p" })] };

  test("is its own, else that of the nearest scope", () => {
    const app = new App();
    WorkspaceImageCatalog.fromImages(app, images);
    const stack = new TerraformStack(app, "stack");
    WorkspaceImageCatalog.setEnvironment(stack, "dev");
    const inner = new Construct(stack, "inner");
    expect(one(inner, "a").id).toBe("d");
    expect(one(inner, "b", "prod").id).toBe("p");
    WorkspaceImageCatalog.setEnvironment(inner, "prod");
    expect(one(inner, "c").id).toBe("p");
    expect(one(new Construct(inner, "deeper"), "d").id).toBe("p");
    expect(one(stack, "e").id).toBe("d");
  });

  test("of given images may lack what the service decides: a filter on it is taken to hold", () => {
    const app = new App();
    WorkspaceImageCatalog.fromImages(app, { dev: [{ id: "bare" }, { id: "linux", osType: "Linux" }] });
    const windows = { osType: "Windows", architecture: "x86", platform: "Windows" };
    const stack = new TerraformStack(app, "stack");
    expect(new DataHuaweicloudWorkspaceImage(stack, "a", windows).id).toBe("bare");
  });

  test("is the only one, where there is one", () => {
    const app = new App();
    WorkspaceImageCatalog.fromImages(app, { dev: images.dev });
    expect(one(new TerraformStack(app, "stack"), "a").id).toBe("d");
  });
});

/** An app with one lookup, in the only environment. */
const SCRIPT = `
  const { App, TerraformOutput, TerraformStack } = require("cdktf");
  const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require("${ROOT}");
  (async () => {
    const app = new App();
    await WorkspaceImageCatalog.prefetch(app);
    const stack = new TerraformStack(app, "stack");
    const { id } = new DataHuaweicloudWorkspaceImage(stack, "x", { imageType: "gold", mostRecent: true });
    new TerraformOutput(stack, "image", { value: id });
    app.synth();
    console.log(id);
  })();`;

describe("environments", () => {
  test.each([".", "infra/desktops"])(
    "are those of cdktf.json for a program that node starts in %s",
    async (folder) => {
      const project = new TestProject({ dev: { region: NORTH } });
      project.write(`${folder}/app.cjs`, SCRIPT);
      const variables = { ...emulator.variables, NODE_PATH: join(ROOT, "node_modules") };
      const ended = await run(process.execPath, ["app.cjs"], { cwd: project.path(folder), variables });
      expect(ended).toEqual({ code: 0, stdout: "n2\n", stderr: "" });
      expect(project.readLock("dev")).toMatchObject({
        region: NORTH,
        pins: { x: { images: [{ id: "n2" }] } },
      });
    },
  );

  test("are those of the app's context, which the command line fills from cdktf.json", async () => {
    enter(new TestProject({ dev: { region: SOUTH } }), emulator.variables);
    const context = { workspaceImages: { environments: { test: { region: NORTH } } } };
    const app = new App({ context });
    expect((await WorkspaceImageCatalog.prefetch(app)).environments).toEqual(["test"]);
  });

  test("are those of the option, before all others", async () => {
    enter(new TestProject({ dev: { region: SOUTH } }), emulator.variables);
    const { app } = await openApp({ environments: { option: { region: NORTH } } });
    expect(WorkspaceImageCatalog.of(app).environments).toEqual(["option"]);
  });

  test("are refused beside lookups in a file, also without a cdktf.json: an app's lookups stand in the app", async () => {
    const project = new TestProject({});
    rmSync(project.path("cdktf.json"));
    project.write("workspace-images.json", JSON.stringify({ environments: { dev: {} }, lookups: {} }));
    enter(project, emulator.variables);
    const error = await rejection(openApp());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("the lookups of an app stand in the app");
    // What a test of the app pins in a folder of its own is no matter of that file.
    const options = { directory: project.path("own"), environments: { dev: { region: NORTH } } };
    await expect(openApp(options)).resolves.toBeDefined();
  });

  test("are listed side by side", async () => {
    // The first answer waits for the last request: one after the other, they would wait for ever.
    const waiting: (() => void)[] = [];
    const { url } = await serve((_request, response) => {
      waiting.push(() => response.end('{"images":[],"total_count":0}'));
      if (waiting.length === 8) for (const answer of waiting) answer();
    });
    const environments = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [
        `env${index}`,
        { region: NORTH, projectId: `project-${index}` },
      ]),
    );
    enter(new TestProject(environments), {
      ...emulator.variables,
      WORKSPACE_IMAGES_ENDPOINT: url,
    });
    const { stack } = await openApp();
    for (const environment of Object.keys(environments)) {
      expect(new DataHuaweicloudWorkspaceImages(stack, environment, { environment }).ids).toEqual([]);
    }
  });

  test("in one region and project are listed once, and their project is asked for once", async () => {
    const project = new TestProject({ a: { region: NORTH }, b: { region: NORTH }, c: { region: SOUTH } });
    enter(project, emulator.variables);
    await openApp();
    expect(listed().sort()).toEqual(
      [SOUTH, NORTH].map((region) => `/v2/${emulator.projectId(region)}/images`).sort(),
    );
    expect(emulator.requests.filter(({ service }) => service === "iam")).toHaveLength(2);
  });

  test("in one project are listed once, also where only one lock file knows the project", async () => {
    const project = new TestProject({ dev: { region: NORTH }, staging: { region: NORTH } });
    writePins(project, "dev", { x: pinOf("n1") }, { region: NORTH, projectId: emulator.projectId(NORTH) });
    enter(project, emulator.variables);
    await openApp();
    expect(listed()).toHaveLength(1);
  });
});

test.each(["platform", "packageType"] as const)(
  "%s, which no field shows, is decided by the service",
  async (key) => {
    const catalog = await WorkspaceEmulator.start();
    const project = new TestProject({ dev: { region: NORTH }, prod: { region: SOUTH } });
    // One has a lock file, and is listed when a lookup needs it; the other is listed beforehand.
    const place = { region: NORTH, projectId: catalog.projectId(NORTH) };
    writePins(project, "dev", { other: pinOf("n1") }, place);
    enter(project, catalog.variables);
    const { stack } = await openApp();
    const wanted = { platform: "Ubuntu", packageType: "server" }[key];
    const right = catalog.images(NORTH).filter((image) => image[key] === wanted);
    for (const environment of ["dev", "prod"]) {
      const filter = { [key]: wanted, environment };
      const { images } = new DataHuaweicloudWorkspaceImages(stack, environment, filter);
      expect(images.map(({ name }) => name).sort()).toEqual(right.map(({ name }) => name).sort());
      expect(images.length).toBeGreaterThan(0);
    }
    await catalog.close();
  },
);

describe("a new pin", () => {
  beforeEach(() => enter(new TestProject({ dev: { region: NORTH } }), emulator.variables));

  test("is reported once, in the run that takes it", async () => {
    const build = (stack: TerraformStack) => {
      one(stack, "windows");
      new DataHuaweicloudWorkspaceImage(stack, "again", {
        pinName: "windows",
        imageType: "gold",
        mostRecent: true,
      });
    };
    const { notes } = await synthesize(build);
    expect(notes).toEqual([
      {
        path: "stack/windows",
        level: "info",
        message:
          'New pin "windows": image-n2 (n2, gold, created 2025-02-01T00:00:00Z). Once the synth has succeeded, commit workspace-images/dev.lock.json.',
      },
    ]);
    expect((await synthesize(build)).notes).toEqual([]);
  });

  test("is told by the real command line, once, and serves a frozen synth that gives the same", async () => {
    const project = new TestProject({ dev: { region: NORTH } }, { app: "node app.cjs" });
    project.write("app.cjs", SCRIPT);
    const first = await cdktfSynth(project, emulator.variables);
    expect(first).toMatchObject({ code: 0 });
    expect((first.stdout + first.stderr).split('New pin "x": image-n2 (n2')).toHaveLength(2);
    const stack = project.read("cdktf.out/stacks/stack/cdk.tf.json");
    const lock = project.read("workspace-images/dev.lock.json");
    emulator.publish(NORTH, image({ id: "n3", createdAt: "2026-01-01T00:00:00Z" }));
    const second = await cdktfSynth(project, { CI: "true" });
    expect(second).toMatchObject({ code: 0, stdout: expect.not.stringContaining("New pin") });
    expect(project.read("cdktf.out/stacks/stack/cdk.tf.json")).toBe(stack);
    expect(stack).toContain('"value": "n2"');
    expect(project.read("workspace-images/dev.lock.json")).toBe(lock);
  });

  test("of no image is reported as one", async () => {
    const { notes } = await synthesize(
      (stack) => new DataHuaweicloudWorkspaceImages(stack, "linux", { osType: "Linux" }),
    );
    expect(notes.map(({ message }) => message)).toEqual([
      'New pin "linux": no image. Once the synth has succeeded, commit workspace-images/dev.lock.json.',
    ]);
  });

  test("that was taken outside every stack is reported where the command line looks: in a stack", async () => {
    const app = new App();
    await WorkspaceImageCatalog.prefetch(app);
    const shared = one(app, "shared");
    new TerraformStack(app, "stack");
    app.synth();
    expect(shared.id).toBe("n2");
    const inStack = notesOf(app).filter(({ path }) => path.startsWith("stack"));
    expect(inStack).toMatchObject([{ level: "info", message: expect.stringContaining('New pin "shared"') }]);
  });

  test("is none for a catalog of given images: nothing is reported or written", () => {
    const app = new App();
    WorkspaceImageCatalog.fromImages(app, { dev: [image({ id: "given" })] });
    expect(one(new TerraformStack(app, "stack"), "x").id).toBe("given");
    app.synth();
    expect(notesOf(app)).toEqual([]);
    expect(existsSync("workspace-images")).toBe(false);
  });
});

describe("an environment that cannot be reached", () => {
  let project: TestProject;
  beforeEach(() => {
    project = new TestProject(
      { dev: { region: NORTH, projectId: "project-dev" }, prod: { region: SOUTH } },
      { app: "node app.cjs" },
    );
    writePins(project, "dev", { x: pinOf("pinned-x"), y: pinOf("pinned-y") });
  });
  const pinned = (stack: Construct, pinName: string, id = pinName) =>
    new DataHuaweicloudWorkspaceImage(stack, id, { environment: "dev", pinName, imageType: "gold" });
  const both = (stack: TerraformStack) => [pinned(stack, "x").id, pinned(stack, "y").id];

  test.each([
    ["refuses connections", { ...NOWHERE, HW_ACCESS_KEY: "AK", HW_SECRET_KEY: "canary-secret" }],
    ["has no credentials", NOWHERE],
  ])("serves its pins without a word where it %s", async (_, variables) => {
    enter(project, variables);
    const { built, notes } = await synthesize(both);
    expect(built).toEqual(["pinned-x", "pinned-y"]);
    expect(notes).toEqual([]);
  });

  test("does not keep others from being listed", async () => {
    const path = `/v2/project-dev/images`;
    emulator.inject({ on: (request) => request.path === path, status: 403, shape: "gateway" });
    enter(project, emulator.variables);
    const { built, notes } = await synthesize((stack) => [
      pinned(stack, "x").id,
      one(stack, "new", "prod").id,
    ]);
    expect(built).toEqual(["pinned-x", "s1"]);
    expect(notes.map(({ level }) => level)).toEqual(["info"]);
  });

  test("says nothing where no one asks for it", async () => {
    enter(project, { ...emulator.variables, ...NOWHERE });
    expect((await synthesize(() => {})).notes).toEqual([]);
  });

  test("fails only the lookup that needs the listing, with the whole command that pins it elsewhere", async () => {
    enter(project, { ...emulator.variables, ...NOWHERE });
    const { app, stack } = await openApp();
    const fresh = thrown(
      () =>
        new DataHuaweicloudWorkspaceImage(stack, "fresh", {
          environment: "dev",
          imageType: "gold",
          nameRegex: "^Windows (11|12)'s",
          mostRecent: true,
        }),
    );
    expect(fresh).toBeInstanceOf(EnvironmentUnavailableError);
    expect(fresh.message).toMatch(
      /there is no pin "fresh" yet, and the images could not be listed\. GET .* refused/,
    );
    expect(fresh.message).toContain(
      "workspace-images pin fresh --env dev --image-type gold --most-recent --name-regex '^Windows (11|12)'\\''s'",
    );
    expect(pinned(stack, "y").id).toBe("pinned-y");
    const before = project.read("workspace-images/dev.lock.json");
    app.synth();
    expect(project.read("workspace-images/dev.lock.json")).toBe(before);
  });

  test("loses nothing that was taken for others in the same run: it is written first", async () => {
    emulator.inject({ on: ({ path }) => path === "/v2/project-dev/images", status: 403, shape: "gateway" });
    enter(project, emulator.variables);
    const { stack } = await openApp();
    expect(one(stack, "new", "prod").id).toBe("s1");
    const error = thrown(() => one(stack, "other", "dev"));
    expect(error).toMatchObject({ code: "ENVIRONMENT_UNAVAILABLE", cause: { status: 403 } });
    expect(error.message).toContain(
      "The new pins of other environments were written, commit them: workspace-images/prod.lock.json.",
    );
    expect(project.readLock("prod").pins.new.images).toMatchObject([{ id: "s1" }]);
  });

  test("is not waited for where nobody asks it", async () => {
    // It takes connections and never answers.
    const { url } = await serve(() => {});
    enter(project, { ...emulator.variables, WORKSPACE_IMAGES_ENDPOINT: url });
    writePins(project, "prod", { z: pinOf("pinned-z") }, { region: SOUTH, projectId: "p" });
    expect((await synthesize(both)).built).toEqual(["pinned-x", "pinned-y"]);
  });
});

describe("the age of a pin", () => {
  test.each(["auto", "frozen"] as const)("is no matter for a synth, in mode %s", async (mode) => {
    const project = new TestProject({ dev: { region: NORTH, maxPinAgeDays: 1 } });
    writePins(project, "dev", { x: pinOf("old", { pinnedAt: "2019-01-01T00:00:00Z" }) });
    enter(project, emulator.variables);
    const { built, notes } = await synthesize(
      (stack) => new DataHuaweicloudWorkspaceImage(stack, "x", { imageType: "gold" }).id,
      { mode },
    );
    expect({ built, notes }).toEqual({ built: "old", notes: [] });
  });
});

describe("a prefetch that is aborted", () => {
  test.each(["auto", "frozen"] as const)("before it began ends with the reason, in mode %s", async (mode) => {
    enter(new TestProject({ dev: { region: NORTH } }), emulator.variables);
    const reason = new Error("no time");
    expect(await rejection(openApp({ mode, signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(emulator.requests).toEqual([]);
  });

  test("while it waits for an answer ends with the reason, and may be called again", async () => {
    enter(new TestProject({ dev: { region: NORTH } }), emulator.variables);
    const abort = new AbortController();
    const reason = new Error("no time");
    emulator.inject({ on: "images", delayHeadersMs: 600_000, before: () => abort.abort(reason) });
    const app = new App();
    expect(await rejection(WorkspaceImageCatalog.prefetch(app, { signal: abort.signal }))).toBe(reason);
    emulator.heal();
    await WorkspaceImageCatalog.prefetch(app);
    expect(one(new TerraformStack(app, "stack"), "x").id).toBe("n2");
  });
});

test("unchecked certificates are warned of once", async () => {
  enter(new TestProject({ dev: { region: NORTH } }), { ...emulator.variables, HW_INSECURE: "true" });
  const { notes } = await synthesize((stack) => [one(stack, "x"), one(stack, "y")]);
  expect(notes.filter(({ message }) => message.includes("HW_INSECURE"))).toMatchObject([
    { path: "stack/x", level: "warn" },
  ]);
});
