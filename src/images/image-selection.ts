import { ListingRequiredError, MostRecentError, NoMatchError, SeveralMatchesError } from "../errors";
import { compare } from "../text/compare";
import { creationTime } from "../text/time";
import type { Cardinality, ImageFilter, ListingQuery, SingleImageFilter } from "./image-filter";
import {
  type Criterion,
  criteriaOf,
  HIDDEN_KEYS,
  type JudgedKey,
  type Judgement,
  judge,
  SERVICE_KEYS,
} from "./judgement";
import type { WorkspaceImage } from "./workspace-image";

/** The images that one query selected at the service. */
export interface Listing {
  readonly query: ListingQuery;
  readonly images: readonly WorkspaceImage[];
}

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
  if (first === undefined) throw new NoMatchError(`${subject}: ${explainNoMatch(found.listing, filter)}`);
  if (ordered.length === 1) return ordered;
  if (filter.mostRecent) return [mostRecent(ordered, subject)];
  throw new SeveralMatchesError(
    `${subject}: ${ordered.length} images match ${JSON.stringify(filter)}:\n${list(ordered)}\nNarrow the filter, or take the newest with mostRecent: true.`,
  );
}

/** What must be listed besides, so that a filter can be decided; undefined where nothing is missing. */
export function missingListing(listings: readonly Listing[], filter: ImageFilter): ListingQuery | undefined {
  const found = match(listings, filter);
  return "required" in found ? found.required.query : undefined;
}

/** The part of a filter that the service can decide. */
export function listingQueryOf(filter: ImageFilter): ListingQuery {
  return Object.fromEntries(
    SERVICE_KEYS.filter((key) => filter[key] !== undefined).map((key) => [key, filter[key]]),
  );
}

/** What a filter says of the images of one listing. */
type Assessment = Judgement & { readonly key: JudgedKey };

/**
 * What each criterion says of an image of a listing. What the listing was queried with was decided by the service,
 * whether or not the response shows it, or spells it otherwise; what only the response can show is not met where it
 * does not.
 */
function assess(criteria: readonly Criterion[], { query }: Listing, image: WorkspaceImage): Assessment[] {
  return criteria.map((criterion) => {
    const judgement = { ...criterion.judge(image), key: criterion.key };
    if (judgement.verdict !== "unknown") return judgement;
    if (!isServiceKey(criterion.key)) return { ...judgement, verdict: "unmet" };
    return query[criterion.key] === judgement.wanted ? { ...judgement, verdict: "met" } : judgement;
  });
}

function isServiceKey(key: JudgedKey): key is keyof ListingQuery {
  return (SERVICE_KEYS as readonly string[]).includes(key);
}

/** What must be listed before a filter can be decided. */
interface Requirement {
  readonly query: ListingQuery;
  /** The criteria that need it; none where no listing covers the filter. */
  readonly undecided: readonly (keyof ListingQuery)[];
  /** An image that they cannot be judged for. */
  readonly example?: WorkspaceImage | undefined;
}

/** Matches in the narrowest listing that can decide every image, or what must be listed for that. */
function match(
  listings: readonly Listing[],
  filter: ImageFilter,
): { listing: Listing; matches: WorkspaceImage[] } | { required: Requirement } {
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
    if (undecided.size === 0) return { listing, matches };
    required ??= {
      query: queryDeciding(filter, listing.query, [...undecided]),
      undecided: [...undecided],
      example,
    };
  }
  const undecided = HIDDEN_KEYS.filter((key) => filter[key] !== undefined);
  return { required: required ?? { query: queryDeciding(filter, {}, undecided), undecided } };
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

function explainUndecided(
  filter: ImageFilter,
  undecided: readonly (keyof ListingQuery)[],
  example: WorkspaceImage | undefined,
): string {
  const only = `only the service can decide ${undecided.join(" and ")}`;
  if (!example || undecided.some((key) => HIDDEN_KEYS.includes(key))) {
    return `${only}: no field of its response shows it`;
  }
  const shown = judge(filter, example)
    .filter(({ verdict, actual }) => verdict === "unknown" && actual !== undefined)
    .map(({ key, actual }) => `${key} ${JSON.stringify(actual)}`);
  return `${only} of ${describeImage(example)}, ${shown.length > 0 ? `which has ${shown.join(" and ")}` : "whose response lacks it"}`;
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
    return compare(a.name ?? "", b.name ?? "") || compare(a.id, b.id);
  };
}

function nameOf({ name }: WorkspaceImage): string | undefined {
  return name;
}

function mostRecent(candidates: readonly WorkspaceImage[], subject: string): WorkspaceImage {
  const undated = candidates.filter(({ createdAt }) => creationTime(createdAt) === undefined);
  if (undated.length > 0) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide, because ${undated.length} of ${candidates.length} candidates have no creation time:\n${list(undated)}\nNarrow the filter, for example with createdAfter, which leaves them out.`,
    );
  }
  const time = ({ createdAt }: WorkspaceImage) => creationTime(createdAt) ?? 0;
  const newest = Math.max(...candidates.map(time));
  const tied = candidates.filter((image) => time(image) === newest);
  if (tied.length > 1) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide between ${tied.length} images created at the same time:\n${list(tied)}\nNarrow the filter.`,
    );
  }
  return tied[0]!;
}

function explainNoMatch(listing: Listing, filter: ImageFilter): string {
  const { query, images } = listing;
  if (images.length === 0)
    return `the listing ${JSON.stringify(query)} is empty: no image can be selected there.`;
  const criteria = criteriaOf(filter);
  const failures = images.map((image) => ({
    image,
    failed: assess(criteria, listing, image).filter(({ verdict }) => verdict === "unmet"),
  }));
  const steps: string[] = [];
  let left = failures;
  for (const { key } of criteria) {
    left = left.filter(({ failed }) => failed.every((failure) => failure.key !== key));
    steps.push(`${key} ${JSON.stringify(filter[key])} leaves ${left.length || "none"}`);
    if (left.length === 0) break;
  }
  failures.sort((a, b) => a.failed.length - b.failed.length || ordering({})(a.image, b.image));
  const fewest = failures[0]?.failed.length;
  const nearest = failures
    .filter(({ failed }) => failed.length === fewest)
    .slice(0, 3)
    .map(({ image, failed }) => {
      const reasons = failed.map(({ key, actual }) => `${key}: it has ${JSON.stringify(actual) ?? "none"}`);
      return `  ${describeImage(image)} fails ${reasons.join(", ")}`;
    });
  return `no image matches. Of ${images.length} listed, ${steps.join(", ")}. Nearest:\n${nearest.join("\n")}`;
}

function list(images: readonly WorkspaceImage[]): string {
  const lines = images.slice(0, 10).map((image) => `  ${describeImage(image)}`);
  if (images.length > 10) lines.push(`  and ${images.length - 10} more`);
  return lines.join("\n");
}

/** An image in one line: name, ID, type and creation time. */
export function describeImage({ id, name, imageType, createdAt }: WorkspaceImage): string {
  const details = [id, imageType, createdAt && `created ${createdAt}`].filter(Boolean).join(", ");
  return `${name ?? "unnamed"} (${details})`;
}
