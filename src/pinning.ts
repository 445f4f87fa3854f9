import { NoMatchError, PromotionError } from "./errors";
import { describeImage, type Listing, selectImages } from "./image-filter";
import { filterKey, formatTime, type LockedPlace, type Pin } from "./lock-file";
import type { WorkspaceImage } from "./workspace-image";

/** The images of a pin before and after. */
export interface Move {
  readonly from: readonly WorkspaceImage[];
  readonly to: readonly WorkspaceImage[];
}

/** Whether a pinned image is still what it was. */
export interface Verdict {
  readonly ok: boolean;
  /** What is different, where it is not. */
  readonly reason?: string;
}

/** Named pins. */
export type Pins = ReadonlyMap<string, Pin>;

/** What a pin's filter selects now, in the pin's form. */
export type Reselected = ReadonlyMap<string, readonly WorkspaceImage[] | NoMatchError>;

/**
 * What the filters of pins select in a listing.
 * @returns for each pin its images, or the error that says why none is selected any more
 * @throws SeveralMatchesError, MostRecentError, ListingRequiredError naming the pin
 */
export function reselect(pins: Pins, listings: readonly Listing[], environment: string): Reselected {
  return new Map(
    [...pins].map(([name, { filter, cardinality }]): [string, readonly WorkspaceImage[] | NoMatchError] => {
      try {
        return [
          name,
          selectImages(listings, filter, cardinality, `Pin "${name}" of environment "${environment}"`),
        ];
      } catch (error) {
        if (error instanceof NoMatchError) return [name, error];
        throw error;
      }
    }),
  );
}

/** The pins whose filter now selects other images, or none. */
export function outdated(pins: Pins, selected: Reselected): Map<string, Move> {
  const moves = new Map<string, Move>();
  for (const [name, { images }] of pins) {
    const to = selected.get(name);
    if (to === undefined) continue;
    const move = { from: images, to: to instanceof NoMatchError ? [] : to };
    if (!isSame(move.from, move.to)) moves.set(name, move);
  }
  return moves;
}

/**
 * The pins that move to what their filter now selects.
 * @throws NoMatchError if a filter selects none: a pin is never moved to nothing
 */
export function update(pins: Pins, selected: Reselected, now = new Date()): Map<string, Pin> {
  const moved = new Map<string, Pin>();
  for (const [name, { to }] of outdated(pins, selected)) {
    const reselected = selected.get(name);
    if (reselected instanceof NoMatchError) throw reselected;
    moved.set(name, { ...pins.get(name)!, images: to, pinnedAt: formatTime(now)! });
  }
  return moved;
}

/** One side of a promotion. */
export interface Side {
  readonly environment: string;
  readonly place: LockedPlace;
  readonly pins: Pins;
}

/**
 * The pins that `to` must get so that it has the images of `from`.
 * @param listing the images of `to`; not asked where both are in one region and project
 * @throws PromotionError if an image of `from` has no counterpart in `to`, or several
 */
export function promote(
  from: Side,
  to: Side,
  listing: readonly WorkspaceImage[],
  now = new Date(),
): Map<string, Pin> {
  const moved = new Map<string, Pin>();
  for (const [name, pin] of from.pins) {
    const images = pin.images.map((image) => counterpart(image, name, from, to, listing));
    const current = to.pins.get(name);
    const sameFilter =
      current && filterKey(current.filter, current.cardinality) === filterKey(pin.filter, pin.cardinality);
    if (!sameFilter || !isSame(current.images, images))
      moved.set(name, { ...pin, images, pinnedAt: formatTime(now)! });
  }
  return moved;
}

/** Whether both sides see the same images under the same IDs, private ones too. */
export function isSamePlace(a: LockedPlace, b: LockedPlace): boolean {
  return a.region === b.region && a.projectId === b.projectId;
}

/** Whether each pinned image still exists, unchanged. */
export function verify(pins: Pins, listing: readonly WorkspaceImage[]): Map<string, Verdict> {
  const listed = new Map(listing.map((image) => [image.id, image]));
  return new Map(
    [...pins].map(([name, { images }]) => {
      const reasons = images.flatMap((image) => {
        const now = listed.get(image.id);
        if (!now) return [`deleted: ${describeImage(image)}`];
        const changes = differences(image, now);
        return changes.length > 0 ? [`changed: ${describeImage(image)}: ${changes.join(", ")}`] : [];
      });
      return [name, reasons.length > 0 ? { ok: false, reason: reasons.join("; ") } : { ok: true }];
    }),
  );
}

/** Whether two images of any regions are the same release: name, type, operating system version and architecture. */
export function isSameRelease(a: WorkspaceImage, b: WorkspaceImage): boolean {
  return (["name", "imageType", "osVersion", "architecture"] as const).every(
    (field) => a[field] === b[field],
  );
}

function counterpart(
  image: WorkspaceImage,
  pinName: string,
  from: Side,
  to: Side,
  listing: readonly WorkspaceImage[],
): WorkspaceImage {
  if (isSamePlace(from.place, to.place)) return image;
  // Within a region an ID names the same image in every project that sees it.
  const same = from.place.region === to.place.region ? listing.find(({ id }) => id === image.id) : undefined;
  if (same) return same;
  const candidates = listing.filter((candidate) => isSameRelease(image, candidate));
  const [only, ...others] = candidates;
  if (only && others.length === 0) return only;
  const { name, imageType, osVersion, architecture } = image;
  const wanted = `name ${name}, type ${imageType}, OS version ${osVersion}, architecture ${architecture}`;
  throw new PromotionError(
    only
      ? `Pin "${pinName}": "${to.environment}" (${to.place.region}) has ${candidates.length} images with ${wanted}: ${candidates.map(({ id }) => id).join(", ")}. No pin was moved. Choose one with a filter of its own there.`
      : `Pin "${pinName}": "${to.environment}" (${to.place.region}) has no image with ${wanted}. No pin was moved. Wait until it is published or copied there (see: workspace-images list --env ${to.environment}), or promote the other pins by name.`,
  );
}

function isSame(a: readonly WorkspaceImage[], b: readonly WorkspaceImage[]): boolean {
  return a.length === b.length && a.every((image, index) => differences(image, b[index]!).length === 0);
}

function differences(before: WorkspaceImage, after: WorkspaceImage): string[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof WorkspaceImage>;
  return [...fields]
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field} ${before[field] ?? "none"} → ${after[field] ?? "none"}`);
}
