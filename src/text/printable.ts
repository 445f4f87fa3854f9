import { stripVTControlCharacters } from "node:util";

/** Text from outside as a terminal may get it: whoever names an image must not control the reader's terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|\p{Cf}/gu, "\uFFFD");
}

/** The beginning of a text from outside on one line, without characters that control, reorder or hide others. */
export function oneLine(text: string, maxLength: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
    .trim()
    .slice(0, maxLength);
}
