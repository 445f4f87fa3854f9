import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cdktf from "cdktf";
import * as cdktn from "cdktn";
import { checkStacks } from "../../src/desktops/checks";
import { nameInOutput, namesIn } from "../../src/desktops/output-names";
import { synthesizedStacks } from "../../src/desktops/synthesized-stacks";
import { image } from "../support/images";

afterEach(() => {
  delete process.env.SYNTH_HCL_OUTPUT;
});

const folder = () => mkdtempSync(join(tmpdir(), "workspace-images-desktops-"));
const windows = image({ id: "windows", name: "Windows_11", minDisk: 100 });
const context = {
  lookups: [{ environment: "dev", pinName: "office", path: "dev/office", images: [windows] }],
  pins: new Map(),
};

describe.each([
  ["cdktf", cdktf],
  ["cdktn", cdktn as unknown as typeof cdktf],
])("of %s", (_, { App, TerraformStack, TerraformResource, TerraformProvider, TerraformModule, Aspects }) => {
  class Desktop extends TerraformResource {
    constructor(
      scope: cdktf.TerraformStack,
      id: string,
      private readonly size: number,
      config: Partial<cdktf.TerraformResourceConfig> = {},
    ) {
      super(scope, id, { terraformResourceType: "huaweicloud_workspace_desktop", ...config });
    }
    private readonly attributes = { image_id: "windows", image_type: "gold", user_group: "users" };
    protected override synthesizeAttributes() {
      return { ...this.attributes, root_volume: { size: this.size } };
    }
    protected override synthesizeHclAttributes() {
      const value = (value: unknown, type: string, storageClassType = type) => ({
        value,
        type,
        isBlock: false,
        storageClassType,
      });
      const texts = Object.entries(this.attributes).map(([name, text]) => [
        name,
        value(text, "simple", "string"),
      ]);
      const block = { value: { size: value(this.size, "simple", "number") }, isBlock: true, type: "struct" };
      return { ...Object.fromEntries(texts), root_volume: { ...block, storageClass: "struct" } };
    }
  }

  describe.each([
    ["JSON", false],
    ["HCL", true],
  ])("in %s", (_, hclOutput) => {
    const open = () => {
      // As the CDK's command line asks for HCL.
      if (hclOutput) process.env.SYNTH_HCL_OUTPUT = "true";
      const app = new App({ outdir: folder() });
      return { app, stack: new TerraformStack(app, "dev") };
    };
    const problems = (app: cdktf.App) => {
      app.synth();
      return checkStacks(synthesizedStacks(app), context).errors.map(({ path, address, problem }) => [
        path,
        address,
        problem.replace(/ GB.*/, ""),
      ]);
    };

    test("a resource is checked as it was written", () => {
      const { app, stack } = open();
      new Desktop(stack, "good", 100);
      new Desktop(stack, "small", 80);
      expect(problems(app)).toEqual([
        ["dev/small", "huaweicloud_workspace_desktop.small", "root_volume.size is 80"],
      ]);
    });

    test("every stack and environment of several providers is checked", () => {
      const { app, stack } = open();
      const other = new TerraformStack(app, "other");
      class Provider extends TerraformProvider {}
      const [here, there] = ["cn-north-4", "cn-south-1"].map((region) => {
        const provider = new Provider(stack, region, { terraformResourceType: "huaweicloud" });
        provider.alias = region;
        return provider;
      });
      new Desktop(stack, "here", 80, { provider: here! });
      new Desktop(stack, "there", 80, { provider: there! });
      new Desktop(other, "office", 90);
      expect(problems(app).map(([path]) => path)).toEqual(["dev/here", "dev/there", "other/office"]);
    });

    test("beside a module, whose inside is not known", () => {
      const { app, stack } = open();
      class Module extends TerraformModule {
        protected override synthesizeAttributes() {
          return { image_id: "windows" };
        }
        protected override synthesizeHclAttributes() {
          return {
            image_id: { value: "windows", type: "simple", isBlock: false, storageClassType: "string" },
          };
        }
      }
      new Module(stack, "desktops", { source: "./desktops", skipAssetCreationFromLocalModules: true });
      new Desktop(stack, "small", 80);
      expect(problems(app)).toHaveLength(1);
    });

    test("a resource's own ID is its address", () => {
      const { app, stack } = open();
      new Desktop(stack, "small", 80).overrideLogicalId("named");
      expect(problems(app)).toEqual([
        ["dev/small", "huaweicloud_workspace_desktop.named", "root_volume.size is 80"],
      ]);
    });
  });

  test("overrides, escape hatches and aspects are seen", () => {
    const app = new App({ outdir: folder() });
    const stack = new TerraformStack(app, "dev");
    new Desktop(stack, "resource", 100).addOverride("root_volume.size", 10);
    new Desktop(stack, "stack", 100);
    stack.addOverride("resource.huaweicloud_workspace_desktop.stack.root_volume.size", "20");
    const aspect = new Desktop(stack, "aspect", 100);
    Aspects.of(stack).add({
      visit: (node) => {
        if (node === aspect) aspect.addOverride("root_volume.size", 30);
      },
    });
    app.synth();
    expect(checkStacks(synthesizedStacks(app), context).errors.map(({ path }) => path)).toEqual([
      "dev/aspect",
      "dev/resource",
      "dev/stack",
    ]);
  });

  const named = {
    environment: "dev",
    pin: "office.windows/a",
    pinnedAt: "2026-01-01T00:00:00Z",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: names are anyone's
    images: [{ id: "a", name: "x${TfToken[TOKEN.0]}\u202e${path.root}\nb" }, { id: "b" }],
  };

  test("a stack names its pins beside what stands there, and nobody else's", () => {
    const app = new App({ outdir: folder() });
    const stack = new TerraformStack(app, "dev");
    const other = new TerraformStack(app, "other");
    stack.addOverride("//.mine", "kept");
    app.synth();
    nameInOutput(app, new Map([["dev", [named, { ...named, pin: "second", images: [] }]]]));
    const [first, second] = synthesizedStacks(app);
    expect(namesIn(first?.json)).toEqual([
      {
        ...named,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: names are anyone's
        images: [{ id: "a", name: "x${TfToken[TOKEN.0]}\ufffd${path.root}\ufffdb" }, { id: "b" }],
      },
      { ...named, pin: "second", images: [] },
    ]);
    expect(first?.json).toMatchObject({ "//": { mine: "kept", metadata: { stackName: "dev" } } });
    expect(other.node.id).toBe(second?.name);
    expect(namesIn(second?.json)).toEqual([]);
  });

  test("HCL names the pins in a comment and in the stack's metadata", () => {
    process.env.SYNTH_HCL_OUTPUT = "true";
    const app = new App({ outdir: folder() });
    const stack = new TerraformStack(app, "dev");
    new TerraformStack(app, "other");
    new Desktop(stack, "desktop", 100);
    app.synth();
    nameInOutput(app, new Map([["dev", [named]]]));
    const read = (file: string) => readFileSync(join(app.outdir, "stacks/dev", file), "utf8");
    expect(read("cdk.tf").split("\n").slice(0, 4)).toEqual([
      '# Pin "office.windows/a" of dev, pinned at 2026-01-01T00:00:00Z:',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: names are anyone's
      '#   a "x${TfToken[TOKEN.0]}\ufffd${path.root}\ufffdb"',
      '#   b "unnamed"',
      "",
    ]);
    expect(read("cdk.tf")).toContain('resource "huaweicloud_workspace_desktop" "desktop"');
    const metadata = JSON.parse(read("metadata.json"));
    expect(namesIn(metadata)).toMatchObject([
      { pin: "office.windows/a", images: [{ id: "a" }, { id: "b" }] },
    ]);
    expect(metadata["//"].metadata.stackName).toBe("dev");
  });
});

test("an app that asks for HCL by its option alone gets JSON, which stays as it is", () => {
  const app = new cdktf.App({ outdir: folder(), hclOutput: true });
  const stack = new cdktf.TerraformStack(app, "dev");
  app.synth();
  nameInOutput(
    app,
    new Map([
      [
        stack.node.path,
        [{ environment: "dev", pin: "office", pinnedAt: "2026-01-01T00:00:00Z", images: [] }],
      ],
    ]),
  );
  expect(namesIn(JSON.parse(readFileSync(join(app.outdir, "stacks/dev/cdk.tf"), "utf8")))).toHaveLength(1);
});

test.each([undefined, null, {}, { "//": 1 }, { "//": { workspaceImages: [{}] } }])(
  "%j names no pin",
  (json) => {
    expect(namesIn(json)).toEqual([]);
  },
);
