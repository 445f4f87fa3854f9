import { inspect } from "node:util";

const REDACTED = "[redacted]";
/** Shorter texts stand in other words too; nothing that the service issues is as short. */
const SHORTEST = 6;
/** How the two quotes are written in HTML: as they are, and by different libraries. */
const HTML_QUOTES = [
  ['"', "'"],
  ["&quot;", "&#39;"],
  ["&quot;", "&#x27;"],
  ["&#34;", "&#39;"],
] as const;

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
  // A server may repeat it as it was written in the request, in a web page, and in a header, whose bytes are read as Latin-1.
  known.add(secret);
  known.add(JSON.stringify(secret).slice(1, -1));
  known.add(encodeURIComponent(bytes.toString()));
  known.add(bytes.toString("latin1"));
  for (const [quote, apostrophe] of HTML_QUOTES) {
    const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
    known.add(secret.replace(/[&<>"']/g, (c) => entities[c] ?? (c === '"' ? quote : apostrophe)));
  }
  // In base64 it looks different by what stands before it, such as the user's name.
  for (const before of [0, 1, 2]) {
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    for (const form of ["base64", "base64url"] as const) {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString(form);
      known.add(encoded.slice(Math.ceil((before * 8) / 6), end));
    }
  }
}

/** A text from outside, without the secrets that a server may have repeated in it. */
export function redact(text: string): string {
  let redacted = text;
  // The longest first: of one that begins with another, the rest would be left.
  for (const secret of [...known].sort((a, b) => b.length - a.length)) {
    redacted = redacted.replaceAll(secret, REDACTED);
  }
  return redacted;
}
