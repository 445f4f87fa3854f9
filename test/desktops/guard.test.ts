import fc from "fast-check";
import { PlanError } from "../../src";
import { type GuardContext, judgeChange } from "../../src/desktops/guard";
import { parseChange } from "../../src/desktops/plan";
import { RESOURCE_KINDS } from "../../src/desktops/resource-kinds";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { NEW_IMAGE, OLD_IMAGE, type RawChange, type RecordedPlan, recordedChange } from "./plans";

const moved: GuardContext = {
  pins: [
    { environment: "prod", name: "kiosk", pin: { images: [image({ id: "kiosk" })] } },
    {
      environment: "prod",
      name: "office",
      pin: {
        images: [image({ id: NEW_IMAGE, name: "Windows_11_new" })],
        previous: [{ ids: ["between"] }, { ids: [OLD_IMAGE] }],
      },
    },
  ],
  objection: () => undefined,
};

function judge(change: RawChange, context = moved) {
  const planned = parseChange(change, "plan.json");
  return planned && judgeChange(planned, context);
}

/** A recorded change, edited. */
function edited(plan: RecordedPlan, name: string, edit: (change: RawChange) => void): RawChange {
  const change = recordedChange(plan, name);
  edit(change);
  return change;
}

/** A change of a kind that no plan was recorded of, in the shape of those that were. */
function unrecorded(type: string, actions: string[], before: object | null, after: object | null): RawChange {
  const template = recordedChange("nothing", "desktop");
  return {
    ...template,
    address: `${type}.one`,
    type,
    name: "one",
    change: {
      actions,
      before: before as RawChange["change"]["before"],
      after: after as never,
      after_unknown: {},
    },
  };
}

const DESKTOP = "huaweicloud_workspace_desktop";
const POOL = "huaweicloud_workspace_desktop_pool";
const IMAGE_SERVER = "huaweicloud_workspace_app_image_server";
const SERVER_GROUP = "huaweicloud_workspace_app_server_group";
const PUBLISHED = "huaweicloud_workspace_app_application_publishment";
const BATCH = "huaweicloud_workspace_app_application_batch_publish";
const ACTION = "huaweicloud_workspace_app_server_action";
const BATCH_ACTION = "huaweicloud_workspace_app_server_batch_action";

const content = (fields: object) => JSON.stringify(fields);

/** Changes that a pin explains, or in which nothing is lost. */
const explained: [string, string, RawChange, string | undefined][] = [
  [DESKTOP, "its pin moved", recordedChange("image-moved", "desktop"), "reinstalls"],
  [DESKTOP, "nothing changes", recordedChange("nothing", "desktop"), undefined],
  [
    DESKTOP,
    "it is built",
    edited("nothing", "desktop", ({ change }) => {
      change.actions = ["create"];
      change.before = null;
    }),
    undefined,
  ],
  [
    DESKTOP,
    "it is forgotten",
    edited("desktop-destroyed", "desktop", ({ change }) => {
      change.actions = ["forget"];
    }),
    undefined,
  ],
  [
    DESKTOP,
    "its disk grows, and the image stays",
    edited("nothing", "desktop", ({ change }) => {
      change.actions = ["update"];
      change.after!.root_volume = [{ size: 200, type: "SAS" }];
      change.after!.data_volume = [
        { size: 50, type: "SAS" },
        { size: 10, type: "SSD" },
      ];
    }),
    undefined,
  ],
  [
    DESKTOP,
    "its pin moved, in a module, with for_each and after a move of the resource",
    edited("image-moved", "desktop", (change) => {
      change.address = 'module.floor["2"].huaweicloud_workspace_desktop.office["alice"]';
      change.module_address = 'module.floor["2"]';
      change.index = "alice";
      change.previous_address = "huaweicloud_workspace_desktop.office[0]";
    }),
    "reinstalls",
  ],
  [
    DESKTOP,
    "it is imported as it is",
    edited("nothing", "desktop", ({ change }) => {
      change.importing = { id: "1aabf0f9" };
    }),
    undefined,
  ],
  [
    POOL,
    "its description changes",
    edited("nothing", "pool", ({ change }) => {
      change.actions = ["update"];
      change.after!.description = "new";
    }),
    undefined,
  ],
  [POOL, "nothing changes", recordedChange("nothing", "pool-force"), undefined],
  [
    IMAGE_SERVER,
    "it is built",
    edited("nothing", "image-server", ({ change }) => {
      change.actions = ["create"];
      change.before = null;
    }),
    undefined,
  ],
  [SERVER_GROUP, "its pin moved", recordedChange("image-moved", "server-group"), "updates"],
  [
    PUBLISHED,
    "its icon changes",
    unrecorded(
      PUBLISHED,
      ["update"],
      { source_image_ids: [OLD_IMAGE], icon_index: 0 },
      { source_image_ids: [OLD_IMAGE], icon_index: 1 },
    ),
    undefined,
  ],
  [BATCH, "it is published", unrecorded(BATCH, ["create"], null, { applications: [] }), undefined],
  [BATCH, "its record is removed", unrecorded(BATCH, ["delete"], { applications: [] }, null), undefined],
  [
    ACTION,
    "its record is removed",
    unrecorded(ACTION, ["delete"], { type: "reinstall", content: "{}" }, null),
    undefined,
  ],
  [
    ACTION,
    "its retries change",
    unrecorded(
      ACTION,
      ["update"],
      { type: "reinstall", content: "{}", max_retries: 0 },
      { type: "reinstall", content: "{}", max_retries: 3 },
    ),
    undefined,
  ],
  [
    BATCH_ACTION,
    "it has servers join their domain again",
    unrecorded(BATCH_ACTION, ["create"], null, { type: "batch-rejoin-domain", content: "{}" }),
    undefined,
  ],
];

