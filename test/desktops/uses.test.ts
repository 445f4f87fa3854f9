import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as cdktf from "cdktf";
import { nameInOutput } from "../../src/desktops/output-names";
import { readOutput } from "../../src/desktops/synthesized-stacks";
import { affectedBy, describeAffected, usesInStacks, usesInTerraform } from "../../src/desktops/uses";
import { findProject } from "../../src/project/project";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf } from "../support/pins";
import { TestProject } from "../support/project";
import { NEW_IMAGE, OLD_IMAGE, planFile } from "./plans";

const pinnedAt = "2026-01-01T00:00:00Z";
const environments = { dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } };

function resource(scope: cdktf.TerraformStack, type: string, id: string, attributes: object) {
  const one = new cdktf.TerraformResource(scope, id, {
    terraformResourceType: `huaweicloud_workspace_${type}`,
  });
  for (const [name, value] of Object.entries(attributes)) one.addOverride(name, value);
}

/** A project whose app was synthesized, with two environments that know the same image ID. */
function synthesized(output?: string): TestProject {
  const project = new TestProject(environments, output ? { output } : {});
  const app = new cdktf.App({ outdir: project.path(output ?? "cdktf.out") });
  const dev = new cdktf.TerraformStack(app, "dev");
  const prod = new cdktf.TerraformStack(app, "prod");
  resource(dev, "desktop", "alice", { image_id: "a" });
  resource(dev, "desktop", "team", { image_id: "b", count: 3 });
  resource(dev, "desktop_pool", "pool", { image_id: "by-hand" });
  resource(dev, "user", "user", { image_id: "a" });
  resource(prod, "app_image_server", "server", { image_id: "a" });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
  resource(prod, "desktop", "each", { image_id: "a", for_each: "${var.people}" });
  app.synth();
  const office = { pin: "office", pinnedAt, images: [{ id: "a" }] };
  nameInOutput(
    app,
    new Map([
      [
        "dev",
        [
          { environment: "dev", ...office },
          { environment: "dev", pin: "all", pinnedAt, images: [{ id: "a" }, { id: "b" }] },
        ],
      ],
      ["prod", [{ environment: "prod", ...office }]],
    ]),
  );
  return project;
}

const readFrom = (project: TestProject) => readOutput(findProject(project.directory));

test("a pin feeds the resources of its own stacks that have an image of it", () => {
  const output = readFrom(synthesized());
  expect(output?.hclStacks).toEqual([]);
  const { uses, movedSince } = usesInStacks(output!.stacks, new Map());
  expect(movedSince).toEqual([]);
  expect(uses.map(({ environment, pin, path, instances }) => [environment, pin, path, instances])).toEqual([
    ["dev", "all", "dev/alice", 1],
    ["dev", "all", "dev/team", 3],
    ["dev", "office", "dev/alice", 1],
    ["prod", "office", "prod/each", undefined],
    ["prod", "office", "prod/server", 1],
  ]);
  expect(uses[1]).toEqual({
    environment: "dev",
    pin: "all",
    address: "huaweicloud_workspace_desktop.team",
    stack: "dev",
    path: "dev/team",
    type: "huaweicloud_workspace_desktop",
    imageIds: ["b"],
    effect: "reinstalled",
    instances: 3,
  });
});

test("a resource whose image several pins of its environment have is not said to be of one of them alone", () => {
  const { uses } = usesInStacks(readFrom(synthesized())!.stacks, new Map());
  expect(uses.map(({ environment, pin, path, sharedWith }) => [environment, pin, path, sharedWith])).toEqual([
    ["dev", "all", "dev/alice", ["office"]],
    ["dev", "all", "dev/team", undefined],
    ["dev", "office", "dev/alice", ["all"]],
    ["prod", "office", "prod/each", undefined],
    ["prod", "office", "prod/server", undefined],
  ]);
});

test("an output that was made before a pin moved is told from one that was made after", () => {
  const { stacks } = readFrom(synthesized())!;
  const now = (id: string) => new Map([["dev", new Map([["office", pinOf(id)]])]]);
  expect(usesInStacks(stacks, now("a")).movedSince).toEqual([]);
  expect(usesInStacks(stacks, now("c")).movedSince).toEqual(["dev/office"]);
});

