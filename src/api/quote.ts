import { oneLine } from "../text/printable";
import { redact } from "./secret";

const MAX_TEXT = 500;

/** A text of an answer on one line, without control characters and secrets, at most 500 characters of it. */
export function quote(text: string | null | undefined): string | undefined {
  return oneLine(redact(text ?? ""), MAX_TEXT) || undefined;
}

/** The beginning of an answer of unknown shape. */
export function excerpt(text: string): string {
  return quote(redact(text).replace(/\s+/g, " ").slice(0, 200)) ?? "(an empty body)";
}
