import { ListingRequiredError, MostRecentError, NoMatchError, SeveralMatchesError } from "../errors";
import { compare } from "../text/compare";
import { creationTime } from "../text/time";
import { explainLeftOut, explainNoMatch, explainUndecided, listImages } from "./explanation";
import type { Cardinality, ImageFilter, ListingQuery, SingleImageFilter } from "./image-filter";
import { type Criterion, criteriaOf, fieldOf, HIDDEN_KEYS, SERVICE_KEYS } from "./judgement";
import { assess, type Listing, listingQueryOf } from "./listing";
import { compareNames, type ListedImage, type WorkspaceImage } from "./workspace-image";

/**
 * The images of `listings` that a filter selects, in its order.
 * @throws ListingRequiredError if the listings cannot decide
 * @throws NoMatchError, SeveralMatchesError, MostRecentError if not exactly one image is selected where one is wanted;
 * a lookup of all that selects none is not an error
 */
export function selectImages(
  listings: readonly Listing[],
  filter: SingleImageFilter,
  cardinality: Cardinality,
  subject: string,
): WorkspaceImage[] {
  const found = match(listings, filter);
  if ("required" in found) throw listingRequired(filter, found.required, subject);
  const ordered = found.matches.sort(ordering(filter));
  if (cardinality === "all") return ordered;
  const [first] = ordered;
  if (first === undefined) {
    throw new NoMatchError(
      `${subject}: ${explainNoMatch(found.listing, filter)}${explainLeftOut(found.leftOut)}`,
    );
  }
  if (filter.mostRecent) return [mostRecent(ordered, found.leftOut, subject)];
  if (ordered.length === 1) return ordered;
  throw new SeveralMatchesError(
    `${subject}: ${ordered.length} images match ${JSON.stringify(filter)}:\n${listImages(ordered)}\nNarrow the filter, or take the newest with mostRecent: true.`,
  );
}

/** The images that a filter may select, and that are left out because of their `oddities`. */
export function imagesLeftOut(listings: readonly Listing[], filter: ImageFilter): readonly ListedImage[] {
  if (!listings.some(({ images }) => images.some(({ oddities }) => oddities))) return [];
  const found = match(listings, filter);
  return "required" in found ? [] : found.leftOut;
}

/** What must be listed besides, so that a filter can be decided; undefined where nothing is missing. */
export function missingListing(listings: readonly Listing[], filter: ImageFilter): ListingQuery | undefined {
  const found = match(listings, filter);
  return "required" in found ? found.required.query : undefined;
}

/** What must be listed before a filter can be decided. */
interface Requirement {
  readonly query: ListingQuery;
  /** The criteria that need it; none where no listing covers the filter. */
  readonly undecided: readonly (keyof ListingQuery)[];
  /** An image that they cannot be judged for. */
  readonly example?: WorkspaceImage | undefined;
}

/** What a filter selects in a listing. */
interface Match {
  readonly listing: Listing;
  readonly matches: WorkspaceImage[];
  /** What it may select, but for oddities. */
  readonly leftOut: readonly ListedImage[];
}

/** Matches in the narrowest listing that can decide every image, or what must be listed for that. */
function match(listings: readonly Listing[], filter: ImageFilter): Match | { required: Requirement } {
  const usable = listings
    .filter(({ query }) =>
      SERVICE_KEYS.every((key) => query[key] === undefined || query[key] === filter[key]),
    )
    .sort((a, b) => Object.keys(b.query).length - Object.keys(a.query).length);
  let required: Requirement | undefined;
  const criteria = criteriaOf(filter);
  for (const listing of usable) {
    const matches: WorkspaceImage[] = [];
    const undecided = new Set<keyof ListingQuery>();
    let example: WorkspaceImage | undefined;
    for (const image of listing.images) {
      if (image.oddities) continue;
      const assessment = assess(criteria, listing, image);
      if (assessment.some(({ verdict }) => verdict === "unmet")) continue;
      const open = assessment.filter(({ verdict }) => verdict === "unknown");
      if (open.length === 0) matches.push(image);
      else example ??= image;
      for (const { key } of open) undecided.add(key as keyof ListingQuery);
    }
    for (const key of HIDDEN_KEYS) {
      if (filter[key] !== undefined && listing.query[key] === undefined) undecided.add(key);
    }
    if (undecided.size === 0) {
      const leftOut = listing.images.filter((image) => image.oddities && mayMatch(criteria, listing, image));
      return { listing, matches, leftOut };
    }
    required ??= {
      query: queryDeciding(filter, listing.query, [...undecided]),
      undecided: [...undecided],
      example,
    };
  }
  const undecided = HIDDEN_KEYS.filter((key) => filter[key] !== undefined);
  return { required: required ?? { query: queryDeciding(filter, {}, undecided), undecided } };
}

