import { openListings } from "../src/catalog/listing-source";

/** Lists environments side by side, each in a region of its own; how many were complete, and what went wrong first. */
export async function listAll(
  regions: readonly string[],
  expected: number,
): Promise<{ complete: number; problem: string | undefined }> {
  let [complete, problem] = [0, undefined as string | undefined];
  const source = await openListings();
  await Promise.all(
    regions.map(async (region) => {
      try {
        const { listing } = await source.environment({ name: region, region }, undefined);
        const { images } = await listing({});
        if (images.length !== expected) throw new Error(`${images.length} of ${expected} images`);
        complete++;
      } catch (error) {
        problem ??= String(error);
      }
    }),
  );
  await source.close();
  return { complete, problem };
}

/** Names of regions. */
export function regionsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `region-${index}`);
}
