import { lockFileName } from "./lock-file";
import { parseLockFile } from "./lock-file-format";
import type { Pin, Pins } from "./pin";

/** A lock file of the past, with what its next version need not be checked again for. */
export interface PastLockFile {
  /** What stands before its pins: with another one, none of them is known. */
  readonly head: string;
  readonly region: string;
  /** Its pins' texts. */
  readonly texts: ReadonlyMap<string, string>;
  readonly pins: Pins;
}

/**
 * Reads a version; of pins that are as they were in the one before it, nothing is checked again.
 * @returns why it cannot be read, where it cannot
 */
export function readPastLockFile(
  content: { readonly text: string } | { readonly problem: string },
  environment: string,
  before: PastLockFile | undefined,
): PastLockFile | { readonly gap: string } {
  const name = lockFileName(environment);
  if ("problem" in content) return { gap: `${name} is ${content.problem}` };
  try {
    const { start, texts, head } = splitPins(content.text) ?? splitJson(content.text);
    const unknown = [...texts].filter(
      ([pin, text]) => before?.head !== head || before.texts.get(pin) !== text,
    );
    const { pins: parsed, region } =
      unknown.length === texts.size
        ? parseLockFile(content.text, name)
        : parseLockFile(
            `${start}${unknown.map(([, text]) => text).join(BETWEEN)}${unknown.length > 0 ? END : "}}"}`,
            name,
          );
    const pins = [...texts.keys()].map((pin): [string, Pin] => [
      pin,
      parsed.get(pin) ?? before!.pins.get(pin)!,
    ]);
    return { head, region, texts, pins: new Map(pins) };
  } catch {
    return { gap: whyUnreadable(content.text, name) };
  }
}

const START = '\n  "pins": {\n';
const BETWEEN = "\n    },\n";
const END = "\n    }\n  }\n}\n";

/** The text of a lock file as it is written, pin by pin, much faster than it can be parsed; undefined of another text. */
function splitPins(text: string) {
  const at = text.indexOf(START) + START.length;
  if (at < START.length || !text.endsWith(END)) return undefined;
  const blocks = text.slice(at, -END.length).split(BETWEEN);
  const texts = new Map<string, string>();
  for (const block of blocks) {
    const name = /^ {4}("(?:[^"\\]|\\.)*"): /.exec(block)?.[1];
    if (name === undefined) return undefined;
    texts.set(JSON.parse(name) as string, block);
  }
  const start = text.slice(0, at);
  return texts.size === blocks.length ? { start, texts, head: start } : undefined;
}

/** The same of any JSON: nothing of it is taken as known. */
function splitJson(text: string) {
  const { pins } = JSON.parse(text) as { pins: object };
  return { start: "", texts: new Map(Object.keys(pins).map((pin) => [pin, ""])), head: text };
}

function whyUnreadable(text: string, name: string): string {
  try {
    parseLockFile(text, name);
    return `${name} cannot be read`;
  } catch (error) {
    // What restores a file does not help with one that is in the past.
    return (error as Error).message.replace(
      /(: it was edited by hand|\. Restore it|\. Merge both|\. A newer|\. Run).*$/s,
      "",
    );
  }
}