test.each(explained)("%s: %s", (type, _, change, does) => {
  expect(change.type).toBe(type);
  const verdict = judge(change);
  expect(verdict?.does).toBe(does);
  if (does) {
    expect(verdict).toMatchObject({
      address: change.address,
      type,
      explained: true,
      reasons: ['pin "office" of prod moved to Windows_11_new'],
      from: [OLD_IMAGE],
      to: [NEW_IMAGE],
    });
  }
});

/** Changes that nothing explains. */
const unexplained: [string, string, RawChange, string, string][] = [
  [
    DESKTOP,
    "the image type alone changes",
    recordedChange("image-type-only", "desktop"),
    "reinstalls",
    'image_type changes from "gold" to "market", and the image is the same: keep what it was created with',
  ],
  [
    DESKTOP,
    "the image type changes with the image",
    edited("image-moved", "desktop", ({ change }) => {
      change.after!.image_type = "private";
    }),
    "reinstalls",
    'image_type changes from "gold" to "private" with the image',
  ],
  [
    DESKTOP,
    "it is imported without an image type",
    edited("image-type-only", "desktop", ({ change }) => {
      change.importing = { id: "1aabf0f9" };
      change.before!.image_type = null;
    }),
    "reinstalls",
    'image_type changes from null to "market", and the image is the same: after an import, put it in lifecycle.ignore_changes; it is imported by this plan',
  ],
  [
    DESKTOP,
    "no pin has the new image",
    edited("image-moved", "desktop", ({ change }) => {
      change.after!.image_id = "by-hand";
    }),
    "reinstalls",
    "no pin has the image by-hand that it gets",
  ],
  [
    DESKTOP,
    "the pin never had the old image",
    edited("image-moved", "desktop", ({ change }) => {
      change.before!.image_id = "by-hand";
    }),
    "reinstalls",
    `pin "office" of prod has the image ${NEW_IMAGE}, and never had by-hand`,
  ],
  [
    DESKTOP,
    "the image that it has is not known",
    edited("image-moved", "desktop", ({ change }) => {
      change.before!.image_id = "";
    }),
    "reinstalls",
    `pin "office" of prod has the image ${NEW_IMAGE}, and never had the one before`,
  ],
  [
    DESKTOP,
    "the disk grows with the image",
    edited("image-moved", "desktop", ({ change }) => {
      change.after!.root_volume = [{ size: 120, type: "SAS" }];
    }),
    "reinstalls",
    "root_volume.size changes with the image, from 100 to 120 GB",
  ],
  [
    DESKTOP,
    "the type of the disk changes with the image",
    edited("image-moved", "desktop", ({ change }) => {
      change.after!.root_volume = [{ size: 100, type: "SSD" }];
    }),
    "reinstalls",
    "root_volume.type changes with the image",
  ],
  [
    DESKTOP,
    "types of disks are known only at apply",
    edited("image-moved", "desktop", ({ change }) => {
      change.after_unknown = { root_volume: [{ type: true }], data_volume: [{ type: true }] };
    }),
    "reinstalls",
    "root_volume.type changes with the image; data_volume changes with the image",
  ],
  [
    SERVER_GROUP,
    "the type of its disk changes with the image",
    edited("image-moved", "server-group", ({ change }) => {
      change.after!.system_disk_type = "GPSSD";
    }),
    "updates",
    "system_disk_type changes with the image",
  ],
  [
    DESKTOP,
    "a data disk is added with the image",
    edited("image-moved", "desktop", ({ change }) => {
      change.after!.data_volume = [
        { size: 50, type: "SAS" },
        { size: 10, type: "SAS" },
      ];
    }),
    "reinstalls",
    "data_volume changes with the image",
  ],
  [
    DESKTOP,
    "the disk would shrink",
    edited("nothing", "desktop", ({ change }) => {
      change.actions = ["update"];
      change.after!.root_volume = [{ size: 80, type: "SAS" }];
    }),
    "updates",
    "root_volume.size would shrink from 100 to 80 GB",
  ],
  [
    DESKTOP,
    "a data disk is removed",
    edited("nothing", "desktop", ({ change }) => {
      change.actions = ["update"];
      change.after!.data_volume = [];
    }),
    "updates",
    "data_volume would shrink, or be removed",
  ],
  [
    DESKTOP,
    "the image is known only at apply",
    edited("image-moved", "desktop", ({ change }) => {
      delete change.after!.image_id;
      change.after_unknown = { image_id: true };
    }),
    "reinstalls",
    "image_id will be known only at apply",
  ],
  [
    DESKTOP,
    "everything is known only at apply",
    edited("image-moved", "desktop", ({ change }) => {
      change.after_unknown = true;
    }),
    "reinstalls",
    "image_id and image_type will be known only at apply; root_volume.size will be known only at apply; data_volume will be known only at apply",
  ],
  [
    DESKTOP,
    "the disk is known only at apply",
    edited("nothing", "desktop", ({ change }) => {
      change.actions = ["update"];
      change.after!.root_volume = [{ type: "SAS" }];
      change.after_unknown = { root_volume: [{ size: true }] };
    }),
    "updates",
    "root_volume.size will be known only at apply",
  ],
  [
    DESKTOP,
    "its user changes",
    recordedChange("desktop-replaced-by-user", "desktop"),
    "replaces",
    "user_name cannot be changed in place",
  ],
  [
    DESKTOP,
    "it is built anew before the old one is destroyed",
    edited("desktop-replaced-by-user", "desktop", (change) => {
      change.change.actions = ["create", "delete"];
      change.action_reason = "replace_because_tainted";
    }),
    "replaces",
    "it is tainted",
  ],
  [
    DESKTOP,
    "it is not in the configuration any more",
    recordedChange("desktop-destroyed", "desktop"),
    "destroys",
    "it is not in the configuration any more",
  ],
  [
    DESKTOP,
    "everything is destroyed",
    edited("desktop-destroyed", "desktop", (change) => {
      delete change.action_reason;
    }),
    "destroys",
    "the plan destroys it",
  ],
  [
    DESKTOP,
    "its index is gone, after it was moved",
    edited("desktop-destroyed", "desktop", (change) => {
      change.action_reason = "delete_because_count_index";
      change.previous_address = "huaweicloud_workspace_desktop.office[3]";
    }),
    "destroys",
    "its count became smaller; it was moved from huaweicloud_workspace_desktop.office[3]",
  ],
  [
    DESKTOP,
    "an old object is left",
    edited("desktop-destroyed", "desktop", (change) => {
      change.deposed = "8a2b1c3d";
    }),
    "destroys",
    "it is the old object 8a2b1c3d that a replacement left behind",
  ],
  [
    POOL,
    "its pin moved, and enable_force_new is set",
    recordedChange("image-moved", "pool-force"),
    "replaces",
    "image_id cannot be changed in place",
  ],
  [
    POOL,
    "it is not in the configuration any more",
    recordedChange("image-moved", "pool"),
    "destroys",
    "it is not in the configuration any more",
  ],
  [
    POOL,
    "its image changes in place, as no known provider does it",
    edited("image-moved", "pool-force", ({ change }) => {
      change.actions = ["update"];
      change.after_unknown = {};
    }),
    "updates",
    "the provider is not known to change image_id of a desktop pool in place",
  ],
  [
    IMAGE_SERVER,
    "its pin moved",
    recordedChange("image-moved", "image-server"),
    "replaces",
    "image_id, image_source_product_id cannot be changed in place",
  ],
  [
    SERVER_GROUP,
    "its product alone changes",
    edited("image-moved", "server-group", ({ change }) => {
      change.after!.image_id = OLD_IMAGE;
    }),
    "updates",
    "image_product_id changes, and the image is the same",
  ],
  [
    SERVER_GROUP,
    "its disk changes with the image",
    edited("image-moved", "server-group", ({ change }) => {
      change.after!.system_disk_size = 80;
    }),
    "updates",
    "system_disk_size would shrink from 100 to 80 GB",
  ],
  [
    PUBLISHED,
    "its images change",
    {
      ...unrecorded(
        PUBLISHED,
        ["delete", "create"],
        { source_image_ids: [OLD_IMAGE] },
        { source_image_ids: [NEW_IMAGE] },
      ),
      action_reason: "replace_by_request",
    },
    "replaces",
    "-replace asks for it",
  ],
  [
    BATCH,
    "its images change",
    unrecorded(
      BATCH,
      ["delete", "create"],
      { applications: [{ source_image_ids: [OLD_IMAGE] }] },
      { applications: [{ source_image_ids: [NEW_IMAGE] }] },
    ),
    "replaces",
    "the plan replaces it",
  ],
  [
    ACTION,
    "it changes an image",
    unrecorded(ACTION, ["create"], null, { type: "change-image", content: content({ image_id: NEW_IMAGE }) }),
    "runs",
    "a change-image reinstalls the servers that it names",
  ],
  [
    ACTION,
    "its content changes in place, as no known provider does it",
    unrecorded(
      ACTION,
      ["update"],
      { type: "change-image", content: content({ image_id: OLD_IMAGE }) },
      { type: "change-image", content: content({ image_id: NEW_IMAGE }) },
    ),
    "updates",
    "the provider is not known to change content of a server action in place",
  ],
  [
    BATCH_ACTION,
    "it runs again",
    unrecorded(
      BATCH_ACTION,
      ["delete", "create"],
      { type: "batch-reinstall", content: "{}" },
      { type: "batch-reinstall", content: "{}" },
    ),
    "runs",
    "a batch-reinstall reinstalls the servers that it names",
  ],
];

