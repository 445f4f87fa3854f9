import { oneLine } from "../text/printable";
import { redact } from "./redact";

const MAX_TEXT = 500;
/** How much of a text is looked at. */
const MAX_INPUT = 16 * 1024;

/** A text of an answer on one line, without control characters and secrets, at most 500 characters of it. */
export function quote(text: string | null | undefined): string | undefined {
  return oneLine(redact((text ?? "").slice(0, MAX_INPUT)), MAX_TEXT) || undefined;
}

/** The beginning of an answer of unknown shape. */
export function excerpt(text: string): string {
  const beginning = redact(text.slice(0, MAX_INPUT)).replace(/\s+/g, " ");
  return oneLine(beginning, 200) || "(an empty body)";
}
