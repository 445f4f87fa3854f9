import { stripVTControlCharacters } from "node:util";

/** Width that tables must fit, in columns. */
export const WIDTH = Math.max(80, process.stdout.columns ?? 80);

/** A number of things, such as `1 image` or `3 images`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/**
 * A table without rules. A cell that is too long is never cut, so that it can be copied and searched for.
 * @param widths of the columns, with the space that separates them
 */
export function table(widths: readonly number[], rows: readonly (readonly string[])[]): string {
  const pad = (cell: string, at: number) =>
    `${cell}${" ".repeat(Math.max(1, (widths[at] ?? 0) - displayWidth(cell)))}`;
  return rows.map((row) => row.map(pad).join("").trimEnd()).join("\n");
}

/** How many columns a text takes on a terminal: Chinese, Japanese and Korean characters take two. */
export function displayWidth(text: string): number {
  const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60]/u;
  return [...stripVTControlCharacters(text)].reduce(
    (width, character) => width + (wide.test(character) ? 2 : 1),
    0,
  );
}

/** Breaks a text between words so that it fits, every line behind `indent`. */
export function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((part) => `${indent}${part}`).join("\n");
}
