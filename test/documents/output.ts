/** What differs from run to run: it is printed otherwise here than where the document was written. */
const VOLATILE: readonly (readonly [found: RegExp, pattern: string])[] = [
  [/127\.0\.0\.1:\d+/, String.raw`127\.0\.0\.1:\d+`],
  [/sha256-[\w+/]{43}=/, String.raw`sha256-[\w+/]{43}=`],
  [/\b[0-9a-f]{40}\b/, "[0-9a-f]{40}"],
  [/\b[0-9a-f]{7}\b/, "[0-9a-f]{7}"],
  [/\b\d+(?:\.\d+)? m?s\b/, String.raw`\d+(?:\.\d+)? m?s`],
];

/** Days that follow from when a run was made: the one in which it began and the next, and those a week later. */
const now = () =>
  [0, 1, 7, 8].map((days) => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString().slice(0, 10));

/** The pattern that a line of a document must match, where a command printed this line. */
function patternOf(line: string): RegExp {
  const days = now().join("|");
  const volatile = [
    ...VOLATILE,
    [new RegExp(`(?:${days})T\\d\\d:\\d\\d:\\d\\dZ`), String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`] as const,
    [new RegExp(`(?:${days})`), String.raw`\d{4}-\d\d-\d\d`] as const,
  ];
  const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = (text: string): string => {
    for (const [found, replacement] of volatile) {
      const match = found.exec(text);
      if (match) {
        const rest = text.slice(match.index + match[0].length);
        return pattern(text.slice(0, match.index)) + replacement + pattern(rest);
      }
    }
    return quoted(text);
  };
  return new RegExp(`^${pattern(line)}$`);
}

const isElision = (line: string): boolean => line.trim().startsWith("[…");

/**
 * Whether a document shows what was printed: line by line, but for what differs from run to run. A line that begins
 * with `[…` stands for any lines.
 */
export function shows(shown: readonly string[], printed: readonly string[]): boolean {
  const wanted = trimmed(shown);
  const lines = trimmed(printed).map((line) => ({ line, pattern: patternOf(line) }));
  const matches = (at: number, from: number): boolean => {
    for (; at < wanted.length; at++, from++) {
      if (isElision(wanted[at]!)) {
        for (let next = from; next <= lines.length; next++) if (matches(at + 1, next)) return true;
        return false;
      }
      if (!lines[from]?.pattern.test(wanted[at]!)) return false;
    }
    return from === lines.length;
  };
  return matches(0, 0);
}

/** Without spaces at the ends of lines, and empty lines around. */
function trimmed(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "")
    .split("\n");
}

/** Whether a document shows it only in part, so that what was printed cannot just be put there. */
export function isInPart(shown: readonly string[]): boolean {
  return shown.some(isElision);
}
