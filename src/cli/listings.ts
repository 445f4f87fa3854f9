import { type EnvironmentListings, type ListingSource, openListings } from "../catalog/listing-source";
import type { ImageFilter } from "../images/image-filter";
import { type Listing, missingListing } from "../images/image-selection";
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
  const listings = [await listing({})];
  const queries = new Map<string, Promise<Listing>>();
  for (;;) {
    const known = queries.size;
    for (const filter of filters) {
      const query = missingListing(listings, filter);
      const key = JSON.stringify(query);
      if (query && !queries.has(key)) queries.set(key, listing(query));
    }
    const added = [...queries.values()].slice(known);
    if (added.length === 0) return listings;
    listings.push(...(await Promise.all(added)));
  }
}
