import { readFileSync } from "node:fs";
import { join } from "node:path";
import { consequence, summarize } from "../../src/desktops/consequences";
import { imageIdsOf, RESOURCE_KINDS, resourceKind } from "../../src/desktops/resource-kinds";
import { ROOT } from "../support/project";
import type { SchemaBlock } from "../support/provider-schema";

const { provider_schemas } = JSON.parse(readFileSync(join(ROOT, "provider/schema.json"), "utf8"));
const [provider] = Object.values(provider_schemas) as [
  { resource_schemas: Record<string, { block: SchemaBlock }> },
];
const described = RESOURCE_KINDS.filter(({ type }) => type in provider.resource_schemas);

test("the schema of the provider has the kinds that people work on", () => {
  expect(described.map(({ type }) => type)).toEqual([
    "huaweicloud_workspace_desktop",
    "huaweicloud_workspace_desktop_pool",
    "huaweicloud_workspace_app_image_server",
    "huaweicloud_workspace_app_server_group",
  ]);
});

test.each(described)("$type has every attribute that the table names", (kind) => {
  const paths = [
    kind.image,
    kind.imageType,
    ...kind.sameEffect,
    kind.disk?.attribute,
    kind.disk?.type,
    ...(kind.dataDisks ? [`${kind.dataDisks}.size`, `${kind.dataDisks}.type`] : []),
    ...(kind.products ?? []),
    kind.userGroup,
    kind.nameLength && "name",
  ].filter((path): path is string => typeof path === "string");
  expect(paths.length).toBeGreaterThan(4);
  const { block } = provider.resource_schemas[kind.type]!;
  expect(paths.filter((path) => !hasPath(block, path.split(".")))).toEqual([]);
  expect(hasPath(block, ["no_such_attribute"])).toBe(false);
});

test("every kind that the schema says has an image is in the table", () => {
  const withImage = Object.entries(provider.resource_schemas).filter(([, { block }]) =>
    Object.keys(block.attributes ?? {}).some((name) => /image_ids?$/.test(name)),
  );
  expect(withImage.filter(([type]) => !resourceKind(type))).toEqual([]);
});

test("a kind's consequence says what a move does, and what goes with it", () => {
  expect(consequence(resourceKind("huaweicloud_workspace_desktop")!)).toBe(
    "reinstalled in place: what is on the system disk is lost. image_id and image_type cannot change together with root_volume or data_volume.",
  );
  expect(consequence(resourceKind("huaweicloud_workspace_desktop_pool")!)).toContain("enable_force_new");
});

test("numbers of resources are said by kind, and not where there are none", () => {
  const numbers = new Map([
    ["huaweicloud_workspace_app_image_server", 2],
    ["huaweicloud_workspace_desktop", 57],
    ["huaweicloud_workspace_desktop_pool", 1],
    ["huaweicloud_workspace_app_server_group", 0],
  ]);
  expect(summarize(numbers)).toBe(
    "reinstalls 57 desktops, cannot update 1 desktop pool, replaces 2 image servers",
  );
  expect(summarize(new Map())).toBe("");
});

test.each([
  ["huaweicloud_workspace_desktop", { image_id: "a" }, ["a"]],
  ["huaweicloud_workspace_desktop", { image_id: null }, []],
  ["huaweicloud_workspace_desktop", { image_id: "" }, []],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
  ["huaweicloud_workspace_desktop", { image_id: "${a.b}" }, []],
  ["huaweicloud_workspace_desktop", undefined, []],
  ["huaweicloud_workspace_app_application_publishment", { source_image_ids: ["a", "b"] }, ["a", "b"]],
  ["huaweicloud_workspace_app_server_action", { content: '{"image_id":"a"}' }, ["a"]],
  ["huaweicloud_workspace_app_server_action", { content: '{"update_access_agent":false}' }, []],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
  ["huaweicloud_workspace_app_server_action", { content: "${jsonencode({})}" }, []],
  ["huaweicloud_workspace_app_server_action", {}, []],
])("a %s of %j has the images %j", (type, attributes, ids) => {
  expect(imageIdsOf(resourceKind(type)!, attributes)).toEqual(ids);
});

function hasPath(block: SchemaBlock, [name = "", ...rest]: readonly string[]): boolean {
  if (rest.length === 0) return name in { ...block.attributes, ...block.block_types };
  const inner = block.block_types?.[name]?.block;
  return inner !== undefined && hasPath(inner, rest);
}
