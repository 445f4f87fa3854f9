import { stripVTControlCharacters } from "node:util";

/**
 * Text from outside on one line, as a terminal and a log may get it: whoever names an image must neither control the
 * reader's terminal nor write lines of their own.
 */
export function printable(text: string): string {
  // Most is plain ASCII, which is seen faster.
  if (!/[^\x20-\x7e]/.test(text)) return text;
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}

/** Text of this program in lines of its own. */
export function printableLines(text: string): string {
  const lines = text.split("\n").map((line) => printable(line.replaceAll("\t", " ")));
  return withoutCommands(lines.join("\n"));
}

/** Lines of which none is a command to a pipeline, whatever is quoted at its beginning. */
export function withoutCommands(text: string): string {
  // A look line by line takes long where there are a million.
  if (!text.includes("::") && !text.includes("##")) return text;
  return text.replace(/^[ \t]*(?=::|##\[|##vso\[)/gm, "$&\uFFFD");
}

/** JSON in which what shows nothing, or turns the direction of the text around it, is escaped. */
export function escapeInvisible(json: string): string {
  // Most is plain ASCII, which is seen faster.
  if (!/[^\x20-\x7e\n]/.test(json)) return json;
  return json.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\u007f-\u009f\u2028\u2029]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** The beginning of a text from outside on one line, without characters that control, reorder or hide others. */
export function oneLine(text: string, maxLength: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
    .trim()
    .slice(0, maxLength);
}
