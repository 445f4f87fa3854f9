import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { ROOT, TestProject } from "../support/project";
import { OLD_IMAGE, planFile, recordedPlan } from "./plans";

const REGION = "cn-north-4";
const address = "huaweicloud_workspace_desktop.desktop";

interface State {
  readonly values: {
    readonly root_module: {
      readonly resources: { readonly address: string; readonly values: Record<string, unknown> }[];
    };
  };
}

/** An app whose lookup wants the newest Windows 11, and whose desktop keeps type and disk of the state. */
const APP = `
const { App, TerraformResource, TerraformStack } = require("cdktf");
const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require(${JSON.stringify(join(ROOT, "lib"))});
(async () => {
  const app = new App();
  await WorkspaceImageCatalog.prefetch(app);
  const stack = new TerraformStack(app, "dev");
  const windows = new DataHuaweicloudWorkspaceImage(stack, "office", {
    imageType: "gold", nameRegex: "^Windows_11", mostRecent: true,
  });
  const desktop = new TerraformResource(stack, "desktop", { terraformResourceType: "huaweicloud_workspace_desktop" });
  for (const [name, value] of Object.entries({
    image_id: windows.id, image_type: "gold", root_volume: { size: 100, type: "SAS" }, user_group: "users",
  })) desktop.addOverride(name, value);
  app.synth();
})();
`;

test.each([
  ["an image that is listed", [image({ id: OLD_IMAGE, name: "Windows_11_old", minDisk: 80 })]],
  ["an image that is listed no longer", []],
])("desktops with %s are taken over as the state has them, without a change", async (_, listed) => {
  const newer = image({
    id: "newer",
    name: "Windows_11_new",
    createdAt: "2026-06-01T00:00:00Z",
    minDisk: 120,
  });
  const emulator = await WorkspaceEmulator.start({ images: { [REGION]: [...listed, newer] } });
  try {
    const project = new TestProject({ dev: { region: REGION } });
    const { prior_state: state } = recordedPlan("nothing") as { prior_state: State };
    project.write("state.json", JSON.stringify(state));
    const pinned = await project.cli(
      ["pin", "office", "--env", "dev", "--from-plan", "state.json", address, "--image-type", "gold"],
      emulator.variables,
    );
    expect({ ...pinned, stdout: "" }).toEqual({ code: 0, stdout: "", stderr: pinned.stderr });
    expect(project.readLock("dev").pins.office.images[0].id).toBe(OLD_IMAGE);
    expect(project.readLock("dev").pins.office.adopted).toBe(listed.length > 0 ? undefined : true);

    // The lookup asks for something else, and gets what runs.
    const synth = await project.script(APP, { ...emulator.variables, WORKSPACE_IMAGES_MODE: "auto" });
    expect(synth).toMatchObject({ code: 0 });
    const { resource } = JSON.parse(project.read("cdktf.out/stacks/dev/cdk.tf.json"));
    const before = state.values.root_module.resources.find((one) => one.address === address)!.values;
    const { image_id, image_type, root_volume } = resource.huaweicloud_workspace_desktop.desktop;
    expect({ image_id, image_type }).toEqual({ image_id: before.image_id, image_type: before.image_type });
    expect([root_volume]).toMatchObject([{ size: (before.root_volume as [{ size: number }])[0].size }]);

    // The recorded plan of exactly these values is empty.
    const guarded = await project.cli(["guard", "--env", "dev", planFile("nothing")]);
    expect(guarded.code).toBe(0);
    expect(guarded.stdout.replace(/\s+/g, " ")).toContain("nothing is reinstalled, replaced or destroyed");
  } finally {
    await emulator.close();
  }
});