/** Whether an image with oddities may be what is wanted: what cannot be read may be anything. */
function mayMatch(criteria: readonly Criterion[], listing: Listing, image: ListedImage): boolean {
  const odd = Object.keys(image.oddities ?? {});
  return assess(criteria, listing, image).every(
    ({ key, verdict }) => verdict !== "unmet" || odd.includes(fieldOf(key) ?? ""),
  );
}

/** A query that has what one has, and more criteria of a filter. */
function queryDeciding(
  filter: ImageFilter,
  query: ListingQuery,
  undecided: readonly (keyof ListingQuery)[],
): ListingQuery {
  return Object.fromEntries(
    Object.entries(listingQueryOf(filter)).filter(
      ([key]) => key in query || undecided.includes(key as keyof ListingQuery),
    ),
  );
}

function listingRequired(
  filter: ImageFilter,
  { query, undecided, example }: Requirement,
  subject: string,
): ListingRequiredError {
  const why =
    undecided.length === 0 ? "no listing covers this filter" : explainUndecided(filter, undecided, example);
  return new ListingRequiredError(`${subject}: ${why}. It needs the listing ${JSON.stringify(query)}.`, {
    ...query,
  });
}

function ordering({ sortField, sortType }: ImageFilter): (a: WorkspaceImage, b: WorkspaceImage) => number {
  const key =
    sortField === "created_at" ? ({ createdAt }: WorkspaceImage) => creationTime(createdAt) : nameOf;
  const direction = sortType === "desc" ? -1 : 1;
  return (a, b) => {
    const [keyA, keyB] = [key(a), key(b)];
    if (keyA !== keyB) {
      if (keyA === undefined) return 1;
      if (keyB === undefined) return -1;
      return direction * compare(keyA, keyB);
    }
    return compareNames(a, b);
  };
}

function nameOf({ name }: WorkspaceImage): string | undefined {
  return name;
}

function mostRecent(
  candidates: readonly WorkspaceImage[],
  leftOut: readonly ListedImage[],
  subject: string,
): WorkspaceImage {
  const [only] = candidates;
  if (candidates.length === 1 && leftOut.length === 0) return only!;
  const undated = candidates.filter(({ createdAt }) => creationTime(createdAt) === undefined);
  if (undated.length > 0) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide, because ${undated.length} of ${candidates.length} candidates have no creation time:\n${listImages(undated)}\nNarrow the filter, for example with createdAfter, which leaves them out.`,
    );
  }
  const time = ({ createdAt }: WorkspaceImage) => creationTime(createdAt) ?? 0;
  const newest = Math.max(...candidates.map(time));
  const tied = candidates.filter((image) => time(image) === newest);
  if (tied.length > 1) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide between ${tied.length} images created at the same time:\n${listImages(tied)}\nNarrow the filter.`,
    );
  }
  // A pin must not move backwards because the newest image is described wrongly.
  const rivals = leftOut.filter((image) => (creationTime(image.createdAt) ?? newest) >= newest);
  if (rivals.length === 0) return tied[0]!;
  throw new MostRecentError(
    `${subject}: mostRecent cannot decide, because what may be the newest is described wrongly.${explainLeftOut(rivals)}\nNarrow the filter, for example with createdBefore.`,
  );
}
