/** What brings a damaged lock file back. */
export function restoring(name: string): string {
  return `Restore it with: git checkout -- ${name} (if it was never committed, delete it and take its pins anew)`;
}

/** A line that begins a pin in a file as it is written, or as git merges such files. */
const PIN_LINE = /^ {4}("(?:[^"\\]|\\.)*"): \{/;

/** What is said of a text in which a merge left conflict markers; undefined where it left none. */
export function describeConflict(content: string): string | undefined {
  if (!/^(<{7}|={7}|>{7})/m.test(content)) return undefined;
  const pins = new Set<string>();
  let pin: string | undefined;
  let isInside = false;
  for (const line of content.split("\n")) {
    pin = PIN_LINE.exec(line)?.[1] ?? (/^ {0,4}\}/.test(line) ? undefined : pin);
    if (/^[<>]{7}/.test(line)) isInside = line.startsWith("<");
    else if (isInside && pin !== undefined) pins.add(pin);
  }
  const where = pins.size > 0 ? ` in ${[...pins].map((name) => `pin ${name}`).join(", ")}` : "";
  return `has merge-conflict markers${where}. Merge both sides with: workspace-images resolve`;
}

/** The last pin that a text begins, as it is written. */
export function lastPin(content: string): string | undefined {
  return content
    .split("\n")
    .map((line) => PIN_LINE.exec(line)?.[1])
    .findLast((pin) => pin !== undefined);
}