test.each(unexplained)("%s is not explained where %s", (type, _, change, does, reason) => {
  expect(change.type).toBe(type);
  const verdict = judge(change);
  expect(verdict).toMatchObject({ address: change.address, type, does, explained: false });
  expect(verdict?.reasons.join("; ")).toBe(reason);
});

test("each kind has a change that is explained, and one that is not", () => {
  const types = RESOURCE_KINDS.map(({ type }) => type).sort();
  expect([...new Set(explained.map(([type]) => type))].sort()).toEqual(types);
  expect([...new Set(unexplained.map(([type]) => type))].sort()).toEqual(types);
});

test("an objection to the new image holds for whatever is built or reinstalled from it, and for nothing else", () => {
  const objecting = {
    ...moved,
    objection: (id: string | undefined) => (id === NEW_IMAGE ? "no" : undefined),
  };
  const created = edited("image-moved", "desktop", ({ change }) => {
    change.actions = ["create"];
    change.before = null;
  });
  expect(judge(created, objecting)).toMatchObject({ does: "builds", explained: false, reasons: ["no"] });
  expect(judge(recordedChange("image-moved", "desktop"), objecting)).toMatchObject({
    does: "reinstalls",
    explained: false,
    reasons: ["no"],
  });
  expect(judge(recordedChange("image-moved", "image-server"), objecting)?.reasons.at(-1)).toBe("no");
  expect(judge(recordedChange("nothing", "desktop"), { ...moved, objection: () => "no" })).toBeUndefined();
  const later = edited("image-moved", "desktop", ({ change }) => {
    change.actions = ["create"];
    change.before = null;
    delete change.after!.image_id;
    change.after_unknown = { image_id: true };
  });
  const unknown = {
    ...moved,
    objection: (id: string | undefined) => (id === undefined ? "not known" : undefined),
  };
  expect(judge(later, unknown)?.reasons).toEqual(["not known"]);
});

