import { stripVTControlCharacters } from "node:util";

/** Text from outside as a terminal may get it: whoever names an image must not control the reader's terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|\p{Cf}/gu, "\uFFFD");
}