test("a move says what it does to how many", () => {
  const { uses } = usesInStacks(readFrom(synthesized())!.stacks, new Map());
  const move = (environment: string, pin: string, from: string[], to: string[], cardinality: "one" | "all") =>
    describeAffected(
      affectedBy(uses, {
        environment,
        pin,
        from: from.map((id) => image({ id })),
        to: to.map((id) => image({ id })),
        cardinality,
      }),
    );
  expect(move("dev", "office", ["a"], ["c"], "one")).toBe(
    "reinstalls 1 desktop (some may be fed by all, which has the same image)",
  );
  expect(move("prod", "office", ["a"], ["c"], "one")).toBe(
    "reinstalls 1 desktop, replaces 1 image server, or more",
  );
  expect(move("dev", "all", ["a", "b"], ["a", "c"], "all")).toBe(
    "destroys 3 desktops where they are built for each image, of those that leave",
  );
  expect(move("dev", "all", ["a", "b"], ["b", "a"], "all")).toBe("");
  expect(move("dev", "office", ["a"], ["a"], "one")).toBe("");
  // The output may be from after the move, too; what is new is built.
  expect(move("dev", "all", ["c"], ["b"], "one")).toBe("reinstalls 3 desktops");
  expect(move("dev", "all", [], ["b"], "one")).toBe("");
  expect(move("dev", "other", ["a"], ["c"], "one")).toBe("");
});

test("the folder that cdktf.json names is read", () => {
  expect(readFrom(synthesized("built"))?.stacks.map(({ name }) => name)).toEqual(["dev", "prod"]);
});

test("where nothing was synthesized there is nothing", () => {
  expect(readFrom(new TestProject(environments))).toBeUndefined();
});

test("a stack in HCL is named, and not read", () => {
  const project = synthesized();
  const file = project.path("cdktf.out/manifest.json");
  writeFileSync(
    file,
    project.read("cdktf.out/manifest.json").replace("stacks/dev/cdk.tf.json", "stacks/dev/cdk.tf"),
  );
  expect(readFrom(project)).toMatchObject({ hclStacks: ["dev"], stacks: [{ name: "prod" }] });
});

test.each<[string, string, string, string]>([
  ["no JSON", "manifest.json", "{", "manifest.json cannot be read"],
  ["another JSON", "manifest.json", "{}", "it is no manifest of a CDK"],
  ["a damaged stack", "stacks/dev/cdk.tf.json", "{", "stacks/dev/cdk.tf.json cannot be read"],
  [
    "a stack elsewhere",
    "manifest.json",
    '{"stacks":{"a":{"name":"a","constructPath":"a","synthesizedStackPath":"../../a.json"}}}',
    "it is outside of the output",
  ],
  [
    "a stack that is gone",
    "manifest.json",
    '{"stacks":{"a":{"name":"a","constructPath":"a","synthesizedStackPath":"stacks/gone.json"}}}',
    "it is not there",
  ],
])("an output with %s is refused", (_, name, content, message) => {
  const project = synthesized();
  writeFileSync(join(project.path("cdktf.out"), name), content);
  const error = thrown(() => readFrom(project));
  expect(error.code).toBe("CONFIGURATION");
  expect(error.message).toContain(message);
  expect(error.message).toContain("Run cdktf synth");
});

test("a pin feeds the resources of a plan that get its image, and of a state that have it", async () => {
  const pins = new Map([["prod", new Map([["office", pinOf(image({ id: NEW_IMAGE }))]])]]);
  const { uses } = await usesInTerraform(planFile("image-moved"), pins);
  expect(uses.map(({ address, effect }) => [address, effect])).toEqual([
    ["huaweicloud_workspace_app_image_server.image-server", "replaced"],
    ["huaweicloud_workspace_app_server_group.server-group", "updated"],
    ["huaweicloud_workspace_desktop.desktop", "reinstalled"],
    ["huaweicloud_workspace_desktop_pool.pool-force", "refused"],
  ]);
  const before = new Map([["prod", new Map([["office", pinOf(image({ id: OLD_IMAGE }))]])]]);
  expect((await usesInTerraform(planFile("image-moved"), before)).uses).toEqual([]);
  expect((await usesInTerraform(planFile("nothing"), before)).uses).toHaveLength(5);
});
