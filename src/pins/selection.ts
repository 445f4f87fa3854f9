import { NoMatchError } from "../errors";
import { describeImage, explainLeftOut } from "../images/explanation";
import type { SingleImageFilter } from "../images/image-filter";
import { imagesLeftOut, selectImages } from "../images/image-selection";
import { judge } from "../images/judgement";
import type { Listing } from "../images/listing";
import type { WorkspaceImage } from "../images/workspace-image";
import { creationTime } from "../text/time";
import type { Question } from "./pin";
import type { Revocations } from "./revoked";

/**
 * What a question selects, without revoked images.
 * @throws the errors of {@link selectImages}; where nothing matches, with the revoked images that would
 */
export function selectUnrevoked(
  listings: readonly Listing[],
  { filter, cardinality }: Question,
  subject: string,
  region: string,
  revocations: Revocations,
): WorkspaceImage[] {
  const usable = listings.map(({ query, images }) => ({
    query,
    images: images.filter((image) => !revocations.isRevoked(image, region)),
  }));
  try {
    return selectImages(usable, filter, cardinality, subject);
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    throw new NoMatchError(`${error.message}${explainRevoked(listings, filter, [], region, revocations)}`);
  }
}

/** Why images were left out that a question may have selected, in lines of their own; empty where there are none. */
export function explainExcluded(
  listings: readonly Listing[],
  { filter }: Question,
  selected: readonly WorkspaceImage[],
  region: string,
  revocations: Revocations,
): string {
  return `${explainLeftOut(imagesLeftOut(listings, filter))}${explainRevoked(listings, filter, selected, region, revocations)}`;
}

/** Of revoked images, those that a filter may have selected; beside a most recent one, only what is newer. */
function explainRevoked(
  listings: readonly Listing[],
  filter: SingleImageFilter,
  selected: readonly WorkspaceImage[],
  region: string,
  revocations: Revocations,
): string {
  const [chosen] = selected;
  const least = (filter.mostRecent && chosen && creationTime(chosen.createdAt)) || 0;
  const revoked = new Map<string, string>();
  for (const image of listings.flatMap(({ images }) => images)) {
    const reason = revocations.reason(image, region);
    if (reason === undefined || (creationTime(image.createdAt) ?? least) < least) continue;
    const isWanted = judge(filter, image).every(({ verdict }) => verdict !== "unmet");
    if (isWanted) revoked.set(image.id, `  ${describeImage(image)}: ${reason}`);
  }
  if (revoked.size === 0) return "";
  return `\nRevoked in workspace-images/revoked.json, and so not chosen:\n${[...revoked.values()].slice(0, 10).join("\n")}`;
}
