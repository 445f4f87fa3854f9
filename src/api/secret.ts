import { inspect } from "node:util";
import { remember } from "./redact";

const REDACTED = "[redacted]";

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
