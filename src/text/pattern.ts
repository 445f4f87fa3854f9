/** Whether a name is a pattern: `*` stands for any characters, also none, as in `prod-*`. */
export function isPattern(name: string): boolean {
  return name.includes("*");
}

/** Whether a text is what a pattern describes, in linear time. */
export function matches(pattern: string, text: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Whether one of several names and patterns is about a name. */
export function isAmong(name: string, wanted: readonly string[]): boolean {
  return wanted.some((pattern) => pattern === name || matches(pattern, name));
}

/** The known names that some wanted names and patterns are about, in the known order; and those that are about none. */
export function choose(
  known: Iterable<string>,
  wanted: readonly string[],
): { readonly chosen: Set<string>; readonly unknown: string[] } {
  const names = new Set(known);
  // An asterisk may also be part of a name that is meant exactly.
  const found = wanted.map((name) =>
    names.has(name) || !isPattern(name)
      ? [name].filter((exact) => names.has(exact))
      : [...names].filter((text) => matches(name, text)),
  );
  const all = new Set(found.flat());
  return {
    chosen: new Set([...names].filter((name) => all.has(name))),
    unknown: wanted.filter((_, at) => found[at]!.length === 0),
  };
}
