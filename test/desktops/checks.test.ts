import { DesktopCheckError } from "../../src";
import { type AnsweredLookup, type CheckContext, checkStacks } from "../../src/desktops/checks";
import type { SynthesizedStack } from "../../src/desktops/synthesized-stacks";
import { image } from "../support/images";

const windows = image({ id: "windows", name: "Windows_11", minDisk: 100 });
const linux = image({ id: "linux", name: "Ubuntu", osType: "Linux", minDisk: 40 });
const own = image({ id: "own", name: "ours", imageType: "private" });
const elsewhere = image({ id: "elsewhere", name: "Windows_11" });

const lookup = (fields: Partial<AnsweredLookup> & Pick<AnsweredLookup, "images">): AnsweredLookup => ({
  environment: "dev",
  pinName: "office",
  path: "stack/office",
  ...fields,
});

const context: CheckContext = {
  lookups: [
    lookup({ images: [windows] }),
    lookup({ pinName: "developers", path: "stack/developers", images: [linux, own] }),
  ],
  pins: new Map([
    ["dev", new Map([["idle", { images: [image({ id: "idle" })] }]])],
    ["prod", new Map([["office", { images: [elsewhere] }]])],
  ]),
};

/** A stack with one resource, as a CDK writes it. */
function stack(type: string, attributes: object, name = "stack"): SynthesizedStack {
  return {
    name,
    path: name,
    json: {
      resource: {
        [type]: { one: { "//": { metadata: { path: `${name}/one`, uniqueId: "one" } }, ...attributes } },
      },
    },
  };
}

const desktop = (attributes: object) =>
  stack("huaweicloud_workspace_desktop", {
    name: "d",
    image_id: "windows",
    image_type: "gold",
    user_group: "users",
    root_volume: { type: "SAS", size: 100 },
    ...attributes,
  });
const pool = (attributes: object) =>
  stack("huaweicloud_workspace_desktop_pool", {
    name: "p",
    image_id: "windows",
    image_type: "gold",
    root_volume: { type: "SAS", size: 100 },
    ...attributes,
  });
const imageServer = (attributes: object) =>
  stack("huaweicloud_workspace_app_image_server", {
    name: "a server whose name is long",
    image_id: "windows",
    image_type: "gold",
    spec_code: "c",
    image_source_product_id: "p",
    root_volume: { type: "SAS", size: 100 },
    ...attributes,
  });
const serverGroup = (attributes: object) =>
  stack("huaweicloud_workspace_app_server_group", {
    name: "a group whose name is long",
    image_id: "windows",
    image_type: "gold",
    image_product_id: "p",
    system_disk_size: 100,
    ...attributes,
  });

// biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
const unresolved = "${var.later}";

test.each<[string, SynthesizedStack]>([
  ["a desktop as it should be", desktop({})],
  ["an image type of the market", desktop({ image_type: "market" })],
  ["the least and the largest disk", desktop({ root_volume: [{ size: 100 }, { size: 1020 }] })],
  ["a size that an override wrote as text", desktop({ root_volume: { size: "100" } })],
  ["a name of 15 characters", desktop({ name: "fifteen-letters" })],
  ["no name", desktop({ name: undefined })],
  [
    "a Linux desktop of a small image",
    desktop({ image_id: "linux", user_group: "sudo", root_volume: { size: 80 } }),
  ],
  ["a private image", desktop({ image_id: "own", image_type: "private" })],
  ["a user group of another directory", desktop({ user_group: "contractors" })],
  ["a pool", pool({ authorized_objects: [{ user_group: "users" }] })],
  ["an image server", imageServer({})],
  ["an image server of a small private image", imageServer({ image_id: "own", image_type: "shared" })],
  ["a server group", serverGroup({})],
  ["a public image in a server group", serverGroup({ image_type: "public", image_product_id: undefined })],
  ["a value of a pin that was not looked up", desktop({ image_id: "idle", root_volume: { size: 1 } })],
  ["another provider's resource", stack("huaweicloud_compute_instance", { image_id: "elsewhere" })],
  ["an image that Terraform decides", desktop({ image_id: unresolved, root_volume: { size: 1 } })],
  [
    "attributes that Terraform decides",
    desktop({
      name: unresolved,
      image_type: unresolved,
      user_group: unresolved,
      root_volume: { size: unresolved },
    }),
  ],
  ["blocks that Terraform makes", desktop({ root_volume: undefined, dynamic: { root_volume: {} } })],
  ["product IDs that Terraform decides", imageServer({ image_source_product_id: unresolved })],
  [
    "content that Terraform decides",
    stack("huaweicloud_workspace_app_server_action", { content: unresolved }),
  ],
])("nothing is found in %s", (_, given) => {
  expect(checkStacks([given], context)).toEqual({ errors: [], warnings: [] });
});

