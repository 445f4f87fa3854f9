import type { ImageFilter, ListingQuery } from "./image-filter";
import {
  type Criterion,
  criteriaOf,
  isOtherCase,
  type JudgedKey,
  type Judgement,
  SERVICE_KEYS,
} from "./judgement";
import type { ListedImage, WorkspaceImage } from "./workspace-image";

/** The images that one query selected at the service. */
export interface Listing {
  readonly query: ListingQuery;
  readonly images: readonly ListedImage[];
}

/** The part of a filter that the service can decide. */
export function listingQueryOf(filter: ImageFilter): ListingQuery {
  return Object.fromEntries(
    SERVICE_KEYS.filter((key) => filter[key] !== undefined).map((key) => [key, filter[key]]),
  );
}

/** Given images as the service would list them: what it decides holds for an image that lacks the field. */
export function listingOf(images: readonly ListedImage[], filter: ImageFilter): Listing {
  const query = listingQueryOf(filter);
  const criteria = criteriaOf(query);
  const isListed = (image: WorkspaceImage) =>
    criteria.every((criterion) => {
      const { verdict, wanted, actual } = criterion.judge(image);
      return verdict !== "unknown" || actual === undefined || isOtherCase(String(actual), String(wanted));
    });
  return { query, images: images.filter(isListed) };
}

/**
 * What each criterion says of an image of a listing. What the listing was queried with was decided by the service,
 * whether or not the response shows it, or spells it otherwise; what only the response can show is not met where it
 * does not.
 */
export function assess(
  criteria: readonly Criterion[],
  { query }: Listing,
  image: WorkspaceImage,
): Judgement[] {
  return criteria.map((criterion) => {
    const judgement = criterion.judge(image);
    if (judgement.verdict !== "unknown") return judgement;
    if (!isServiceKey(criterion.key)) return { ...judgement, verdict: "unmet" };
    return query[criterion.key] === judgement.wanted ? { ...judgement, verdict: "met" } : judgement;
  });
}

function isServiceKey(key: JudgedKey): key is keyof ListingQuery {
  return (SERVICE_KEYS as readonly string[]).includes(key);
}
