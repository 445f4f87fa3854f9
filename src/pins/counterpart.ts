import type { ListedImage, WorkspaceImage } from "../images/workspace-image";
import type { LockedPlace } from "./lock-file-format";

/** Whether both sides see the same images under the same IDs, private ones too. */
export function isSamePlace(a: LockedPlace, b: LockedPlace): boolean {
  return a.region === b.region && a.projectId === b.projectId;
}

/**
 * Whether two images of any regions are the same release: name, type, operating system version and architecture.
 * Images without a name are not.
 */
export function isSameRelease(a: WorkspaceImage, b: WorkspaceImage): boolean {
  const fields = ["name", "imageType", "osVersion", "architecture"] as const;
  return a.name !== undefined && fields.every((field) => a[field] === b[field]);
}

/** Whether an image is what another one is in another place, as far as that can be told without a listing. */
export function standsFor(
  image: WorkspaceImage,
  place: LockedPlace,
  other: WorkspaceImage,
  otherPlace: LockedPlace,
): boolean {
  if (place.region === otherPlace.region && image.id === other.id) return true;
  return !isSamePlace(place, otherPlace) && isSameRelease(image, other);
}

/** What stands for an image in another place: itself, else what has its ID in the region, else the same release. */
export function counterparts(
  image: WorkspaceImage,
  from: LockedPlace,
  to: LockedPlace,
  listing: readonly ListedImage[],
): WorkspaceImage[] {
  if (isSamePlace(from, to)) return [image];
  const sound = listing.filter(({ oddities }) => !oddities);
  // Within a region an ID names the same image in every project that sees it.
  const same = from.region === to.region ? sound.find(({ id }) => id === image.id) : undefined;
  return same ? [same] : sound.filter((candidate) => isSameRelease(image, candidate));
}