const found: [string, SynthesizedStack, string, string][] = [
  [
    "a disk that is too small for the image",
    desktop({ root_volume: { size: 80 } }),
    "disk",
    'root_volume.size is 80 GB, and Windows_11 (pin "office" of "dev") needs 100. Write a number from 100 to 1020, with room for the images to come.',
  ],
  [
    "a disk below the documented range",
    desktop({ image_id: "linux", user_group: "sudo", root_volume: [{ size: 40 }] }),
    "disk",
    "root_volume.size is 40 GB; documented for a desktop are 80 to 1020. Write a number from 80 to 1020, with room for the images to come.",
  ],
  [
    "a disk above the documented range",
    pool({ root_volume: { size: 5000 } }),
    "disk",
    "root_volume.size is 5000 GB; documented for a desktop pool are 80 to 1020. Write a number from 100 to 1020, with room for the images to come.",
  ],
  [
    "a disk of an image server",
    imageServer({ root_volume: { size: "99" } }),
    "disk",
    'root_volume.size is 99 GB, and Windows_11 (pin "office" of "dev") needs 100. Write a number from 100, with room for the images to come.',
  ],
  [
    "a disk of a server group",
    serverGroup({ system_disk_size: 80 }),
    "disk",
    'system_disk_size is 80 GB, and Windows_11 (pin "office" of "dev") needs 100. Write a number from 100, with room for the images to come.',
  ],
  [
    "a public image declared private",
    desktop({ image_type: "private" }),
    "imageType",
    'image_type is "private", and Windows_11 (pin "office" of "dev") is listed as gold. Use "gold" or "market": of a resource that exists, what it was created with.',
  ],
  [
    "a private image declared public",
    desktop({ image_id: "own", image_type: "gold" }),
    "imageType",
    'image_type is "gold", and ours (pin "developers" of "dev") is listed as private. Use "private": of a resource that exists, what it was created with.',
  ],
  [
    "an image type that there is not",
    pool({ image_type: "golden" }),
    "imageType",
    'image_type is "golden", and Windows_11 (pin "office" of "dev") is listed as gold. Use "gold" or "market": of a resource that exists, what it was created with.',
  ],
  [
    "a type of desktops at an image server",
    imageServer({ image_type: "market" }),
    "imageType",
    'image_type is "market", and Windows_11 (pin "office" of "dev") is listed as gold. Use "gold" or "public": of a resource that exists, what it was created with.',
  ],
  [
    "a group of Linux on Windows",
    desktop({ user_group: "sudo" }),
    "userGroup",
    'user_group is "sudo", and Windows_11 (pin "office" of "dev") is Windows. Use "administrators" or "users".',
  ],
  [
    "a group of Windows on Linux",
    pool({ image_id: "linux", authorized_objects: [{ user_group: "sudo" }, { user_group: "users" }] }),
    "userGroup",
    'authorized_objects.user_group is "users", and Ubuntu (pin "developers" of "dev") is Linux. Use "sudo" or "default".',
  ],
  [
    "a server group without a product",
    serverGroup({ image_product_id: null }),
    "product",
    'image_type is "gold", and image_product_id is missing. Set what the market names for the image; it is Windows_11 (pin "office" of "dev").',
  ],
  [
    "an image server without products",
    imageServer({ spec_code: "", image_source_product_id: undefined }),
    "product",
    'image_type is "gold", and spec_code and image_source_product_id are missing. Set what the market names for the image; it is Windows_11 (pin "office" of "dev").',
  ],
  [
    "a long name of a desktop",
    desktop({ name: "sixteen-letters-" }),
    "name",
    'the name "sixteen-letters-" has 16 characters. The name of a desktop has 15 at most.',
  ],
  [
    "an image of another environment",
    desktop({ image_id: "elsewhere" }),
    "environment",
    'its image elsewhere is that of pin "office" of "prod", and this stack looks up images of "dev". Use the ID of a lookup of this stack.',
  ],
];

