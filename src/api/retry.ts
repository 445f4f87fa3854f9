import { ConfigurationError } from "../errors";
import { setting, type Variables } from "../project/provider-variables";
import { ApiError } from "./api-error";
import type { Failure, Limits } from "./exchange";

const DEFAULT_RETRIES = 5;
const LONGEST_BACKOFF = 10_000;
const LONGEST_JITTER = 1000;

const REPEATED_STATUSES = new Set([429, 500, 502, 503, 504]);

/** Lost connections, time-outs and cut-off bodies. A name that is unknown or a refused connection stays so. */
const REPEATED_CODES = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "HPE_INVALID_EOF_STATE",
  "Z_BUF_ERROR",
  "Z_DATA_ERROR",
]);

/** Whether another attempt may help after a status, or after the code of a lost connection. */
export function isRepeated(statusOrCode: number | string): boolean {
  return typeof statusOrCode === "number"
    ? REPEATED_STATUSES.has(statusOrCode)
    : REPEATED_CODES.has(statusOrCode);
}

/**
 * How long to wait after the n-th attempt, ms: as the server says, else longer every time; always by chance a little
 * longer or shorter, so that not everyone comes back at once.
 */
export function waitAfter({ error, retryAfter }: Failure, attempt: number, { backoff }: Limits): number {
  if (retryAfter !== undefined) return retryAfter + Math.random() * Math.min(LONGEST_JITTER, retryAfter / 4);
  const longest = Math.min(LONGEST_BACKOFF, backoff * 2 ** (attempt - 1));
  // Who is asked to come less often must not come back at once.
  const least = error instanceof ApiError && error.status === 429 ? longest / 2 : 0;
  return least + Math.random() * (longest - least);
}

/** `Retry-After` in ms: seconds, or a date, which is the server's as its `Date` is. */
export function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const { "retry-after": value, date } = headers;
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  const now = Date.parse(date ?? "");
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(now) ? Date.now() : now));
}

/**
 * How often a failed attempt is repeated.
 * @throws ConfigurationError if HW_MAX_RETRIES is no such number
 */
export function retriesOf(variables: Variables): number {
  const retries = setting("maxRetries", variables);
  if (!retries) return DEFAULT_RETRIES;
  if (/^\d{1,2}$/.test(retries.value)) return Number(retries.value);
  throw new ConfigurationError(
    `${retries.from} is ${JSON.stringify(retries.value.slice(0, 20))}: it must be a whole number from 0 to 99.`,
  );
}
