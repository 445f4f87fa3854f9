import {
  ConfigurationError,
  EnvironmentUnavailableError,
  LockFileError,
  NotPinnedError,
  PinConflictError,
  PinFilterChangedError,
  type WorkspaceImagesError,
} from "../errors";
import { explainLeftOut } from "../images/explanation";
import type { SingleImageFilter } from "../images/image-filter";
import { describeImage, imagesLeftOut, type Listing } from "../images/image-selection";
import { judge } from "../images/judgement";
import type { WorkspaceImage } from "../images/workspace-image";
import { moveCommand, pinCommand, renameCommand } from "../pins/advice";
import { counterparts, isSamePlace } from "../pins/counterpart";
import { type LockedPlace, lockFileName } from "../pins/lock-file";
import {
  describeChange,
  hasSameIds,
  isSameQuestion,
  type Pin,
  type Pins,
  type Question,
  unmetCriteria,
  withQuestion,
} from "../pins/pin";
import type { Revocations } from "../pins/revoked";
import { selectUnrevoked } from "../pins/selection";
import type { Environment } from "../project/environment";
import { formatTime } from "../text/time";

/** What the images of an environment are known to be in this run. */
export type Availability =
  /** Nobody is asked: the mode is `frozen`. */
  | { readonly kind: "frozen" }
  /** It was not asked yet. */
  | { readonly kind: "unlisted" }
  | { readonly kind: "listed"; readonly place: LockedPlace; readonly listings: readonly Listing[] }
  | { readonly kind: "unreachable"; readonly error: WorkspaceImagesError };

/** One lookup. */
export interface Lookup {
  /** Who asks and where, for errors. */
  readonly subject: string;
  readonly environment: Environment;
  readonly pinName: string;
  readonly question: Question;
  /** Whether it stands in workspace-images.json or a command, and not in an app that is synthesized. */
  readonly isWithoutApp?: boolean;
}

/** What its environment has. */
export interface Known {
  /** The pins of its lock file, and those that this run took. */
  readonly pins: Pins;
  /** Where its lock file says that its pins are; undefined where it has none. */
  readonly place: LockedPlace | undefined;
  readonly availability: Availability;
  /** The pin of this name in the environment that this one is promoted from. */
  readonly promoted: () => Promoted | undefined;
  readonly revocations: Revocations;
  /** The time of this run. */
  readonly now: Date;
}

/** A pin of the environment that images come from, and where they are. */
export interface Promoted {
  readonly pin: Pin;
  readonly place: LockedPlace;
}

/** Something to say of a lookup. */
export interface Note {
  readonly level: "info" | "warn";
  readonly text: string;
}

/** What a lookup gets. */
export type Resolution =
  /** Its pin as it is, or with the question that is asked now, or a new one: `isNew` where it must be written. */
  | { readonly pin: Pin; readonly isNew: boolean; readonly notes: readonly Note[] }
  /** Nothing can be said before the environment is listed. */
  | "unlisted";

/**
 * Answers a lookup. A pin keeps its images whatever is asked; only where there is none, images are chosen: those of a
 * pin with the same question, else those of the environment that this one is promoted from, else the listing's.
 * @throws NotPinnedError, PinFilterChangedError in mode `frozen`, where code and lock file disagree
 * @throws PinFilterChangedError, PinConflictError where no image can be kept
 * @throws EnvironmentUnavailableError, or the error of the selection, where nothing can be chosen
 */
export function resolve(lookup: Lookup, known: Known): Resolution {
  const pin = known.pins.get(lookup.pinName);
  if (!pin) return takeNew(lookup, known);
  if (isSameQuestion(pin, lookup.question)) {
    return { pin, isNew: false, notes: standing(lookup, pin, known) };
  }
  return record(lookup, pin, known);
}

/** What is said of a pin in every run, as long as it is so. */
function standing(
  { environment, pinName }: Pick<Lookup, "environment" | "pinName">,
  pin: Pin,
  known: Known,
): Note[] {
  const notes: Note[] = [];
  const place = placeOf(known);
  if (pin.unmet) {
    const { filter } = pin;
    const unmet = pin.unmet.map((key) => criterion(key, filter)).join(", ");
    notes.push({
      level: "warn",
      text: `Pin "${pinName}" keeps ${describeImages(pin.images)}, although its question asks for something else: ${unmet}. To move it: ${moveCommand(pinName, pin, environment)}`,
    });
  }
  for (const image of pin.images) {
    const revoked = place && known.revocations.reason(image, place.region);
    if (revoked !== undefined) {
      notes.push({
        level: "warn",
        text: `Pin "${pinName}" has the revoked image ${describeImage(image)}: ${revoked}. To move it: ${moveCommand(pinName, pin, environment)}`,
      });
    }
  }
  return notes;
}

