import type { Cardinality, SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import type { Environment } from "../project/environment";

const PIN_NAME = /^[^\p{Cc}]{1,255}$/u;

/** What one lookup selected in one environment. */
export interface Pin {
  /** What was asked. */
  readonly filter: SingleImageFilter;
  /** Whether exactly one image was asked for, or all that match. */
  readonly cardinality: Cardinality;
  /** When these images were pinned, UTC, to the second. */
  readonly pinnedAt: string;
  /** What was selected, in the order of the lookup. */
  readonly images: readonly WorkspaceImage[];
}

/** Whether a pin is older than its environment allows. */
export function isStale(
  { pinnedAt }: Pin,
  { maxPinAgeDays = Number.POSITIVE_INFINITY }: Environment,
): boolean {
  return Date.now() - Date.parse(pinnedAt) >= maxPinAgeDays * 24 * 3600 * 1000;
}

/** Whether a pin can have this name. */
export function isPinName(name: string): boolean {
  return PIN_NAME.test(name);
}

/** What identifies a pin's question: two lookups with the same key select the same images. */
export function filterKey(filter: SingleImageFilter, cardinality: Cardinality): string {
  return JSON.stringify([filter, cardinality]);
}
