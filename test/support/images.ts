import { App, TerraformStack } from "cdktf";
import type { WorkspaceImage } from "../../src";
import { WorkspaceImageCatalog } from "../../src";

/** An image with every field; `fields` say what a test is about. */
export function image(fields: Partial<WorkspaceImage> & { id: string }): WorkspaceImage {
  return {
    name: `image-${fields.id}`,
    imageType: "gold",
    osType: "Windows",
    osVersion: "Windows 11 Enterprise 64bit",
    architecture: "x86",
    diskFormat: "zvhd2",
    minRam: 0,
    minDisk: 80,
    productCode: "workspace.windows",
    createdAt: "2025-01-01T00:00:00Z",
    ...fields,
  };
}

/** A stack whose environment `dev` has the given images, without lock files or a network. */
export function stackWith(images: readonly WorkspaceImage[]): TerraformStack {
  const app = new App();
  WorkspaceImageCatalog.fromImages(app, { dev: images });
  return new TerraformStack(app, "stack");
}

/** The error that `work` throws. */
export function thrown(work: () => unknown): Error & { code?: string } {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the promise was not rejected");
}
