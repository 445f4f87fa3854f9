import { printable } from "../text/printable";
import type { ImageFilter, ListingQuery } from "./image-filter";
import { criteriaOf, HIDDEN_KEYS, judge } from "./judgement";
import { assess, type Listing } from "./listing";
import { compareNames, type ListedImage, type WorkspaceImage } from "./workspace-image";

/** Why only the service can decide criteria of a filter. */
export function explainUndecided(
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

/** Why a filter selects nothing in a listing: which criterion leaves none, and what comes nearest. */
export function explainNoMatch(listing: Listing, filter: ImageFilter): string {
  const { query } = listing;
  const images = listing.images.filter(({ oddities }) => !oddities);
  if (listing.images.length === 0)
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
  failures.sort((a, b) => a.failed.length - b.failed.length || compareNames(a.image, b.image));
  const fewest = failures[0]?.failed.length;
  const nearest = failures
    .filter(({ failed }) => failed.length === fewest)
    .slice(0, 3)
    .map(({ image, failed }) => {
      const reasons = failed.map(({ key, actual }) => `${key}: it has ${JSON.stringify(actual) ?? "none"}`);
      return `  ${describeImage(image)} fails ${reasons.join(", ")}`;
    });
  if (images.length === 0) return "no image matches.";
  return `no image matches. Of ${images.length} listed, ${steps.join(", ")}. Nearest:\n${nearest.join("\n")}`;
}

/** Why images are left out, in lines of their own; empty where there are none. */
export function explainLeftOut(images: readonly ListedImage[]): string {
  if (images.length === 0) return "";
  const lines = images
    .slice(0, 10)
    .map((image) => `  ${describeImage(image)}: ${Object.values(image.oddities ?? {}).join("; ")}`);
  if (images.length > 10) lines.push(`  and ${images.length - 10} more`);
  return `\nLeft out, because the service describes them wrongly:\n${lines.join("\n")}`;
}

/** Images in lines of their own, ten at most. */
export function listImages(images: readonly WorkspaceImage[]): string {
  const lines = images.slice(0, 10).map((image) => `  ${describeImage(image)}`);
  if (images.length > 10) lines.push(`  and ${images.length - 10} more`);
  return lines.join("\n");
}

/** An image in one line, whatever it is called: name, ID, type and creation time. */
export function describeImage({ id, name, imageType, createdAt }: WorkspaceImage): string {
  const details = [id, imageType, createdAt && `created ${createdAt}`].filter(Boolean).join(", ");
  return printable(`${name ?? "unnamed"} (${details})`);
}
