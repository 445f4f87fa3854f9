import type { WorkspaceImage } from "../../src";
import { type LockedPlace, updateLockFile } from "../../src/pins/lock-file";
import type { Pin } from "../../src/pins/pin";
import { formatTime } from "../../src/text/time";
import { image } from "./images";
import type { TestProject } from "./project";

/** Where pins are written unless a test says otherwise. */
export const PLACE: LockedPlace & { readonly schema?: string } = {
  region: "cn-north-4",
  projectId: "project-dev",
};

/**
 * A pin, asked for by nothing but the image type.
 * @param images one image, by its ID or whole; an array makes it a pin of all images
 */
export function pinOf(
  images: string | WorkspaceImage | readonly WorkspaceImage[],
  fields: Partial<Pin> = {},
): Pin {
  const isOne = typeof images === "string" || "id" in images;
  return {
    filter: { imageType: "gold" },
    cardinality: isOne ? "one" : "all",
    pinnedAt: "2026-01-01T00:00:00Z",
    images: isOne ? [typeof images === "string" ? image({ id: images }) : images] : images,
    ...fields,
  };
}

/** Puts pins into an environment's lock file, as a synth would have. */
export function writePins(
  project: TestProject,
  environment: string,
  pins: Readonly<Record<string, Pin>>,
  place = PLACE,
): void {
  updateLockFile(project.directory, { name: environment }, place, (current) => {
    for (const [name, pin] of Object.entries(pins)) current.set(name, pin);
  });
}

/** A time in the past, as lock files have it. */
export function daysAgo(days: number): string {
  return formatTime(new Date(Date.now() - days * 24 * 3600 * 1000))!;
}
