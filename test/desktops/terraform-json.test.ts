import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTerraformJson } from "../../src/desktops/terraform-json";
import { rejection } from "../support/errors";
import { planFile, type RawPlan, recordedPlan } from "./plans";

const folder = mkdtempSync(join(tmpdir(), "workspace-images-plans-"));
let files = 0;

function write(content: string | Buffer | object): string {
  const file = join(folder, `${files++}.json`);
  writeFileSync(
    file,
    typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content),
  );
  return file;
}

async function read(file: string) {
  const changes: unknown[] = [];
  const resources: unknown[] = [];
  const kind = await readTerraformJson(file, {
    change: (change) => changes.push(change),
    resource: (resource) => resources.push(resource),
  });
  return { kind, changes, resources };
}

test("every change of a recorded plan is read as it stands", async () => {
  const { kind, changes, resources } = await read(planFile("image-moved"));
  expect(kind).toBe("plan");
  expect(changes).toEqual(recordedPlan("image-moved").resource_changes);
  expect(resources).toEqual([]);
});

test.each<[string, (plan: RawPlan) => void, number]>([
  ["a plan without changes", (plan) => delete plan.resource_changes, 0],
  ["an indented plan", () => {}, 5],
  [
    "a plan of some resources only, with drift, which is no change",
    (plan) => Object.assign(plan, { complete: false, resource_drift: plan.resource_changes }),
    5,
  ],
  [
    "a plan with deferred changes",
    (plan) => {
      plan.deferred_changes = [
        { reason: "resource_config_unknown", resource_change: plan.resource_changes![0]! },
      ];
    },
    6,
  ],
])("%s is read", async (_, edit, expected) => {
  const plan = recordedPlan("image-moved");
  edit(plan);
  const { kind, changes } = await read(write(JSON.stringify(plan, null, 4)));
  expect({ kind, changes: changes.length }).toEqual({ kind: "plan", changes: expected });
});

test("a byte order mark, and text that comes in pieces, do no harm", async () => {
  const plan = recordedPlan("nothing");
  plan.resource_changes![0]!.address = "größe".repeat(20_000);
  const { changes } = await read(write(`\ufeff${JSON.stringify(plan)}`));
  expect(changes).toEqual(plan.resource_changes);
});

test("the resources of a state are read, in every module", async () => {
  const resource = (address: string) => ({
    address,
    mode: "managed",
    type: "t",
    values: { image_id: address },
  });
  const { kind, resources } = await read(
    write({
      format_version: "1.0",
      terraform_version: "1.9.0",
      values: {
        outputs: { resources: { value: 1 } },
        root_module: {
          resources: [resource("a"), resource("b")],
          child_modules: [
            { address: "module.m", resources: [resource("m.a")] },
            {
              address: "module.n",
              child_modules: [{ address: "module.n.o", resources: [resource("n.o.a")] }],
            },
          ],
        },
      },
    }),
  );
  expect(kind).toBe("state");
  expect(resources).toEqual(["a", "b", "m.a", "n.o.a"].map(resource));
});

const plan = recordedPlan("nothing");
test.each<[string, string | Buffer | object, string]>([
  ["an empty file", "", "is empty"],
  ["a text", "Terraform will perform the following actions", "is no JSON document"],
  ["a plan that is cut off", JSON.stringify(plan).slice(0, 20_000), "or not a whole one"],
  ["two plans", JSON.stringify(plan).repeat(2), "or not a whole one"],
  [
    "the log of a plan",
    '{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}\n',
    "or not a whole one",
  ],
  [
    "a plan in Terraform's own format",
    Buffer.from("PK\u0003\u0004rest"),
    "is a plan in Terraform's own format",
  ],
  ["a plan in UTF-16", Buffer.from(`\ufeff${JSON.stringify(plan)}`, "utf16le"), "is in UTF-16"],
  ["a plan in UTF-16 without a mark", Buffer.from(JSON.stringify(plan), "utf16le"), "is in UTF-16"],
  ["an object", {}, "is neither a plan nor a state"],
  ["a list", [plan], "is neither a plan nor a state"],
  ["a number", "1", "is neither a plan nor a state"],
  ["schemas of providers", { format_version: "1.0", provider_schemas: {} }, "is neither a plan nor a state"],
  [
    "a state as it is stored",
    { version: 4, terraform_version: "1.11.4", resources: [] },
    "is neither a plan nor a state",
  ],
  ["a plan and a state at once", { ...plan, values: {} }, "is neither a plan nor a state"],
  ["a plan without a format", { ...plan, format_version: undefined }, "is neither a plan nor a state"],
  ["a plan of a later format", { ...plan, format_version: "2.0" }, "has format_version 2.0"],
  ["a plan of an older format", { ...plan, format_version: "0.2" }, "has format_version 0.2"],
  [
    "resources that are no list",
    { ...plan, resource_changes: { a: {} } },
    "resource_changes is not as expected",
  ],
  ["resources that are a text", { ...plan, resource_changes: "none" }, "resource_changes is not as expected"],
  ["resources that are null", { ...plan, resource_changes: null }, "resource_changes is not as expected"],
  [
    "deferred changes that are no list",
    { ...plan, deferred_changes: 1 },
    "deferred_changes is not as expected",
  ],
  ["a plan of nothing", { ...plan, planned_values: null }, "planned_values is not as expected"],
  ["a state of a text", { format_version: "1.0", values: "" }, "values is not as expected"],
  [
    "changes that stand twice",
    JSON.stringify(plan).replace(/\}$/, ',"resource_changes":[]}'),
    '"resource_changes" stands twice',
  ],
  [
    "actions that stand twice",
    JSON.stringify(plan).replace('"actions":', '"actions":["update"],"actions":'),
    '"actions" stands twice',
  ],
  [
    "a plan of 200,000 lists in each other",
    JSON.stringify(plan).replace(/\}$/, `,"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`),
    "nested in more than 1000 levels",
  ],
  ["a plan that failed in other words", { ...plan, errored: "true" }, "is of a plan that failed"],
  ["a plan that failed", { ...plan, errored: true }, "is of a plan that failed"],
])("%s is refused", async (_, content, message) => {
  const error = await rejection(read(write(content)));
  expect(error.code).toBe("PLAN");
  expect(error.message).toContain(message);
});

test.each([join(folder, "none.json"), folder])("%s, which is no file, is refused", async (name) => {
  const error = await rejection(read(name));
  expect(error.code).toBe("PLAN");
  expect(error.message).toContain(`${name} cannot be read: `);
});

test("more modules in each other than are looked into are refused, and not left out", async () => {
  let module: object = { resources: [{ address: "deep" }] };
  for (let level = 0; level < 60; level++) module = { child_modules: [module] };
  const error = await rejection(read(write({ format_version: "1.0", values: { root_module: module } })));
  expect(error.message).toContain("more than 50 modules");
});
