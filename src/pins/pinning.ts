import { FilterError } from "../errors";
import type { WorkspaceImage } from "../images/workspace-image";
import { moveTo, newPin, unmetCriteria, withQuestion } from "./changed-pin";
import type { Prospect } from "./moves";
import { hasSameIds, isSameQuestion, type Pin, type Question } from "./pin";
import { objectionsTo, unanswered } from "./policy";
import { selectUnrevoked } from "./selection";
import type { Listed } from "./update";

/** An image that somebody names. */
export interface NamedImage {
  readonly id: string;
  /** Its type, where something else than the listing tells it. */
  readonly imageType?: "gold" | "private" | undefined;
}

/** What a pin is to get. */
export interface Pinning {
  readonly name: string;
  readonly before: Pin | undefined;
  readonly question: Question;
  /** Exact images; undefined for what the question selects. */
  readonly named: readonly NamedImage[] | undefined;
  /** Whether the images run already: then what they do not answer is noted, and refuses nothing. */
  readonly isAdoption: boolean;
}

/**
 * What a pin becomes that somebody gives another question or exact images; undefined where it is so already.
 * A first pin with exact images is an adoption, too. An image that is not listed is taken as far as it is known.
 * @throws FilterError if an image is named by its name
 * @throws the errors of the selection, where the question does not select one image
 */
export function pinProspect(pinning: Pinning, listed: Listed): Prospect | undefined {
  const { name, before, question, named } = pinning;
  const { environment, region, now } = listed;
  const subject = `Pin "${name}" of environment "${environment.name}"`;
  const found = named
    ? named.map((image) => findImage(image, subject, listed))
    : selectUnrevoked(listed.listings, question, subject, region, listed.revocations).map((image) => ({
        image,
        isListed: true,
      }));
  const images = found.map(({ image }) => image);
  const adopted = found.some(({ isListed }) => !isListed);
  const isThere = before !== undefined && hasSameIds(before.images, images);
  if (isThere && isSameQuestion(before, question)) return undefined;
  const objections = objectionsTo({ environment, region, name, before, images, way: "pin" }, listed);
  const isAdoption = pinning.isAdoption || adopted || (named !== undefined && !before);
  const unmet = unmetCriteria(question, images);
  if (unmet.length > 0 && !isAdoption && !isThere)
    objections.push(unanswered(question, environment.name, images, unmet));
  return {
    name,
    before,
    images,
    objections,
    moved(override) {
      if (!before)
        return withQuestion({ ...newPin(question, images, now), ...(adopted && { adopted }) }, question);
      if (isThere) return withQuestion(before, question);
      return moveTo({ ...before, ...question }, images, { now, override, adopted });
    },
  };
}

function findImage(
  { id, imageType }: NamedImage,
  subject: string,
  { listings }: Listed,
): { image: WorkspaceImage; isListed: boolean } {
  const all = listings.flatMap(({ images }) => images);
  const image = all.find((other) => other.id === id);
  const called = image ? [] : all.filter(({ name }) => name === id);
  if (called.length > 0) {
    throw new FilterError(
      `${subject}: "${id}" is the name of an image, and not an ID: --image ${called.map((one) => one.id).join(", or --image ")}`,
    );
  }
  // An image that is described wrongly is taken as one that is not listed: nothing of it can be relied on.
  return image && !image.oddities
    ? { image, isListed: true }
    : { image: { id, ...(imageType !== undefined && { imageType }) }, isListed: false };
}