/** Where an environment's images are; undefined as long as it has no lock file and is not listed. */
function placeOf({ place, availability }: Pick<Known, "place" | "availability">): LockedPlace | undefined {
  return place ?? (availability.kind === "listed" ? availability.place : undefined);
}

/** A changed question keeps its images; what they do not answer is said, and stands in the pin. */
function record(lookup: Lookup, pin: Pin, known: Known): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const change = describeChange(pin, question);
  const commit = commitAdvice(lookup);
  if (known.availability.kind === "frozen") {
    throw new PinFilterChangedError(
      `${subject}: the question was changed after pin "${pinName}" was taken (${change}), and mode frozen records nothing. Run ${lookup.isWithoutApp ? `workspace-images pin --env ${environment.name}` : "cdktf synth with WORKSPACE_IMAGES_MODE=auto"} (it keeps the image, and needs no network), then commit ${lockFileName(environment.name)}.`,
    );
  }
  if (pin.cardinality !== question.cardinality && pin.images.length !== 1) {
    throw new PinFilterChangedError(
      `${subject}: the question was changed after pin "${pinName}" was taken (${change}), and ${pin.images.length} images are pinned: they cannot stand for ${question.cardinality === "one" ? "one" : "all"}. Give the lookup a pinName of its own.`,
    );
  }
  const recorded = withQuestion(pin, question);
  const doubts = pin.images.flatMap((image) =>
    judge(question.filter, image)
      .filter(({ verdict }) => verdict !== "met")
      .map(({ key, verdict, actual }) => {
        const what = criterion(key, question.filter);
        return verdict === "unknown"
          ? `${what} cannot be judged`
          : `${what} does not hold (it is ${JSON.stringify(actual) ?? "not there"})`;
      }),
  );
  const kept = `The question of pin "${pinName}" was changed (${change}). It keeps ${describeImages(pin.images)}`;
  const note: Note =
    doubts.length === 0
      ? { level: "info", text: `${kept}. ${commit}` }
      : {
          level: "warn",
          text: `${kept}, but ${[...new Set(doubts)].join(", ")}. To move it: ${moveCommand(pinName, pin, environment)}. ${commit}`,
        };
  const { unmet: _, ...rest } = recorded;
  return { pin: recorded, isNew: true, notes: [note, ...standing(lookup, rest, known)] };
}

function takeNew(lookup: Lookup, known: Known): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const equal = [...known.pins].filter(([, pin]) => isSameQuestion(pin, question));
  if (known.availability.kind === "frozen") {
    const [other] = equal;
    const renamed = other
      ? ` Pin "${other[0]}" has the same question: if it was renamed, run: ${renameCommand(other[0], pinName)}; then commit. Otherwise run`
      : " Run";
    throw new NotPinnedError(
      `${subject}: no pin "${pinName}" in ${lockFileName(environment.name)}, and mode frozen asks no one.${renamed} ${lookup.isWithoutApp ? `workspace-images pin --env ${environment.name}` : "cdktf synth"} where the environment can be reached${lookup.isWithoutApp ? "" : " (outside a pipeline, or with WORKSPACE_IMAGES_MODE=auto)"}, then commit ${lockFileName(environment.name)}.`,
    );
  }
  return (
    fromEqualQuestion(lookup, equal, known) ?? fromPromotion(lookup, known) ?? fromListing(lookup, known, [])
  );
}

/** One question has one answer: dates, holds and history come along, so that a renamed lookup keeps what it had. */
function fromEqualQuestion(
  lookup: Lookup,
  equal: readonly (readonly [string, Pin])[],
  known: Known,
): Resolution | undefined {
  const [first] = equal;
  if (!first) return undefined;
  const { subject, pinName } = lookup;
  if (equal.some(([, pin]) => !hasSameIds(pin.images, first[1].images))) {
    const answers = equal.map(([name, pin]) => `"${name}" has ${describeImages(pin.images)}`).join("; ");
    throw new PinConflictError(
      `${subject}: there is no pin "${pinName}" yet, and the pins with the same question differ: ${answers}. Say which it is to be: ${renameCommand(first[0], pinName, { keep: true })}`,
    );
  }
  const [from, pin] = equal.reduce((oldest, one) => (one[1].pinnedAt < oldest[1].pinnedAt ? one : oldest));
  const hold = pin.hold ?? equal.find(([, { hold }]) => hold)?.[1].hold;
  const taken = { ...pin, ...(hold && { hold }) };
  const note: Note = {
    level: "info",
    text: `New pin "${pinName}" has what pin "${from}" has, which asks the same: ${describeImages(pin.images)}. ${commitAdvice(lookup)}`,
  };
  return { pin: taken, isNew: true, notes: [note, ...standing(lookup, taken, known)] };
}

