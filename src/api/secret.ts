import { inspect } from "node:util";

const REDACTED = "[redacted]";
/** Shorter texts stand in other words too; nothing that the service issues is as short. */
const SHORTEST = 6;

/** Every secret of this process, so that text from outside that repeats one can be quoted. */
const known = new Set<string>();

/** A text that is never printed: every way of showing it gives `[redacted]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    if (text.length < SHORTEST) return;
    // A server that repeats a request repeats it as it was written.
    for (const written of [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(wellFormed(text))]) {
      known.add(written);
    }
  }

  /** The text itself: for a signature, a header or a request body, and nothing else. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** Half a surrogate pair cannot be percent-encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** A text from outside, without the secrets that a server may have repeated in it. */
export function redact(text: string): string {
  let redacted = text;
  for (const secret of known) redacted = redacted.replaceAll(secret, REDACTED);
  return redacted;
}