test.each(found)("%s is found, with what to do", (_, given, check, text) => {
  const { errors, warnings } = checkStacks([given], context);
  expect(warnings).toEqual([]);
  expect(errors.map(({ problem, advice, ...rest }) => ({ ...rest, text: `${problem} ${advice}` }))).toEqual([
    {
      stack: "stack",
      path: "stack/one",
      address: expect.stringMatching(/^huaweicloud_.*\.one$/),
      check,
      text,
    },
  ]);
});

test.each(found)("%s is not found where its lookup skips that check", (_, given, check) => {
  const lookups = [...context.lookups, lookup({ environment: "prod", path: "prod/a", images: [elsewhere] })];
  const skipping = lookups.map((one) => ({
    ...one,
    checks: { skip: [check as "disk"], reason: "it is so" },
  }));
  expect(checkStacks([given], { ...context, lookups: skipping }).errors).toEqual([]);
  const others = skipping.map((one) => ({ ...one, checks: { ...one.checks, skip: [] } }));
  expect(checkStacks([given], { ...context, lookups: others }).errors).toHaveLength(1);
});

test("an ID of no pin is a warning where the stack looks images up, and nothing where it does not", () => {
  const given = desktop({ image_id: "by-hand" });
  expect(checkStacks([given], context)).toEqual({
    errors: [],
    warnings: [
      {
        stack: "stack",
        path: "stack/one",
        address: "huaweicloud_workspace_desktop.one",
        check: "unpinned",
        problem: "its image_id by-hand is that of no pin.",
        advice: "Look the image up, so that it is pinned and moves on purpose only.",
      },
    ],
  });
  expect(checkStacks([{ ...given, path: "other" }], context)).toEqual({ errors: [], warnings: [] });
});

test("an image in the JSON of an action, and in a list, is seen", () => {
  const action = (id: string) =>
    stack("huaweicloud_workspace_app_server_batch_action", { content: JSON.stringify({ image_id: id }) });
  const published = stack("huaweicloud_workspace_app_application_batch_publish", {
    applications: [{ source_image_ids: ["windows", "elsewhere"] }, { source_image_ids: ["by-hand"] }],
  });
  expect(checkStacks([action("windows")], context)).toEqual({ errors: [], warnings: [] });
  expect(checkStacks([action("elsewhere")], context).errors).toHaveLength(1);
  const { errors, warnings } = checkStacks([published], context);
  expect(errors.map(({ problem }) => problem)).toEqual([expect.stringContaining("elsewhere")]);
  expect(warnings.map(({ problem }) => problem)).toEqual([expect.stringContaining("by-hand")]);
});

test("an ID that another environment has too is no fault", () => {
  const pins = new Map([["prod", new Map([["office", { images: [windows] }]])]]);
  expect(checkStacks([desktop({})], { ...context, pins })).toEqual({ errors: [], warnings: [] });
});

test("a lookup outside the stacks is known in each, and a stack of several environments may use all of them", () => {
  const outside = { lookups: [lookup({ path: "office", images: [windows] })], pins: new Map() };
  expect(checkStacks([desktop({ root_volume: { size: 1 } })], outside).errors).toHaveLength(1);
  const both = [lookup({ images: [windows] }), lookup({ environment: "prod", images: [elsewhere] })];
  expect(checkStacks([desktop({ image_id: "elsewhere" })], { ...context, lookups: both }).errors).toEqual([]);
});

