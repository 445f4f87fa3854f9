import { NoMatchError } from "../errors";
import { describeImage, type Listing, selectImages } from "../images/image-selection";
import { judge } from "../images/judgement";
import type { WorkspaceImage } from "../images/workspace-image";
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
  const revoked = new Map<WorkspaceImage, string>();
  const usable = listings.map(({ query, images }) => ({
    query,
    images: images.filter((image) => {
      const reason = revocations.reason(image, region);
      if (reason !== undefined) revoked.set(image, reason);
      return reason === undefined;
    }),
  }));
  try {
    return selectImages(usable, filter, cardinality, subject);
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    const matching = [...revoked].filter(([image]) =>
      judge(filter, image).every(({ verdict }) => verdict !== "unmet"),
    );
    if (matching.length === 0) throw error;
    const lines = matching.slice(0, 10).map(([image, reason]) => `  ${describeImage(image)}: ${reason}`);
    throw new NoMatchError(
      `${error.message}\nRevoked in workspace-images/revoked.json, and so not chosen:\n${lines.join("\n")}`,
    );
  }
}
