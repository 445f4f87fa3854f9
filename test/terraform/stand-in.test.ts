import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NEW_IMAGE, type RawPlan, type RecordedPlan, recordedPlan } from "../desktops/plans";
import { planned, requireTerraform, succeed, terraform } from "./support";

beforeAll(requireTerraform);

/** What a plan says of the configuration that it was made from, and of what was there. */
interface PlanSources {
  readonly configuration: {
    readonly provider_config: { readonly huaweicloud: { readonly expressions: Expressions } };
    readonly root_module: { readonly resources: readonly ConfiguredResource[] };
  };
  readonly prior_state: {
    readonly values: { readonly root_module: { readonly resources: readonly StoredResource[] } };
  };
}

type Expressions = { readonly [name: string]: Expression };
type Expression = { readonly constant_value: unknown } | readonly Expressions[];

interface ConfiguredResource {
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly expressions?: Expressions;
}

interface StoredResource extends Omit<ConfiguredResource, "expressions"> {
  readonly schema_version: number;
  readonly values: object;
}

/** The configuration and the state of a recorded plan, in a new folder. */
function folderOf(plan: PlanSources, edit: (resources: Blocks, provider: Values) => void = () => {}): string {
  const folder = mkdtempSync(join(tmpdir(), "workspace-images-recorded-"));
  const blocks = { managed: {} as Blocks, data: {} as Blocks };
  for (const { mode, type, name, expressions = {} } of plan.configuration.root_module.resources) {
    blocks[mode][type] ??= {};
    blocks[mode][type][name] = valuesOf(expressions);
  }
  const provider = valuesOf(plan.configuration.provider_config.huaweicloud.expressions);
  edit(blocks.managed, provider);
  const source = "huaweicloud/huaweicloud";
  writeFileSync(
    join(folder, "main.tf.json"),
    JSON.stringify({
      terraform: { required_providers: { huaweicloud: { source } } },
      provider: { huaweicloud: provider },
      resource: blocks.managed,
      data: blocks.data,
    }),
  );
  const resources = plan.prior_state.values.root_module.resources
    .filter(({ mode }) => mode === "managed")
    .map(({ mode, type, name, schema_version, values }) => ({
      mode,
      type,
      name,
      provider: `provider["registry.terraform.io/${source}"]`,
      instances: [{ schema_version, attributes: values, sensitive_attributes: [] }],
    }));
  writeFileSync(
    join(folder, "terraform.tfstate"),
    JSON.stringify({ version: 4, serial: 1, lineage: "recorded", outputs: {}, resources }),
  );
  return folder;
}

type Values = Record<string, unknown>;
type Blocks = Record<string, Record<string, Values>>;

function valuesOf(expressions: Expressions): Values {
  return Object.fromEntries(
    Object.entries(expressions).map(([name, expression]) => [
      name,
      "constant_value" in expression ? expression.constant_value : expression.map(valuesOf),
    ]),
  );
}

const sources = (name: RecordedPlan) => recordedPlan(name) as RawPlan & PlanSources;

test.each<RecordedPlan>([
  "nothing",
  "image-moved",
  "image-type-only",
  "desktop-replaced-by-user",
  "desktop-destroyed",
])("the stand-in of the provider plans what the real one did: %s", async (name) => {
  const recorded = sources(name);
  const folder = folderOf(recorded);
  await succeed(folder, "init");
  expect((await planned(folder)).resource_changes).toEqual(recorded.resource_changes);
});

test.each([
  ["image_id", NEW_IMAGE],
  ["image_type", "private"],
  ["size", 3],
])("the stand-in refuses another %s of a pool, as the real provider does", async (attribute, value) => {
  const folder = folderOf(sources("nothing"), (resources) => {
    resources.huaweicloud_workspace_desktop_pool!.pool![attribute] = value;
  });
  await succeed(folder, "init");
  const { code, stderr } = await terraform(folder, "plan");
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining(`Error: ${attribute} can't be updated`),
  });
});

test.each([
  ["replaces", undefined, { code: 0, stdout: expect.stringContaining("2 to destroy") }],
  ["refuses", "false", { code: 1, stderr: expect.stringContaining("image_id can't be updated") }],
])(
  "the stand-in %s a pool where the provider replaces what cannot change, and the pool says %s",
  async (_, says, ended) => {
    const folder = folderOf(sources("nothing"), (resources, provider) => {
      provider.enable_force_new = true;
      const pools = resources.huaweicloud_workspace_desktop_pool!;
      pools.pool!.enable_force_new = says;
      for (const pool of Object.values(pools)) pool.image_id = NEW_IMAGE;
    });
    await succeed(folder, "init");
    expect(await terraform(folder, "plan")).toMatchObject(ended);
  },
);

test("what the stand-in applied is planned no second time", async () => {
  const folder = folderOf(sources("nothing"));
  writeFileSync(join(folder, "terraform.tfstate"), "");
  await succeed(folder, "init");
  await succeed(folder, "apply", "-auto-approve");
  const { resource_changes } = await planned(folder);
  expect(resource_changes?.map(({ change }) => change.actions)).toEqual(Array(5).fill(["no-op"]));
});
