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
    remember(text);
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

/** Lets {@link redact} know a secret that something else holds. */
export function remember(secret: string): void {
  if (secret.length < SHORTEST) return;
  const bytes = Buffer.from(secret);
  // A server may repeat it as it was written in the request, and in a header, whose bytes are read as Latin-1.
  known.add(secret);
  known.add(JSON.stringify(secret).slice(1, -1));
  known.add(encodeURIComponent(bytes.toString()));
  known.add(bytes.toString("latin1"));
}

/** A text from outside, without the secrets that a server may have repeated in it. */
export function redact(text: string): string {
  let redacted = text;
  for (const secret of known) redacted = redacted.replaceAll(secret, REDACTED);
  return redacted;
}
