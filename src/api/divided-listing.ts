import { ListingTooLargeError } from "../errors";
import type { ListImagesQuery } from "../images/image-filter";
import type { ListedImage } from "../images/workspace-image";
import { compare } from "../text/compare";
import type { Taking } from "./paging";

/** What a listing is divided by, in this order: parameters whose values the service documents. */
const PARTS = [
  ["imageType", ["gold", "private"]],
  ["osType", ["Windows", "Linux", "Other"]],
  ["architecture", ["x86", "arm"]],
] as const satisfies readonly (readonly [keyof ListImagesQuery, readonly string[]])[];

/**
 * A listing that may be longer than the service's greatest offset. What is cut off is taken from the other end, too;
 * where the two do not meet, it is taken in parts. No image that an undocumented value hides from the parts is lost
 * silently: they must have as many together as the service says that there are.
 * @param take takes what a query selects, as far as the service goes
 * @param asked the query that this one is a part of
 * @throws ListingTooLargeError if that does not give every image
 */
export async function listDivided(
  query: ListImagesQuery,
  take: (query: ListImagesQuery) => Promise<Taking>,
  asked = query,
): Promise<readonly ListedImage[]> {
  const { sortField = "name", sortType = "asc" } = query;
  const forward = await take(query);
  if (!forward.cutOff) return forward.images;
  const backward = await take({ ...query, sortField, sortType: sortType === "asc" ? "desc" : "asc" });
  const keyOf = ({ name, createdAt }: ListedImage) => (sortField === "name" ? name : createdAt);
  const whole = join(forward.images, backward.images.toReversed(), keyOf);
  if (whole) return whole;

  const further = PARTS.find(([key]) => query[key] === undefined);
  const left = PARTS.map(([key]) => key).filter((key) => asked[key] === undefined);
  const fail = (what: string) =>
    new ListingTooLargeError(
      `The images of the query ${JSON.stringify(query)} cannot all be listed, because there are more than the service lists (${forward.cutOff?.message})${what} Add filters that the service decides: ${[...left, "imageId"].join(", ")}.`,
    );
  if (!further) throw fail(".");
  const [key, values] = further;
  const parts: (readonly ListedImage[])[] = [];
  for (const value of values) parts.push(await listDivided({ ...query, [key]: value }, take, asked));
  const images = new Map(parts.flat().map((image) => [image.id, image]));
  const isComplete =
    forward.total === images.size &&
    [...forward.images, ...backward.images].every(({ id }) => images.has(id));
  if (!isComplete) {
    throw fail(
      `, and divided by ${key} into ${values.join(", ")}, they are ${images.size}, and not ${forward.total ?? "a number that it tells"}.`,
    );
  }
  const direction = sortType === "desc" ? -1 : 1;
  return [...images.values()].sort(
    (a, b) => direction * (compare(keyOf(a) ?? "", keyOf(b) ?? "") || compare(a.id, b.id)),
  );
}

/**
 * The whole of a listing whose beginning and end overlap. Where both have images of two values of the field that they
 * are sorted by, one after the other, the beginning has every image up to the one, and the end every image from the
 * other on, in whichever order equal values came.
 */
function join(
  beginning: readonly ListedImage[],
  end: readonly ListedImage[],
  keyOf: (image: ListedImage) => string | undefined,
): ListedImage[] | undefined {
  const known = new Set(beginning.map(({ id }) => id));
  const at = end.findIndex((image, index) => {
    const next = end[index + 1];
    const [key, other] = [keyOf(image), next && keyOf(next)];
    const isStep = key !== undefined && other !== undefined && key !== other;
    return isStep && known.has(image.id) && known.has(next?.id ?? "");
  });
  if (at < 0) return undefined;
  const from = end.slice(at + 1);
  const key = keyOf(from[0]!);
  const first = beginning.findIndex((image) => keyOf(image) === key);
  const joined = new Map([...beginning.slice(0, first), ...from].map((image) => [image.id, image]));
  return [...joined.values()];
}
