import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as cdktf from "cdktf";
import * as cdktn from "cdktn";
import { nameInOutput } from "../../src/desktops/output-names";
import { readTerraformJson } from "../../src/desktops/terraform-json";
import { planned, requireTerraform, succeed } from "./support";

beforeAll(requireTerraform);

const folder = () => mkdtempSync(join(tmpdir(), "workspace-images-terraform-"));

afterEach(() => {
  delete process.env.SYNTH_HCL_OUTPUT;
});

describe.each([
  ["cdktf, JSON", cdktf, false],
  ["cdktf, HCL", cdktf, true],
  ["cdktn, JSON", cdktn as unknown as typeof cdktf, false],
  ["cdktn, HCL", cdktn as unknown as typeof cdktf, true],
])("of %s", (_, { App, TerraformStack, TerraformOutput }, isHcl) => {
  /** What Terraform plans for a stack, with or without names of pins. */
  async function plannedValues(isNamed: boolean): Promise<unknown> {
    if (isHcl) process.env.SYNTH_HCL_OUTPUT = "true";
    const app = new App({ outdir: folder() });
    const stack = new TerraformStack(app, "dev");
    new TerraformOutput(stack, "out", { value: "x" });
    app.synth();
    const named = {
      environment: "dev",
      pin: 'office "a"\n# resource',
      pinnedAt: "2026-01-01T00:00:00Z",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: names are anyone's
      images: [{ id: "a", name: '${file("/etc/hostname")} %{if true}\n} \u2028 */ "' }, { id: "b" }],
    };
    if (isNamed) nameInOutput(app, new Map([["dev", [named]]]));
    const directory = join(app.outdir, "stacks/dev");
    await succeed(directory, "init", "-backend=false");
    await succeed(directory, "validate");
    // The stack's backend keeps its state beside the app.
    writeFileSync(
      join(directory, "override.tf.json"),
      JSON.stringify({ terraform: { backend: { local: { path: "state" } } } }),
    );
    await succeed(directory, "init", "-reconfigure");
    return (await planned(directory)).planned_values;
  }

  test("a stack that names its pins is valid, and planned as one that does not", async () => {
    expect(await plannedValues(true)).toEqual(await plannedValues(false));
  });
});

describe("what Terraform writes", () => {
  const directory = folder();
  const plan = async (name: string, ...args: string[]) => {
    await succeed(directory, "plan", `-out=${name}`, ...args);
    const file = join(directory, `${name}.json`);
    writeFileSync(file, await succeed(directory, "show", "-json", name));
    return file;
  };
  const changes = async (file: string) => {
    const actions: string[] = [];
    const kind = await readTerraformJson(file, {
      change: (raw) => actions.push((raw as { change: { actions: string[] } }).change.actions.join()),
      resource: () => actions.push("resource"),
    });
    return { kind, actions };
  };

  beforeAll(async () => {
    const resource = { terraform_data: { a: { count: 2, input: "a" }, b: { input: "b" } } };
    writeFileSync(join(directory, "main.tf.json"), JSON.stringify({ resource }));
    await succeed(directory, "init");
  });

  test("is read: plans that create, change nothing, replace, refresh and destroy, and a state", async () => {
    expect(await changes(await plan("create"))).toEqual({
      kind: "plan",
      actions: ["create", "create", "create"],
    });
    await succeed(directory, "apply", "create");
    expect(await changes(await plan("same"))).toEqual({ kind: "plan", actions: ["no-op", "no-op", "no-op"] });
    const replaced = await plan("replace", "-replace=terraform_data.b");
    expect((await changes(replaced)).actions).toEqual(["no-op", "no-op", "delete,create"]);
    expect((await changes(await plan("refresh", "-refresh-only"))).kind).toBe("plan");
    expect((await changes(await plan("destroy", "-destroy"))).actions).toEqual([
      "delete",
      "delete",
      "delete",
    ]);
    expect((await changes(await plan("target", "-target=terraform_data.b"))).kind).toBe("plan");
    const state = join(directory, "state.json");
    writeFileSync(state, await succeed(directory, "show", "-json"));
    expect(await changes(state)).toEqual({ kind: "state", actions: ["resource", "resource", "resource"] });
  });
});
