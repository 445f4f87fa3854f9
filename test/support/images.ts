import type { WorkspaceImage } from "../../src";
import type { ListedImage } from "../../src/images/workspace-image";

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

/** The older of two releases of one image. */
export const oldWindows = image({ id: "old", name: "Windows_11_a", createdAt: "2025-01-01T00:00:00Z" });
/** The newer of the two. */
export const recentWindows = image({ id: "recent", name: "Windows_11_b", createdAt: "2025-06-01T00:00:00Z" });
/** Asks for the newest release. */
export const newestWindows = { imageType: "gold", mostRecent: true, nameRegex: "^Windows_11" };

/** As many images, each with an ID and a name of its own. */
export function numbered(count: number): WorkspaceImage[] {
  return Array.from({ length: count }, (_, index) => image({ id: `id-${String(index).padStart(4, "0")}` }));
}

/** The IDs that stand in the images of an answer and can be used, each once; undefined where there are no images. */
export function usableIds(answer: unknown): string[] | undefined {
  const { images } = Object(answer) as { images?: unknown };
  if (images !== null && !Array.isArray(images)) return undefined;
  const ids = (images ?? []).map((image: unknown) => (Object(image) as { id?: unknown }).id);
  const isUsable = (id: unknown): id is string =>
    typeof id === "string" && id.length <= 1024 && /^[^\s\p{Cc}\p{Cf}\p{Cs}]+$/u.test(id);
  return [...new Set(ids.filter(isUsable))];
}

/** The IDs of listed images, without the marks of those that have none. */
export function listedIds(images: readonly ListedImage[]): string[] {
  return images.map(({ id }) => id).filter((id) => !id.startsWith("without a usable ID, "));
}
