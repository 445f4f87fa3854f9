import { readRunningImages } from "../../src/desktops/running-images";
import { rejection } from "../support/errors";
import { TestProject } from "../support/project";
import { OLD_IMAGE, planFile, recordedPlan } from "./plans";

/** A file with the state that was recorded beside a plan. */
function state(edit: (resources: Record<string, unknown>[]) => void = () => {}): string {
  const { prior_state } = recordedPlan("nothing") as {
    prior_state: { values: { root_module: { resources: never[] } } };
  };
  edit(prior_state.values.root_module.resources);
  const project = new TestProject({});
  project.write("state.json", JSON.stringify(prior_state));
  return project.path("state.json");
}

const desktop = {
  address: "huaweicloud_workspace_desktop.desktop",
  type: "huaweicloud_workspace_desktop",
  imageId: OLD_IMAGE,
  imageType: "gold",
};

test("a state says which image runs, and with which type it was created", async () => {
  expect(await readRunningImages(state(), [desktop.address])).toEqual([desktop]);
  const all = await readRunningImages(state(), ["huaweicloud_workspace_*"]);
  expect(all.map(({ type, imageId }) => [type.replace("huaweicloud_workspace_", ""), imageId])).toEqual([
    ["app_image_server", OLD_IMAGE],
    ["app_server_group", OLD_IMAGE],
    ["desktop", OLD_IMAGE],
    ["desktop_pool", OLD_IMAGE],
    ["desktop_pool", OLD_IMAGE],
  ]);
});

test("a plan says what runs before it, not what it would build", async () => {
  expect(await readRunningImages(planFile("image-moved"), [desktop.address])).toEqual([desktop]);
});

test("an imported desktop has no known type", async () => {
  const file = state((resources) => {
    for (const resource of resources)
      if (resource.name === "desktop") (resource.values as { image_type: null }).image_type = null;
  });
  expect(await readRunningImages(file, [desktop.address])).toEqual([{ ...desktop, imageType: undefined }]);
});

test("addresses that no resource has are named, all of them", async () => {
  const error = await rejection(
    readRunningImages(state(), [desktop.address, "module.none.*", "huaweicloud_workspace_user.*"]),
  );
  expect(error.code).toBe("PLAN");
  expect(error.message).toContain(
    "has no resource with an image at module.none.*, huaweicloud_workspace_user.*.",
  );
});

test("deposed objects, data and one-time actions are not what runs", async () => {
  const file = state((resources) => {
    const one = resources.find(({ name }) => name === "desktop")!;
    resources.push(
      { ...one, deposed_key: "8a2b1c3d", values: { image_id: "old" } },
      { ...one, mode: "data", values: { image_id: "data" } },
      {
        ...one,
        type: "huaweicloud_workspace_app_server_action",
        values: { content: '{"image_id":"asked"}' },
      },
    );
  });
  expect(await readRunningImages(file, ["*.desktop"])).toEqual([desktop]);
});
