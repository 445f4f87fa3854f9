import * as cdktf from "cdktf";
import * as cdktn from "cdktn";
import type { Construct } from "constructs";
import { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";
import { enter, openApp, restoreProcess } from "../support/synth";

restoreProcess();

const REGION = "cn-north-4";

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeAll(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { [REGION]: [image({ id: "a" }), image({ id: "b" })] },
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  project = new TestProject({ dev: { region: REGION } });
  enter(project, emulator.variables);
});

const lookup = (scope: Construct, id: string, imageId = "a") =>
  new DataHuaweicloudWorkspaceImage(scope, id, { imageId });
const pinsOf = () => project.pinNames("dev");

describe.each([
  ["cdktf", cdktf],
  ["cdktn", cdktn as unknown as typeof cdktf],
])("with %s, pins are written", (_, { App, TerraformStack, Annotations, Aspects }) => {
  const open = async (config?: cdktf.AppConfig) => {
    const app = new App(config);
    await WorkspaceImageCatalog.prefetch(app);
    return app;
  };

  test("when the whole app was synthesized, and not before", async () => {
    const app = await open();
    lookup(new TerraformStack(app, "one"), "x");
    lookup(new TerraformStack(app, "two"), "y");
    expect(pinsOf()).toEqual([]);
    app.synth();
    expect(pinsOf()).toEqual(["x", "y"]);
  });

  test("where the app skips validation", async () => {
    const app = await open({ skipValidation: true });
    lookup(new TerraformStack(app, "stack"), "x");
    app.synth();
    expect(pinsOf()).toEqual(["x"]);
  });

  test("for what is looked up in aspects, while it is synthesized", async () => {
    const app = await open();
    const stack = new TerraformStack(app, "stack");
    Aspects.of(stack).add({
      visit: (node) => {
        if (node === stack) lookup(stack, "x");
      },
    });
    app.synth();
    expect(pinsOf()).toEqual(["x"]);
  });

  test.each<[string, (app: cdktf.App, stack: cdktf.TerraformStack) => void]>([
    ["a validation of a stack", (_app, stack) => stack.node.addValidation({ validate: () => ["wrong"] })],
    ["a validation of the app", (app) => app.node.addValidation({ validate: () => ["wrong"] })],
    ["an error annotation", (_app, stack) => Annotations.of(stack).addError("wrong")],
    [
      "an aspect that throws",
      (_app, stack) =>
        Aspects.of(stack).add({
          visit: () => {
            throw new Error("wrong");
          },
        }),
    ],
  ])("not where the synth fails by %s", async (_, spoil) => {
    const app = await open();
    lookup(new TerraformStack(app, "good"), "x");
    const bad = new TerraformStack(app, "later");
    lookup(bad, "y");
    spoil(app, bad);
    expect(thrown(() => app.synth()).message).toContain("wrong");
    expect(pinsOf()).toEqual([]);
  });

  test("not where the command line refuses a stack with an error annotation afterwards", async () => {
    enter(project, { CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS: "true" });
    const app = await open();
    const stack = new TerraformStack(app, "stack");
    lookup(stack, "x");
    Annotations.of(stack).addError("wrong");
    app.synth();
    expect(pinsOf()).toEqual([]);
  });

  test("when a second attempt succeeds", async () => {
    const app = await open();
    const stack = new TerraformStack(app, "stack");
    lookup(stack, "x");
    const errors = ["wrong"];
    stack.node.addValidation({ validate: () => errors });
    expect(() => app.synth()).toThrow("wrong");
    errors.length = 0;
    app.synth();
    expect(pinsOf()).toEqual(["x"]);
  });

  test("for several apps in one process, each when it is synthesized", async () => {
    const [one, two] = [await open(), await open()];
    lookup(new TerraformStack(one, "stack"), "x");
    lookup(new TerraformStack(two, "stack"), "y");
    two.synth();
    expect(pinsOf()).toEqual(["y"]);
    one.synth();
    expect(pinsOf()).toEqual(["x", "y"]);
  });

  test("beside those of stacks that were not built, which stay", async () => {
    const all = await open();
    lookup(new TerraformStack(all, "one"), "x");
    lookup(new TerraformStack(all, "two"), "y", "b");
    all.synth();
    const { x, y } = project.readLock("dev").pins;
    const some = await open();
    const stack = new TerraformStack(some, "two");
    lookup(stack, "y", "b");
    lookup(stack, "z");
    some.synth();
    expect(project.readLock("dev").pins).toMatchObject({ x, y, z: { images: [{ id: "a" }] } });
  });
});

describe("a pin that another app or process took meanwhile", () => {
  const place = () => ({ region: REGION, projectId: emulator.projectId(REGION) });

  test("for the same filter and image stays as it is", async () => {
    const { app, stack } = await openApp();
    lookup(stack, "x");
    const same = pinOf("a", { filter: { imageId: "a" } });
    writePins(project, "dev", { x: same, other: pinOf("o") }, place());
    app.synth();
    expect(project.readLock("dev").pins).toMatchObject({
      x: { pinnedAt: same.pinnedAt, images: [{ id: "a" }] },
      other: { images: [{ id: "o" }] },
    });
  });

  test("for another filter is kept, and a conflict", async () => {
    const { app, stack } = await openApp();
    lookup(stack, "x");
    const second = await openApp();
    lookup(second.stack, "x", "b");
    second.app.synth();
    const text = project.read("workspace-images/dev.lock.json");
    const error = thrown(() => app.synth());
    expect(error).toMatchObject({ code: "PIN_CONFLICT" });
    expect(error.message).toContain('Environment "dev": another app or process took pin "x" meanwhile');
    expect(error.message).toContain('(imageId "b" → "a")');
    expect(error.message).toContain("pinName");
    expect(project.read("workspace-images/dev.lock.json")).toBe(text);
  });

  test("for another image is kept too: what was synthesized is not what is pinned", async () => {
    const { app, stack } = await openApp();
    lookup(stack, "x");
    writePins(project, "dev", { x: pinOf("new", { filter: { imageId: "a" } }) }, place());
    expect(thrown(() => app.synth())).toMatchObject({ code: "PIN_CONFLICT" });
    expect(project.readLock("dev").pins.x.images[0].id).toBe("new");
  });
});