/** What the environment has that this one is promoted from, whatever its age. */
function fromPromotion(lookup: Lookup, known: Known): Resolution | undefined {
  const { environment, pinName, question } = lookup;
  const { availability, revocations } = known;
  const here = placeOf(known);
  const { from } = environment.promotion ?? {};
  const promoted = from === undefined ? undefined : known.promoted();
  if (!promoted) return undefined;
  const isSame = here !== undefined && isSamePlace(promoted.place, here);
  if (!isSame && availability.kind === "unlisted") return "unlisted";
  if (!here || (!isSame && availability.kind !== "listed")) return undefined;
  const listed = availability.kind === "listed" ? unfiltered(availability.listings) : [];
  const found = promoted.pin.images.map((image) => counterparts(image, promoted.place, here, listed));
  const images = found.flat();
  const unmet = unmetCriteria(question, images);
  const obstacle =
    promoted.pin.cardinality !== question.cardinality
      ? "it asks for another number of images"
      : found.some(({ length }) => length !== 1)
        ? "an image of it is not to be found here"
        : unmet.length > 0
          ? `its image does not answer ${unmet.map((key) => criterion(key, question.filter)).join(", ")}`
          : images.some((image) => revocations.reason(image, here.region) !== undefined)
            ? "an image of it is revoked"
            : undefined;
  if (obstacle !== undefined) {
    const note: Note = {
      level: "warn",
      text: `Pin "${pinName}" of environment "${from}" could not be taken over: ${obstacle}.`,
    };
    return fromListing(lookup, known, [note]);
  }
  return newPin(lookup, images, known.now, `, as in "${from}"`, []);
}

function fromListing(lookup: Lookup, known: Known, notes: readonly Note[]): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const { availability, revocations } = known;
  if (availability.kind === "unlisted") return "unlisted";
  if (availability.kind !== "listed") {
    if (availability.kind === "frozen") throw new Error("In mode frozen nothing is chosen.");
    const { error } = availability;
    // Nothing that would pass at another time or place.
    if (error instanceof ConfigurationError || error instanceof LockFileError) throw error;
    throw new EnvironmentUnavailableError(
      `${subject}: there is no pin "${pinName}" yet, and the images could not be listed. ${error.message} To take this pin, run where the environment can be reached, for example in a pipeline on the branch of this change: ${pinCommand(pinName, question, environment.name)}`,
      { cause: error },
    );
  }
  const { listings, place } = availability;
  const images = selectUnrevoked(listings, question, subject, place.region, revocations);
  const leftOut = explainLeftOut(imagesLeftOut(listings, question.filter));
  const warnings: Note[] = leftOut
    ? [{ level: "warn", text: `Pin "${pinName}" of environment "${environment.name}":${leftOut}` }]
    : [];
  const origin = environment.promotion
    ? `, of this environment's own listing, because "${environment.promotion.from}" has none to take over`
    : "";
  return newPin(lookup, images, known.now, origin, [...notes, ...warnings]);
}

function newPin(
  lookup: Lookup,
  images: readonly WorkspaceImage[],
  now: Date,
  origin: string,
  notes: readonly Note[],
): Resolution {
  const { pinName, question } = lookup;
  const note: Note = {
    level: "info",
    text: `New pin "${pinName}": ${describeImages(images)}${origin}. ${commitAdvice(lookup)}`,
  };
  return {
    pin: { ...question, pinnedAt: formatTime(now)!, images },
    isNew: true,
    notes: [...notes, note],
  };
}

/** Counterparts are looked for among all images, not among those that one query chose. */
function unfiltered(listings: readonly Listing[]): readonly WorkspaceImage[] {
  return listings.find(({ query }) => Object.keys(query).length === 0)?.images ?? [];
}

function criterion(key: string, filter: SingleImageFilter): string {
  return `${key} ${JSON.stringify(filter[key as keyof SingleImageFilter]) ?? ""}`.trimEnd();
}

function describeImages(images: readonly WorkspaceImage[]): string {
  return images.map(describeImage).join(", ") || "no image";
}

/** What makes a pin last. */
function commitAdvice({ environment, isWithoutApp }: Lookup): string {
  const file = lockFileName(environment.name);
  return isWithoutApp ? `Commit ${file}.` : `Once the synth has succeeded, commit ${file}.`;
}
