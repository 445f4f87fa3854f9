import { type EnvironmentListings, type ListingSource, openListings } from "../catalog/listing-source";
import { ListingTooLargeError } from "../errors";
import type { ImageFilter, ListingQuery } from "../images/image-filter";
import { missingListing } from "../images/image-selection";
import type { Listing } from "../images/listing";
import { listingQueryOf } from "../images/listing";
import type { ListedImage } from "../images/workspace-image";
import { untilInterrupted } from "./interruption";
import { printWarning, withProgress } from "./output";

/** Runs a command's work with access to the listings, which are always taken anew; Ctrl-C ends it. */
export function withListings<T>(work: (source: ListingSource) => Promise<T>): Promise<T> {
  return untilInterrupted(async (signal) => {
    const source = await openListings({ signal, onWarning: printWarning });
    try {
      return await withProgress("Listing images", work(source));
    } finally {
      await source.close();
    }
  });
}

/** Lists what filters are decided from, and no more. */
export async function requiredListings(
  { listing }: Pick<EnvironmentListings, "listing">,
  filters: readonly ImageFilter[],
): Promise<Listing[]> {
  const listings: Listing[] = [];
  const queries = new Map<string, Promise<Listing>>();
  const add = async (wanted: readonly ListingQuery[]): Promise<boolean> => {
    const known = queries.size;
    for (const query of wanted) {
      const key = JSON.stringify(query);
      if (!queries.has(key)) queries.set(key, listing(query));
    }
    listings.push(...(await Promise.all([...queries.values()].slice(known))));
    return queries.size > known;
  };
  try {
    await add([{}]);
  } catch (error) {
    // Where all images are too many, those that filters ask for may not be.
    const narrower = filters.map(listingQueryOf);
    const isEvery = narrower.some((query) => Object.keys(query).length === 0);
    if (!(error instanceof ListingTooLargeError) || isEvery) throw error;
    await add(narrower);
  }
  while (await add(filters.flatMap((filter) => missingListing(listings, filter) ?? []))) {}
  return listings;
}

/** What is listed now, at least of the images with these IDs. */
export async function listedImages(
  { listing }: Pick<EnvironmentListings, "listing">,
  ids: readonly string[],
): Promise<readonly ListedImage[]> {
  try {
    return (await listing({})).images;
  } catch (error) {
    if (!(error instanceof ListingTooLargeError)) throw error;
    const found = await Promise.all([...new Set(ids)].map((imageId) => listing({ imageId })));
    return found.flatMap(({ images }) => images);
  }
}
