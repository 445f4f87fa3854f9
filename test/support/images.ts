import type { WorkspaceImage } from "../../src";

/** An image with every field that the service always gives; `fields` say what a test is about. */
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

/** As many images, each with an ID and a name of its own. */
export function numbered(count: number): WorkspaceImage[] {
  return Array.from({ length: count }, (_, index) => image({ id: `id-${String(index).padStart(4, "0")}` }));
}