test.each(["data", "ephemeral"])("what is of mode %s is not looked at", (mode) => {
  expect(judge({ ...recordedChange("desktop-destroyed", "desktop"), mode })).toBeUndefined();
});

test("what holds no image is not looked at, whatever it looks like", () => {
  expect(parseChange({ type: "huaweicloud_workspace_user", mode: "managed" }, "plan.json")).toBeUndefined();
});

test.each<[string, unknown]>([
  ["no object", null],
  ["a text", "x"],
  ["no type", { address: "a.b", mode: "managed" }],
  ["no mode", { address: "a.b", type: DESKTOP }],
  ["no change", { address: "a.b", type: DESKTOP, mode: "managed" }],
  ["no address", { ...recordedChange("nothing", "desktop"), address: undefined }],
  ["an unknown action", edited("nothing", "desktop", ({ change }) => change.actions.splice(0, 1, "rebuild"))],
  ["no action", edited("nothing", "desktop", ({ change }) => change.actions.splice(0, 1))],
  [
    "an action named as a property",
    edited("nothing", "desktop", ({ change }) => change.actions.splice(0, 1, "toString")),
  ],
  [
    "attributes that are a list",
    edited("image-moved", "desktop", ({ change }) => (change.before = [1] as never)),
  ],
  [
    "new attributes that are a list",
    edited("image-moved", "desktop", ({ change }) => (change.after = [] as never)),
  ],
  [
    "unknown attributes that are a list",
    edited("image-moved", "desktop", ({ change }) => (change.after_unknown = [] as never)),
  ],
  ["an update of nothing", edited("image-moved", "desktop", ({ change }) => (change.before = null))],
  ["an update to nothing", edited("image-moved", "desktop", ({ change }) => (change.after = null))],
  [
    "an image ID that is a number",
    edited("image-moved", "desktop", ({ change }) => (change.after!.image_id = 1)),
  ],
  [
    "an image ID that is a list",
    edited("image-moved", "desktop", ({ change }) => (change.before!.image_id = [{}])),
  ],
  [
    "a disk that is a block",
    edited("image-moved", "desktop", ({ change }) => (change.after!.root_volume = {})),
  ],
  [
    "a size that is a text",
    edited("image-moved", "desktop", ({ change }) => (change.after!.root_volume = [{ size: "1" }])),
  ],
])("a change with %s is not understood", (_, raw) => {
  const error = thrown(() => parseChange(raw, "plan.json"));
  expect(error).toBeInstanceOf(PlanError);
  expect(error.message).toMatch(/^plan\.json: .* is not understood: /);
});

