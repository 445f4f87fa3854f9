import type { Cardinality, SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import type { Environment } from "../project/environment";

const PIN_NAME = /^[^\p{Cc}]{1,255}$/u;

/** What a lookup asks. */
export interface Question {
  /** Which images are wanted, and in which order. */
  readonly filter: SingleImageFilter;
  /** Whether exactly one image is wanted, or all that match. */
  readonly cardinality: Cardinality;
}

/** Why somebody keeps a pin where it is, or moved it against a policy, and since when (UTC, to the second). */
export interface Reason {
  readonly reason: string;
  readonly since: string;
}

/** The images that a pin had before a move. */
export interface Previous {
  readonly ids: readonly string[];
  /** Their names, empty where an image had none. */
  readonly names: readonly string[];
  /** Their image type, where all had the same. */
  readonly imageType?: string;
  /** When the pin moved away from them, UTC, to the second. */
  readonly until: string;
}

/** The images that one environment has for a question. */
export interface Pin extends Question {
  /** When these images were pinned, UTC, to the second. */
  readonly pinnedAt: string;
  /** What was selected, in the order of the lookup. */
  readonly images: readonly WorkspaceImage[];
  /** Criteria of the filter that a pinned image does not meet, because the question was changed after it was pinned. */
  readonly unmet?: readonly string[];
  /** Why it must not move. */
  readonly hold?: Reason;
  /** What it had before, newest first, ten at most. */
  readonly previous?: readonly Previous[];
  /** Why it was moved against a policy, the last time it moved. */
  readonly override?: Reason;
  /** Its image runs somewhere, but is not listed (any more): what is not known of it is left out. */
  readonly adopted?: true;
}

/** Named pins of one environment. */
export type Pins = ReadonlyMap<string, Pin>;

/** Whether a pin is older than its environment allows. */
export function isStale(
  { pinnedAt }: Pin,
  { maxPinAgeDays = Number.POSITIVE_INFINITY }: Environment,
  now = new Date(),
): boolean {
  return now.getTime() - Date.parse(pinnedAt) >= maxPinAgeDays * 24 * 3600 * 1000;
}

/** Whether a pin can have this name. */
export function isPinName(name: string): boolean {
  return PIN_NAME.test(name);
}

/** What identifies a question: two lookups with the same key ask the same. */
export function questionKey({ filter, cardinality }: Question): string {
  return JSON.stringify([filter, cardinality]);
}

/** Whether two questions are the same. */
export function isSameQuestion(a: Question, b: Question): boolean {
  // Mostly both have one filter, the pin's; writing filters out takes longer than all the rest of a pinned lookup.
  if (a.filter === b.filter) return a.cardinality === b.cardinality;
  return questionKey(a) === questionKey(b);
}

/** Whether two lists have the same images, in the same order. */
export function hasSameIds(
  a: readonly { readonly id: string }[],
  b: readonly { readonly id: string }[],
): boolean {
  return a.length === b.length && a.every(({ id }, index) => id === b[index]?.id);
}

/** Whether the images of a pin have these IDs, in this order. */
export function hasIds({ images }: Pin, ids: readonly string[]): boolean {
  return hasSameIds(
    images,
    ids.map((id) => ({ id })),
  );
}

/** What pins become, by name; undefined for those that go. */
export type PinEdits = ReadonlyMap<string, Pin | undefined>;

/** What is different between two questions: `nameRegex "^Windows_10" → "^Windows_11"`. */
export function describeChange(before: Question, after: Question): string {
  const [from, to] = [before.filter, after.filter];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort() as (keyof SingleImageFilter)[];
  const changes = keys
    .filter((key) => from[key] !== to[key])
    .map((key) => `${key} ${JSON.stringify(from[key]) ?? "none"} → ${JSON.stringify(to[key]) ?? "none"}`);
  if (before.cardinality !== after.cardinality) {
    const [was, is] = [before, after].map(({ cardinality }) =>
      cardinality === "one" ? "one image" : "all images",
    );
    changes.push(`${was} → ${is}`);
  }
  return changes.join(", ");
}
