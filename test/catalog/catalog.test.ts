import { existsSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import {
  DataHuaweicloudWorkspaceImage,
  DataHuaweicloudWorkspaceImages,
  EnvironmentUnavailableError,
  type PrefetchOptions,
  StalePinError,
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
// Processes that a busy machine starts take their time.
jest.setTimeout(60_000);

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
  new DataHuaweicloudWorkspaceImage(scope, id, { mostRecent: true, ...(environment && { environment }) });
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
    const { id } = new DataHuaweicloudWorkspaceImage(stack, "x", { mostRecent: true });
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

  test("are listed side by side", async () => {
    // The first answer waits for the last request: one after the other, they would wait for ever.
    const waiting: (() => void)[] = [];
    const { url } = await serve((_request, response) => {
      waiting.push(() => response.end('{"images":[],"total_count":0}'));
      if (waiting.length === 20) for (const answer of waiting) answer();
    });
    const environments = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
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

  test("also where only the lock file of one of them knows the project", async () => {
    const project = new TestProject({ dev: { region: NORTH }, staging: { region: NORTH } });
    writePins(project, "dev", { x: pinOf("n1") }, { region: NORTH, projectId: emulator.projectId(NORTH) });
    enter(project, emulator.variables);
    await openApp();
    expect(listed()).toHaveLength(1);
  });
});

describe("listings", () => {
  test("are those named, in every environment, and the narrowest answers", async () => {
    const catalog = await WorkspaceEmulator.start();
    enter(new TestProject({ dev: { region: NORTH }, prod: { region: SOUTH } }), catalog.variables);
    const { stack } = await openApp({ listings: [{}, { platform: "Ubuntu" }] });
    for (const environment of ["dev", "prod"]) {
      const { images } = new DataHuaweicloudWorkspaceImages(stack, environment, {
        platform: "Ubuntu",
        environment,
      });
      expect(images.length).toBeGreaterThan(1);
      expect(images.every(({ name }) => name.startsWith("Ubuntu"))).toBe(true);
    }
    await catalog.close();
  });

  test.each<[PrefetchOptions, string, RegExp]>([
    [{ listings: [] }, "CONFIGURATION", /The option listings is empty/],
    [{ listings: "gold" as never }, "CONFIGURATION", /The option listings is .* no list/],
    [
      { listings: [{ nameRegex: "x" } as object] },
      "FILTER",
      /The option listings: there is no filter .*nameRegex/,
    ],
    [{ listings: [{ osType: "" }] }, "FILTER", /The option listings: osType "" is not valid/],
  ])("%j is an error", async (options, code, message) => {
    enter(new TestProject({ dev: { region: NORTH } }), emulator.variables);
    const error = await rejection(openApp(options));
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });
});

describe("a new pin", () => {
  beforeEach(() => enter(new TestProject({ dev: { region: NORTH } }), emulator.variables));

  test("is reported once, in the run that takes it", async () => {
    const build = (stack: TerraformStack) => {
      one(stack, "windows");
      new DataHuaweicloudWorkspaceImage(stack, "again", { pinName: "windows", mostRecent: true });
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

  test("of an edited filter is reported once, with what was edited and what it does", async () => {
    await synthesize((stack) => one(stack, "windows"));
    const edited = (stack: TerraformStack) =>
      new DataHuaweicloudWorkspaceImage(stack, "windows", { imageId: "n1" });
    const { notes, built } = await synthesize(edited);
    expect(built.id).toBe("n1");
    expect(notes).toEqual([
      {
        path: "stack/windows",
        level: "info",
        message:
          'The filter of pin "windows" was changed (imageId none → "n1", mostRecent true → none): image-n2 (n2, gold, created 2025-02-01T00:00:00Z) → image-n1 (n1, gold, created 2025-01-01T00:00:00Z). Once the synth has succeeded, commit workspace-images/dev.lock.json.',
      },
    ]);
    expect((await synthesize(edited)).notes).toEqual([]);
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

  test("serves its pins, with one warning that says why", async () => {
    enter(project, { ...emulator.variables, ...NOWHERE });
    const { built, notes } = await synthesize(both);
    expect(built).toEqual(["pinned-x", "pinned-y"]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ path: "stack/x", level: "warn" });
    expect(notes[0]?.message).toMatch(
      /^Environment "dev" was not listed; its pins are used as they are\. GET http:\/\/127\.0\.0\.1:9\/.*refused/,
    );
  });

  test("serves its pins, with one piece of information where only credentials are missing", async () => {
    enter(project, NOWHERE);
    const { built, notes } = await synthesize(both);
    expect(built).toEqual(["pinned-x", "pinned-y"]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({
      level: "info",
      message: expect.stringContaining("No credentials were found"),
    });
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
    expect(notes.map(({ level }) => level)).toEqual(["warn", "info"]);
  });

  test("says nothing where no one asks for it", async () => {
    enter(project, { ...emulator.variables, ...NOWHERE });
    expect((await synthesize(() => {})).notes).toEqual([]);
  });

  test("fails only the lookup that needs the listing: one that is new, or whose filter was edited", async () => {
    enter(project, { ...emulator.variables, ...NOWHERE });
    const { app, stack } = await openApp();
    const fresh = thrown(() => one(stack, "fresh", "dev"));
    expect(fresh).toBeInstanceOf(EnvironmentUnavailableError);
    expect(fresh.message).toMatch(
      /there is no pin "fresh" yet, and the images could not be listed\. GET .* refused/,
    );
    const edited = thrown(() => one(stack, "x", "dev"));
    expect(edited.message).toContain(
      'the filter was changed after pin "x" was taken (imageType "gold" → none, ',
    );
    expect(pinned(stack, "y").id).toBe("pinned-y");
    const before = project.read("workspace-images/dev.lock.json");
    app.synth();
    expect(project.read("workspace-images/dev.lock.json")).toBe(before);
  });

  test.each([
    ["a warning", "warn", { HW_ACCESS_KEY: "AK", HW_SECRET_KEY: "canary-secret" }],
    ["information", "info", {}],
  ])("is told by the real command line, once, as %s", async (_, level, credentials) => {
    project.write(
      "app.cjs",
      `const { App, TerraformStack } = require("cdktf");
       const { WorkspaceImageCatalog, DataHuaweicloudWorkspaceImage } = require("${ROOT}");
       (async () => {
         const app = new App();
         await WorkspaceImageCatalog.prefetch(app);
         const stack = new TerraformStack(app, "stack");
         for (const pinName of ["x", "y"]) {
           new DataHuaweicloudWorkspaceImage(stack, pinName, { environment: "dev", imageType: "gold" });
         }
         app.synth();
       })();`,
    );
    const ended = await cdktfSynth(project, { ...NOWHERE, ...credentials });
    const output = ended.stdout + ended.stderr;
    expect({
      code: ended.code,
      told: output.split('Environment "dev" was not listed').length - 1,
      output,
    }).toEqual({
      code: 0,
      told: 1,
      output: expect.any(String),
    });
    const { stacks } = JSON.parse(project.read("cdktf.out/manifest.json"));
    expect(stacks.stack.annotations).toMatchObject([{ constructPath: "stack/x", level: `@cdktf/${level}` }]);
    expect(output).not.toContain("canary");
  });
});

describe("the age of a pin", () => {
  const NOW = Date.now();
  const aged = async (days: number, policy: object, mode: "auto" | "frozen" = "frozen") => {
    const project = new TestProject({
      dev: { region: NORTH, projectId: emulator.projectId(NORTH), ...policy },
    });
    const pinnedAt = `${new Date(NOW - days * 24 * 3600_000).toISOString().slice(0, 19)}Z`;
    const place = { region: NORTH, projectId: emulator.projectId(NORTH) };
    writePins(project, "dev", { x: pinOf("old", { pinnedAt }) }, place);
    enter(project, emulator.variables);
    const { notes } = await synthesize(
      (stack) => {
        for (const id of ["a", "b"]) {
          new DataHuaweicloudWorkspaceImage(stack, id, { pinName: "x", imageType: "gold" });
        }
      },
      { mode },
    );
    return { notes, pinnedAt };
  };

  test.each(["auto", "frozen"] as const)(
    "that is beyond maxPinAgeDays is warned of once, in mode %s",
    async (mode) => {
      const { notes, pinnedAt } = await aged(91, { maxPinAgeDays: 90 }, mode);
      expect(notes).toEqual([
        {
          path: "stack/a",
          level: "warn",
          message: `The pin "x" was taken at ${pinnedAt}, more than 90 days ago. Move it with: workspace-images update x --env dev. If that finds nothing newer, take it anew: delete it from workspace-images/dev.lock.json and run cdktf synth with WORKSPACE_IMAGES_MODE=auto.`,
        },
      ]);
    },
  );

  test("fails the lookup where onStalePin is error", async () => {
    const error = await rejection(aged(91, { maxPinAgeDays: 90, onStalePin: "error" }));
    expect(error).toBeInstanceOf(StalePinError);
    expect(error.message).toMatch(
      /^stack\/a \(environment "dev"\): pin "x" was taken at .*, more than 90 days ago/,
    );
    expect(error.message).toContain("workspace-images update x --env dev");
  });

  test.each([
    ["younger pin", 89, { maxPinAgeDays: 90, onStalePin: "error" }],
    ["pin of any age, without maxPinAgeDays", 4000, { onStalePin: "error" }],
  ])("is no matter for a %s", async (_, days, policy) => {
    expect((await aged(days, policy)).notes).toEqual([]);
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
