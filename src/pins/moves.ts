import { MostRecentError, NoMatchError, PromotionError, SeveralMatchesError } from "../errors";
import { describeImage, type Listing, selectImages } from "../images/image-selection";
import { differences, type WorkspaceImage } from "../images/workspace-image";
import { counterparts } from "./counterpart";
import type { LockedPlace } from "./lock-file";
import { moveTo, newPin, type Pin, type Pins, unmetCriteria } from "./pin";

/** Why a filter does not select one image. */
export type Undecided = NoMatchError | SeveralMatchesError | MostRecentError;

/** What a pin's filter selects now. */
export interface Selection {
  /** What is selected; where one image is wanted and not found, all that match: none or several. */
  readonly images: readonly WorkspaceImage[];
  /** Why one image is wanted and not found. */
  readonly problem?: Undecided;
}

/** The images of a pin before and after. */
export interface Move {
  readonly from: readonly WorkspaceImage[];
  readonly to: readonly WorkspaceImage[];
}

/** A pin that is not what its filter selects; `to` has none or several images where there is a problem. */
export interface Outdated extends Move {
  readonly problem?: Undecided;
}

/** Whether a pinned image is still what it was. */
export interface Verdict {
  readonly ok: boolean;
  /** What is different, where it is not: begins with `deleted` or `changed` for each image. */
  readonly reason?: string;
}

/**
 * What the filters of pins select in listings.
 * @throws ListingRequiredError naming the pin, if the listings cannot decide
 */
export function reselect(
  pins: Pins,
  listings: readonly Listing[],
  environment: string,
): Map<string, Selection> {
  return new Map(
    [...pins].map(([name, { filter, cardinality }]): [string, Selection] => {
      const subject = `Pin "${name}" of environment "${environment}"`;
      try {
        return [name, { images: selectImages(listings, filter, cardinality, subject) }];
      } catch (problem) {
        if (!isUndecided(problem)) throw problem;
        return [name, { images: selectImages(listings, filter, "all", subject), problem }];
      }
    }),
  );
}

/** The pins whose filter now selects other images, or does not select one any more. */
export function outdated(pins: Pins, selections: ReadonlyMap<string, Selection>): Map<string, Outdated> {
  const moves = new Map<string, Outdated>();
  for (const [name, { images: from }] of pins) {
    const { images: to, problem } = selections.get(name)!;
    if (problem || !isSame(from, to)) moves.set(name, { from, to, ...(problem && { problem }) });
  }
  return moves;
}

/**
 * The pins that move to what their filter now selects.
 * @param now the time of the move
 * @throws NoMatchError, SeveralMatchesError, MostRecentError naming every pin whose filter does not select one image:
 * then none moves
 */
export function update(
  pins: Pins,
  selections: ReadonlyMap<string, Selection>,
  now = new Date(),
): Map<string, Pin> {
  const moves = outdated(pins, selections);
  const problems = [...moves.values()].flatMap(({ problem }) => problem ?? []);
  if (problems[0]) {
    const Kind = problems[0].constructor as new (message: string) => Undecided;
    throw new Kind(
      `${problems.map(({ message }) => message).join("\n")}\nNo pin was moved. Change the filter in the stack and run cdktf synth, or name the other pins to move them.`,
    );
  }
  return new Map([...moves].map(([name, { to }]) => [name, moveTo(pins.get(name)!, to, { now })]));
}

/** One side of a promotion. */
export interface Side {
  readonly environment: string;
  readonly place: LockedPlace;
  readonly pins: Pins;
}

/**
 * The pins that `to` must get so that it has the images of `from`. A pin that it has keeps its question; a new one gets
 * that of `from`.
 * @param listing the images of `to`; not looked at where both are in one region and project
 * @param now the time of the move
 * @throws PromotionError naming every image of `from` that has no counterpart in `to`, or several, or does not answer
 * the question there: then none moves
 */
export function promote(
  from: Side,
  to: Side,
  listing: readonly WorkspaceImage[],
  now = new Date(),
): Map<string, Pin> {
  const moved = new Map<string, Pin>();
  const problems: string[] = [];
  for (const [name, { filter, cardinality, images: source }] of from.pins) {
    const current = to.pins.get(name) ?? { filter, cardinality, pinnedAt: "", images: [] };
    const taken = new Set<string>();
    const images = source.flatMap((image) => {
      const found = counterparts(image, from.place, to.place, listing);
      const isTaken = found.some(({ id }) => taken.has(id));
      if (found.length !== 1 || isTaken)
        problems.push(
          `Pin "${name}": ${describeFound(image, found)}${isTaken ? ` It stands for another image of the pin already.` : ""}`,
        );
      for (const { id } of found) taken.add(id);
      return found;
    });
    const unmet = unmetCriteria(current, images);
    if (unmet.length > 0) {
      const criteria = unmet.map(
        (key) => `${key} ${JSON.stringify(current.filter[key as keyof typeof current.filter])}`,
      );
      problems.push(
        `Pin "${name}": ${images.map(describeImage).join(", ")} does not answer its question in "${to.environment}": ${criteria.join(", ")}.`,
      );
    }
    if (current.cardinality === "one" && source.length !== 1) {
      problems.push(
        `Pin "${name}": ${source.length} images are pinned, and its question in "${to.environment}" is for one.`,
      );
    }
    if (to.pins.has(name) && isSame(current.images, images)) continue;
    moved.set(name, to.pins.has(name) ? moveTo(current, images, { now }) : newPin(current, images, now));
  }
  if (problems.length === 0) return moved;
  throw new PromotionError(
    `What "${from.environment}" has pinned cannot be taken over in "${to.environment}" (${to.place.region}):\n` +
      `${problems.map((problem) => `  ${problem}`).join("\n")}\n` +
      `No pin was moved. See: workspace-images list --env ${to.environment}. Have the image published or copied there once, or name the other pins to promote them.`,
  );
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

function describeFound(image: WorkspaceImage, found: readonly WorkspaceImage[]): string {
  const { name, imageType, osVersion, architecture } = image;
  const release = [
    `name ${name ?? "none"}`,
    `type ${imageType ?? "none"}`,
    `OS version ${osVersion ?? "none"}`,
    `architecture ${architecture ?? "none"}`,
  ].join(", ");
  return found.length < 2
    ? `${found[0]?.id ?? "no image"} has ${release}.`
    : `${found.length} images have ${release}: ${found.map(({ id }) => id).join(", ")}.`;
}

function isUndecided(error: unknown): error is Undecided {
  return (
    error instanceof NoMatchError || error instanceof SeveralMatchesError || error instanceof MostRecentError
  );
}

function isSame(a: readonly WorkspaceImage[], b: readonly WorkspaceImage[]): boolean {
  return a.length === b.length && a.every((image, index) => differences(image, b[index]!).length === 0);
}
