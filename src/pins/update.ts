import { MostRecentError, NoMatchError, SeveralMatchesError } from "../errors";
import { describeImage } from "../images/explanation";
import { selectImages } from "../images/image-selection";
import type { Listing } from "../images/listing";
import { differences, type WorkspaceImage } from "../images/workspace-image";
import type { Environment } from "../project/environment";
import { moveTo, unmetCriteria } from "./changed-pin";
import type { Prospect } from "./moves";
import { isStale, type Pin, type Pins } from "./pin";
import { type Circumstances, heldBack, type Objection, objectionsTo, unanswered } from "./policy";
import { explainExcluded, selectUnrevoked } from "./selection";

/** Why a question does not select one image. */
export type Undecided = NoMatchError | SeveralMatchesError | MostRecentError;

/** What a pin's question selects now. */
export interface Selection {
  /** What is selected; where one image is wanted and not found, all that match: none or several. */
  readonly images: readonly WorkspaceImage[];
  /** Why one image is wanted and not found. */
  readonly problem?: Undecided;
}

/** Where pins are, and what their images are chosen from. */
export interface Listed extends Circumstances {
  readonly environment: Environment;
  readonly region: string;
  readonly listings: readonly Listing[];
}

/**
 * What a pin's question selects in listings.
 * @throws ListingRequiredError naming the pin, if the listings cannot decide
 */
function reselect(name: string, pin: Pin, { environment, region, listings, revocations }: Listed): Selection {
  const subject = `Pin "${name}" of environment "${environment.name}"`;
  try {
    return { images: selectUnrevoked(listings, pin, subject, region, revocations) };
  } catch (problem) {
    if (!isUndecided(problem)) throw problem;
    const matching = selectImages(listings, pin.filter, "all", subject);
    return { images: matching.filter((image) => !revocations.isRevoked(image, region)), problem };
  }
}

/** The pins that are not what their question selects, or are stale; a stale one that is gets dated anew. */
export function updateProspects(pins: Pins, listed: Listed): Prospect[] {
  const { environment, now } = listed;
  return [...pins].flatMap(([name, before]): Prospect[] => {
    const { images, problem } = reselect(name, before, listed);
    if (!problem && hasSameImages(before.images, images) && !isStale(before, environment, now)) return [];
    const objections = problem ? [undecided(problem)] : objectionsToUpdate(name, before, images, listed);
    objections.push(...lost(before, images, listed));
    return [
      { name, before, images, objections, moved: (override) => moveTo(before, images, { now, override }) },
    ];
  });
}

function objectionsToUpdate(
  name: string,
  before: Pin,
  images: readonly WorkspaceImage[],
  listed: Listed,
): Objection[] {
  const { environment, region } = listed;
  const attempt = { environment, region, name, before, images, way: "update" } as const;
  const objections = objectionsTo(attempt, listed);
  const unmet = unmetCriteria(before, images);
  return [
    // A held pin is left as it is, even where only the description of its image changed.
    ...(objections.length > 0 ? objections : heldBack(attempt)),
    ...(unmet.length > 0 ? [unanswered(before, environment.name, images, unmet)] : []),
  ];
}

/** What no pin should lose only because the service describes it wrongly by now. */
function lost(before: Pin, images: readonly WorkspaceImage[], { listings }: Listed): Objection[] {
  const listed = new Map(listings.flatMap((listing) => listing.images.map((image) => [image.id, image])));
  return before.images.flatMap(({ id }) => {
    const now = images.some((image) => image.id === id) ? undefined : listed.get(id);
    if (!now?.oddities) return [];
    const message = `the service describes ${describeImage(now)} wrongly by now, which the pin has: ${Object.values(now.oddities).join("; ")}`;
    return [{ rule: "undecided", message }];
  });
}

/** Why images were left out that the questions of pins may select: a sentence for each pin, with lines of its own. */
export function explainUpdates(pins: Pins, listed: Listed): string[] {
  return [...pins].flatMap(([name, pin]) => {
    const { images, problem } = reselect(name, pin, listed);
    // The error says it already.
    if (problem) return [];
    const excluded = explainExcluded(listed.listings, pin, images, listed.region, listed.revocations);
    return excluded ? [`Pin "${name}" of environment "${listed.environment.name}":${excluded}`] : [];
  });
}

/** That a question does not select one image. */
function undecided({ message }: Undecided): Objection {
  return { rule: "undecided", message };
}

/** Whether two lists have the same images, described in the same way. */
export function hasSameImages(a: readonly WorkspaceImage[], b: readonly WorkspaceImage[]): boolean {
  return a.length === b.length && a.every((image, index) => differences(image, b[index]!).length === 0);
}

function isUndecided(error: unknown): error is Undecided {
  return (
    error instanceof NoMatchError || error instanceof SeveralMatchesError || error instanceof MostRecentError
  );
}
