import { quoteId } from "./quote";
import type { SignableRequest } from "./signer";

/** Limits of one call, in ms and bytes. */
export interface Limits {
  /** Until a connection stands. */
  readonly connect: number;
  /** Until the answer's headers are there. */
  readonly headers: number;
  /** Between two parts of the answer's body. */
  readonly body: number;
  /**
   * For all attempts of the call. What `authenticate` takes does not count, whose calls have limits of their own, nor
   * the wait for a turn and a connection.
   */
  readonly total: number;
  /** Wait before the first retry; it doubles with every further one. */
  readonly backoff: number;
  /** Size of an answer, packed and unpacked. */
  readonly size: number;
}

/** The limits of a call that names none. */
export const LIMITS: Limits = {
  connect: 10_000,
  headers: 30_000,
  body: 30_000,
  total: 120_000,
  backoff: 500,
  size: 32 * 1024 * 1024,
};

/** One call. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON body. */
  readonly body?: string;
  /** Gives what signs one attempt: every attempt is signed anew. */
  readonly authenticate?: () => Promise<(request: SignableRequest) => Record<string, string>>;
  /** Called once where the answer is 401; whether it found other credentials to try. */
  readonly renew?: () => Promise<boolean>;
  /** What the credentials come from, for the error of a 401. */
  readonly credentials?: () => string | undefined;
  /** How often a failed attempt is repeated; default: HW_MAX_RETRIES, else 5. */
  readonly retries?: number;
  /** Tighter limits than usual. */
  readonly limits?: Partial<Limits>;
  /**
   * The answer holds secrets: no error quotes it.
   * @default false
   */
  readonly confidential?: boolean;
}

/** A successful answer. */
export interface HttpResponse {
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body. */
  readonly json: unknown;
  readonly requestId?: string | undefined;
}

/** What came of one attempt: an answer, or why there is none and whether another attempt may help. */
export type Outcome = { readonly response: HttpResponse } | Failure;

/** Why an attempt gave no answer. */
export interface Failure {
  readonly error: Error;
  readonly retryable: boolean;
  /** How long the server asks to wait, ms. */
  readonly retryAfter?: number | undefined;
}

/** One attempt of a call: what was asked, within which limits, and the ID that the service gave it. */
export class Exchange {
  /** Headers of the answer, once it is there. */
  headers: Readonly<Record<string, string>> = {};

  constructor(
    readonly request: HttpRequest,
    readonly url: URL,
    readonly limits: Limits,
    /** The variable of the proxy that leads there, if any. */
    readonly proxy?: string,
  ) {}

  /** `X-Request-Id` of the answer, once it is there. Errors alone need it, and to look for secrets in it takes time. */
  get requestId(): string | undefined {
    return quoteId(this.headers["x-request-id"]);
  }

  /** What was asked, without query and secrets, for errors. */
  get what(): string {
    return `${this.request.method} ${this.url.origin}${this.url.pathname}`;
  }
}
