import { explainLeftOut } from "../images/explanation";
import type { ListedImage, WorkspaceImage } from "../images/workspace-image";
import type { Environment } from "../project/environment";
import { printable } from "../text/printable";
import { moveTo, newPin, unmetCriteria } from "./changed-pin";
import { counterparts } from "./counterpart";
import type { LockedPlace } from "./lock-file-format";
import type { Prospect } from "./moves";
import { isStale, type Pin, type Pins, type Question } from "./pin";
import {
  type Arrival,
  type Circumstances,
  heldBack,
  type Objection,
  objectionsTo,
  unanswered,
} from "./policy";
import { hasSameImages } from "./update";

/** What images come from. */
export interface PromotionSource {
  readonly environment: string;
  readonly place: LockedPlace;
  readonly pins: Pins;
  /** Since when it has the images of a pin. */
  arrival(name: string, pin: Pin): Arrival;
}

/** What gets them. */
export interface PromotionTarget {
  readonly environment: Environment;
  readonly place: LockedPlace;
  readonly pins: Pins;
  /** Its images; not looked at where both are in one region and project. */
  readonly listing: readonly ListedImage[];
}

/**
 * What the pins of `target` become so that it has the images of `source`, where it has not. A pin that it has keeps its
 * question; a new one gets that of `source`.
 */
export function promotionProspects(
  source: PromotionSource,
  target: PromotionTarget,
  circumstances: Circumstances,
): Prospect[] {
  const { now } = circumstances;
  const { environment } = target;
  return [...source.pins].flatMap(([name, pin]): Prospect[] => {
    const before = target.pins.get(name);
    const { images, objections } = findCounterparts(pin, source, target);
    if (
      before &&
      objections.length === 0 &&
      hasSameImages(before.images, images) &&
      !isStale(before, environment, now)
    )
      return [];
    if (objections.length === 0) {
      const since = source.arrival(name, pin);
      const way = { from: source.environment, since };
      const attempt = { environment, region: target.place.region, name, before, images, way };
      const found = objectionsTo(attempt, circumstances);
      objections.push(...(found.length > 0 ? found : heldBack(attempt)));
      objections.push(...notAnswered(before ?? pin, environment.name, images));
    }
    const moved = (override: string | undefined) =>
      before ? moveTo(before, images, { now, override }) : newPin(pin, images, now);
    return [{ name, before, images, objections, moved }];
  });
}

/** What stands for every image of a pin in the target. */
function findCounterparts(
  { images: wanted }: Pin,
  source: PromotionSource,
  { environment, place, listing }: PromotionTarget,
): { images: WorkspaceImage[]; objections: Objection[] } {
  const objections: Objection[] = [];
  const taken = new Set<string>();
  const images = wanted.flatMap((image) => {
    const found = counterparts(image, source.place, place, listing);
    const isTaken = found.some(({ id }) => taken.has(id));
    for (const { id } of found) taken.add(id);
    if (found.length !== 1 || isTaken) {
      const also = isTaken ? " It stands for another image of the pin already." : "";
      objections.push({
        rule: "counterpart",
        message: `in "${environment.name}" (${place.region}), ${describeFound(image, found)}${also}${found.length === 0 ? explainLeftOut(listing.filter((other) => mayBe(image, other))) : ""}`,
        advice: `workspace-images list --env ${environment.name}`,
      });
    }
    return found;
  });
  return { images, objections };
}

/** Whether an image that is described wrongly may be what is looked for. */
function mayBe(wanted: WorkspaceImage, { id, name, oddities }: ListedImage): boolean {
  return oddities !== undefined && (id === wanted.id || name === wanted.name || oddities.name !== undefined);
}

function notAnswered(
  question: Question,
  environment: string,
  images: readonly WorkspaceImage[],
): Objection[] {
  if (question.cardinality === "one" && images.length !== 1) {
    const message = `${images.length} images cannot answer its question, which is for one`;
    return [{ rule: "unmet", message }];
  }
  const unmet = unmetCriteria(question, images);
  return unmet.length > 0 ? [unanswered(question, environment, images, unmet)] : [];
}

function describeFound(image: WorkspaceImage, found: readonly WorkspaceImage[]): string {
  const { name, imageType, osVersion, architecture } = image;
  const release = [
    `name ${name ?? "none"}`,
    `type ${imageType ?? "none"}`,
    `OS version ${osVersion ?? "none"}`,
    `architecture ${architecture ?? "none"}`,
  ].join(", ");
  const quoted = printable(release);
  return found.length < 2
    ? `${found[0]?.id ?? "no image"} has ${quoted}.`
    : `${found.length} images have ${quoted}: ${found.map(({ id }) => id).join(", ")}.`;
}
