import { describeImage } from "../images/explanation";
import { differences, type ListedImage } from "../images/workspace-image";
import type { Pin, Pins } from "./pin";
import type { Revocations } from "./revoked";

/** Whether a pinned image is still what it was. */
export interface Verification {
  /** Whether every image exists, unchanged, and none is revoked. */
  readonly ok: boolean;
  /** What is wrong, where something is: begins with `deleted`, `changed` or `revoked` for each image. */
  readonly reason?: string;
  /** Criteria of the pin's question that its images do not meet. */
  readonly unmet?: readonly string[];
  /** Images of an adopted pin that are not listed: nothing is known of them. */
  readonly unlisted?: readonly string[];
}

/** What is true of each pin's images now. */
export function verify(
  pins: Pins,
  listing: readonly ListedImage[],
  region: string,
  revocations: Revocations,
): Map<string, Verification> {
  const listed = new Map(listing.map((image) => [image.id, image]));
  const nameless = listing.filter(({ oddities }) => oddities?.id).length;
  const doubt =
    nameless > 0 ? `, unless it is among the ${nameless} that are listed without a usable ID` : "";
  return new Map(
    [...pins].map(([name, pin]) => [name, verificationOf(pin, listed, doubt, region, revocations)]),
  );
}

function verificationOf(
  { images, adopted, unmet }: Pin,
  listed: ReadonlyMap<string, ListedImage>,
  doubt: string,
  region: string,
  revocations: Revocations,
): Verification {
  const unlisted: string[] = [];
  const reasons = images.flatMap((image) => {
    const revoked = revocations.reason(image, region);
    const found = revoked === undefined ? [] : [`revoked: ${describeImage(image)}: ${revoked}`];
    const now = listed.get(image.id);
    if (!now) {
      if (!adopted) return [...found, `deleted: ${describeImage(image)}${doubt}`];
      unlisted.push(image.id);
      return found;
    }
    const changes = adopted ? [] : differences(image, now);
    return changes.length > 0 ? [...found, `changed: ${describeImage(image)}: ${changes.join(", ")}`] : found;
  });
  return {
    ok: reasons.length === 0,
    ...(reasons.length > 0 && { reason: reasons.join("; ") }),
    ...(unmet && { unmet }),
    ...(unlisted.length > 0 && { unlisted }),
  };
}