test("a lookup outside the stacks belongs to each of them, beside the stack's own", () => {
  const shared = lookup({ environment: "prod", path: "shared", images: [elsewhere], isShared: true });
  const lookups = [...context.lookups, shared];
  expect(checkStacks([desktop({ image_id: "elsewhere" })], { ...context, lookups }).errors).toEqual([]);
});

test("a lookup belongs to the innermost stack that it stands in, and to the stacks in that", () => {
  const nested = (path: string, image_id: string) => ({ ...desktop({ image_id }), path });
  const lookups = [
    lookup({ images: [windows] }),
    lookup({ environment: "prod", path: "stack/inner/office", images: [elsewhere] }),
  ];
  const found = (outer: string, inner: string) =>
    checkStacks([nested("stack", outer), nested("stack/inner", inner)], { ...context, lookups }).errors.map(
      ({ check }) => check,
    );
  expect(found("windows", "elsewhere")).toEqual([]);
  expect(found("windows", "windows")).toEqual([]);
  expect(found("elsewhere", "elsewhere")).toEqual(["environment"]);
});

test("IDs are compared as they are written", () => {
  const { errors, warnings } = checkStacks([desktop({ image_id: "WINDOWS" })], context);
  expect(errors).toEqual([]);
  expect(warnings.map(({ problem }) => problem)).toEqual(["its image_id WINDOWS is that of no pin."]);
});

test("blocks that Terraform's JSON has as lists are seen", () => {
  const attributes = { image_id: "windows", root_volume: [{ size: 80 }] };
  for (const resource of [
    [{ huaweicloud_workspace_desktop: { one: attributes } }],
    { huaweicloud_workspace_desktop: [{ one: attributes }] },
    { huaweicloud_workspace_desktop: { one: [attributes] } },
  ]) {
    const given = { name: "stack", path: "stack", json: { resource } };
    expect(checkStacks([given], context).errors.map(({ check }) => check)).toEqual(["disk"]);
  }
});

test("a check that a lookup of another stack skips is made", () => {
  const checks = { skip: ["disk" as const], reason: "only there" };
  const lookups = [lookup({ path: "other/office", images: [windows], checks }), ...context.lookups];
  expect(checkStacks([desktop({ root_volume: { size: 80 } })], { ...context, lookups }).errors).toHaveLength(
    1,
  );
});

test("everything is found at once, in the order of construct paths", () => {
  const stacks = ["b", "a"].map((name) => ({
    ...desktop({ user_group: "sudo", root_volume: { size: 1 } }),
    name,
    path: name,
  }));
  const lookups = [
    lookup({ path: "a/office", images: [windows] }),
    lookup({ path: "b/o", images: [windows] }),
  ];
  stacks[0] = {
    ...stacks[0]!,
    json: JSON.parse(JSON.stringify(stacks[0]!.json).replace("stack/one", "b/one")),
  };
  stacks[1] = {
    ...stacks[1]!,
    json: JSON.parse(JSON.stringify(stacks[1]!.json).replace("stack/one", "a/one")),
  };
  const { errors } = checkStacks(stacks, { ...context, lookups });
  expect(errors.map(({ path, check }) => `${path} ${check}`)).toEqual([
    "a/one disk",
    "a/one userGroup",
    "b/one disk",
    "b/one userGroup",
  ]);
  const error = new DesktopCheckError(errors);
  expect(error.code).toBe("DESKTOP_CHECK");
  expect(error.message).toContain("a/one: root_volume.size is 1 GB");
  expect(error.message).toContain("b/one: user_group");
  expect(error.findings).toBe(errors);
});

test.each([
  undefined,
  null,
  1,
  [],
  { resource: [] },
  { resource: { huaweicloud_workspace_desktop: { a: 1 } } },
])("a stack of %j has nothing to check", (json) => {
  expect(checkStacks([{ name: "stack", path: "stack", json }], context)).toEqual({
    errors: [],
    warnings: [],
  });
});
