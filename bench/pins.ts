import { App, TerraformStack } from "cdktf";
import { DataHuaweicloudWorkspaceImage, type WorkspaceImage } from "cdktf-huaweicloud-workspace-images";
import { updateLockFile } from "../src/pins/lock-file";
import { pinOf } from "../test/support/pins";
import { newFolder } from "./harness";

export const REGION = "cn-north-4";

/** A lookup that selects exactly one image. */
export function filterOf({ name }: WorkspaceImage) {
  return { imageType: "gold", osType: "Windows", name: name! };
}

/** Pins an image for each lookup, under its ID, in an environment of a project. */
export function pinAll(directory: string, images: readonly WorkspaceImage[], environment = "dev"): void {
  const place = { region: REGION, projectId: "project" };
  updateLockFile(directory, { name: environment }, place, (pins) => {
    for (const image of images) pins.set(image.id, pinOf(image, { filter: filterOf(image) }));
  });
}

/** A stack that looks every image up; the time from the first constructor to the last value, ms. */
export function lookUpAll(
  app: App,
  images: readonly WorkspaceImage[],
  { environment, name = "stack" }: { environment?: string; name?: string } = {},
): number {
  const stack = new TerraformStack(app, name);
  const started = performance.now();
  for (const image of images) {
    const { id } = new DataHuaweicloudWorkspaceImage(stack, image.id, { ...filterOf(image), environment });
    if (id !== image.id) throw new Error("another image was selected");
  }
  return performance.now() - started;
}

export function newApp(context: Record<string, unknown> = {}): App {
  return new App({ outdir: newFolder(), context });
}