test("no change of a desktop that could cost somebody a disk passes, whatever else it says", () => {
  const imageId = fc.constantFrom(OLD_IMAGE, NEW_IMAGE, "between", "kiosk", "by-hand", "", null);
  const imageType = fc.constantFrom("gold", "market", "private", "", null);
  const disk = fc.constantFrom(80, 100, 120);
  const side = fc.record({ imageId, imageType, disk, data: fc.array(disk, { maxLength: 2 }) });
  const unknown = fc.constantFrom<object | boolean>(
    {},
    {},
    {},
    false,
    true,
    { image_id: true },
    { image_type: true },
    { root_volume: [{ size: true }] },
    { data_volume: true },
    { name: true },
  );
  const actions = fc.constantFrom<string[]>(
    ["no-op"],
    ["create"],
    ["update"],
    ["update"],
    ["update"],
    ["delete"],
    ["delete", "create"],
    ["create", "delete"],
    ["forget"],
  );
  const attributes = ({
    imageId,
    imageType,
    disk,
    data,
  }: typeof side extends fc.Arbitrary<infer T> ? T : never) => ({
    image_id: imageId,
    image_type: imageType,
    root_volume: [{ size: disk, type: "SAS" }],
    data_volume: data.map((size) => ({ size, type: "SAS" })),
  });
  fc.assert(
    fc.property(actions, side, side, unknown, (actions, before, after, unknown) => {
      const verdict = judge(
        edited("nothing", "desktop", ({ change }) => {
          change.actions = actions;
          Object.assign(change.before!, attributes(before));
          Object.assign(change.after!, attributes(after));
          change.after_unknown = unknown as never;
        }),
      );
      const passes = verdict === undefined || verdict.explained;
      if (actions.includes("delete")) return !passes;
      if (actions[0] !== "update") return passes;
      const isKnown = unknown === false || Object.keys(unknown).every((key) => key === "name");
      const isSameImage = (before.imageId ?? "") === (after.imageId ?? "");
      const isSameType = (before.imageType ?? "") === (after.imageType ?? "");
      const isSameDisk = before.disk === after.disk && before.data.join() === after.data.join();
      const shrinks =
        after.disk < before.disk || before.data.some((size, index) => (after.data[index] ?? 0) < size);
      const isMove =
        after.imageId === NEW_IMAGE && [OLD_IMAGE, "between"].includes(before.imageId ?? "") && isSameDisk;
      return passes === (isKnown && unknown !== true && isSameType && !shrinks && (isSameImage || isMove));
    }),
    { numRuns: 3000 },
  );
});
