import { judge } from "../images/judgement";
import type { WorkspaceImage } from "../images/workspace-image";
import { formatTime } from "../text/time";
import { hasSameIds, type Pin, type Previous, type Question } from "./pin";

/** How many earlier states a pin remembers. */
export const MAX_PREVIOUS = 10;

/** The criteria of a question that some of the images do not meet; what nobody can know is not among them. */
export function unmetCriteria({ filter }: Question, images: readonly WorkspaceImage[]): string[] {
  const unmet = images.flatMap((image) =>
    judge(filter, image)
      .filter(({ verdict }) => verdict === "unmet")
      .map(({ key }) => key),
  );
  return [...new Set(unmet)].sort();
}

/** A pin with another question and the images that it had: what they do not answer is noted. */
export function withQuestion(pin: Pin, { filter, cardinality }: Question): Pin {
  const { unmet: _, ...kept } = pin;
  const unmet = unmetCriteria({ filter, cardinality }, pin.images);
  return { ...kept, filter, cardinality, ...(unmet.length > 0 && { unmet }) };
}

/** What {@link moveTo} notes beside the images. */
export interface MoveNotes {
  /** Time of the move. */
  readonly now: Date;
  /** Why it goes against a policy. */
  readonly override?: string | undefined;
  /** Images that run, but are not listed. */
  readonly adopted?: boolean | undefined;
}

/** A pin after a move to other images: what it had goes into `previous`; a hold stays. */
export function moveTo(
  pin: Pin,
  images: readonly WorkspaceImage[],
  { now, override, adopted }: MoveNotes,
): Pin {
  const time = formatTime(now)!;
  const { filter, cardinality, hold } = pin;
  const previous = hasSameIds(pin.images, images)
    ? (pin.previous ?? [])
    : [stateOf(pin, time), ...(pin.previous ?? [])].slice(0, MAX_PREVIOUS);
  const unmet = unmetCriteria(pin, images);
  return {
    filter,
    cardinality,
    pinnedAt: time,
    images,
    ...(unmet.length > 0 && { unmet }),
    ...(hold && { hold }),
    ...(previous.length > 0 && { previous }),
    ...(override !== undefined && { override: { reason: override, since: time } }),
    ...(adopted && { adopted: true }),
  };
}

/** A pin that was not there before. */
export function newPin({ filter, cardinality }: Question, images: readonly WorkspaceImage[], now: Date): Pin {
  return { filter, cardinality, pinnedAt: formatTime(now)!, images };
}

export function stateOf({ images }: Pin, until: string): Previous {
  const types = new Set(images.map(({ imageType }) => imageType));
  const [imageType] = types;
  return {
    ids: images.map(({ id }) => id),
    names: images.map(({ name }) => name ?? ""),
    ...(types.size === 1 && imageType !== undefined && { imageType }),
    until,
  };
}
