import { oneLine } from "../text/printable";
import { redact } from "./redact";

const MAX_TEXT = 500;
const MAX_ID = 100;
/** How much of a text is looked at. */
const MAX_INPUT = 16 * 1024;
/** What tells people nothing, and may be a secret in a form that nobody thought of. */
const OPAQUE = /[A-Za-z0-9+/=_-]{65,}/g;

/** A text of an answer on one line, without control characters and secrets, at most 500 characters of it. */
export function quote(text: string | null | undefined): string | undefined {
  return oneLine(legible(text ?? ""), MAX_TEXT) || undefined;
}

/** A request's ID in an answer. */
export function quoteId(text: string | null | undefined): string | undefined {
  return quote(text)?.slice(0, MAX_ID);
}

/** The beginning of an answer of unknown shape. */
export function excerpt(text: string): string {
  const beginning = legible(text).replace(/\s+/g, " ");
  return oneLine(beginning, 200) || "(an empty body)";
}

function legible(text: string): string {
  return redact(text.slice(0, MAX_INPUT)).replace(OPAQUE, "…");
}
