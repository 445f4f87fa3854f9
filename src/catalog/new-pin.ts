import {
  ConfigurationError,
  EnvironmentUnavailableError,
  ListingRequiredError,
  ListingTooLargeError,
  LockFileError,
  NotPinnedError,
  PinConflictError,
} from "../errors";
import type { Listing } from "../images/listing";
import { listingQueryOf } from "../images/listing";
import type { WorkspaceImage } from "../images/workspace-image";
import { pinCommand, renameCommand } from "../pins/advice";
import { newPin, unmetCriteria } from "../pins/changed-pin";
import { counterparts, isSamePlace } from "../pins/counterpart";
import { lockFileName } from "../pins/lock-file";
import { hasSameIds, isSameQuestion, type Pin } from "../pins/pin";
import { explainExcluded, selectUnrevoked } from "../pins/selection";
import type { Known, Lookup, Note, Resolution } from "./resolution";
import { commitAdvice, criterion, describeImages, placeOf, standing } from "./standing-notes";

/**
 * Chooses the images of a new pin: those of a pin with the same question, else those of the environment that this one
 * is promoted from, else the listing's.
 * @lazy
 */
export function takeNew(lookup: Lookup, known: Known): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const equal = [...known.pins].filter(([, pin]) => isSameQuestion(pin, question));
  if (known.availability.kind === "frozen") {
    const [other] = equal;
    const renamed = other
      ? ` Pin "${other[0]}" has the same question: if it was renamed, run: ${renameCommand(other[0], pinName)}; then commit. Otherwise run`
      : " Run";
    const nowhere = known.place ? "" : `, which is not in ${known.availability.directory}`;
    throw new NotPinnedError(
      `${subject}: no pin "${pinName}" in ${lockFileName(environment.name)}${nowhere}, and mode frozen asks no one.${renamed} ${lookup.isWithoutApp ? `workspace-images pin --env ${environment.name}` : "cdktf synth"} where the environment can be reached${lookup.isWithoutApp ? "" : " (outside a pipeline, or with WORKSPACE_IMAGES_MODE=auto)"}, then commit ${lockFileName(environment.name)}.`,
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
  const copy = { ...pin, ...(hold && { hold }) };
  const note: Note = {
    level: "info",
    text: `New pin "${pinName}" has what pin "${from}" has, which asks the same: ${describeImages(pin.images)}. ${commitAdvice(lookup)}`,
  };
  return { pin: copy, isNew: true, notes: [note, ...standing(lookup, copy, known)] };
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
  return taken(lookup, images, known.now, `, as in "${from}"`, []);
}

function fromListing(lookup: Lookup, known: Known, notes: readonly Note[]): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const { availability, revocations } = known;
  if (availability.kind === "unlisted") return "unlisted";
  if (availability.kind !== "listed") {
    if (availability.kind === "frozen") throw new Error("In mode frozen nothing is chosen.");
    const { error, query: asked = {} } = availability;
    const query = listingQueryOf(question.filter);
    if (error instanceof ListingTooLargeError && JSON.stringify(query) !== JSON.stringify(asked)) {
      throw new ListingRequiredError(`${subject}: ${error.message}`, { ...query });
    }
    // These are the same wherever and whenever the command is run again.
    if (error instanceof ConfigurationError || error instanceof LockFileError) throw error;
    throw new EnvironmentUnavailableError(
      `${subject}: there is no pin "${pinName}" yet, and the images could not be listed. ${error.message} To take this pin, run where the environment can be reached, for example in a pipeline on the branch of this change: ${pinCommand(pinName, question, environment.name)}`,
      { cause: error },
    );
  }
  const { listings, place } = availability;
  const images = selectUnrevoked(listings, question, subject, place.region, revocations);
  const excluded = explainExcluded(listings, question, images, place.region, revocations);
  const warnings: Note[] = excluded
    ? [{ level: "warn", text: `Pin "${pinName}" of environment "${environment.name}":${excluded}` }]
    : [];
  const origin = environment.promotion
    ? `, of this environment's own listing, because "${environment.promotion.from}" has none to take over`
    : "";
  return taken(lookup, images, known.now, origin, [...notes, ...warnings]);
}

function taken(
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
    pin: newPin(question, images, now),
    isNew: true,
    notes: [...notes, note],
  };
}

/** Counterparts are looked for among all images, not among those that one query chose. */
function unfiltered(listings: readonly Listing[]): readonly WorkspaceImage[] {
  return listings.find(({ query }) => Object.keys(query).length === 0)?.images ?? [];
}
