import { printable } from "./printable";

/** A text from outside in a table of Markdown: it is shown as it is, and is neither markup nor a mention. */
export function codeSpan(text: string): string {
  const line = printable(text).replace(/\s+/g, " ").trim() || "(empty)";
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // A table ends a cell at every bar that is not escaped, also in code; renderers differ on a backslash before that.
  const content = line.replace(/(\\*)\|/g, (_, slashes: string) => (slashes ? `${slashes}¦` : "\\|"));
  return /^`|`$/.test(content) ? `${fence} ${content} ${fence}` : `${fence}${content}${fence}`;
}

/** A table of cells that are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [markdownHead(head), ...rows.map(markdownRow)].join("\n");
}

/** The first lines of a table, whose rows follow one by one. */
export function markdownHead(cells: readonly string[]): string {
  return `${markdownRow(cells)}\n${markdownRow(cells.map(() => "---"))}`;
}

/** One row of a table. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
