import { setTimeout as sleep } from "node:timers/promises";
import { debuglog, promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, request as send } from "undici";
import { ConfigurationError, ConnectionError, ResponseError } from "../errors";
import { isLoopback } from "../project/location";
import { ApiError, clean, excerpt } from "./api-error";
import { remember } from "./secret";
import type { SignableRequest } from "./signer";

/** Limits of one call, in ms and bytes. */
export interface Limits {
  /** Until a connection stands. */
  readonly connect: number;
  /** Until the answer's headers are there. */
  readonly headers: number;
  /** Between two parts of the answer's body. */
  readonly body: number;
  /** For all attempts of the call. What `authenticate` takes does not count: its own calls have limits of their own. */
  readonly total: number;
  /** Wait before the first retry; it doubles with every further one. */
  readonly backoff: number;
  /** Size of an answer, packed and unpacked. */
  readonly size: number;
}

const LIMITS: Limits = {
  connect: 10_000,
  headers: 30_000,
  body: 30_000,
  total: 120_000,
  backoff: 500,
  size: 32 * 1024 * 1024,
};
/** The ECS metadata service of this machine: it has no certificate, and is sent no credentials. */
export const METADATA_HOST = "169.254.169.254";
const LONGEST_BACKOFF = 10_000;
const DEFAULT_RETRIES = 5;
/** Size of an answer's headers, bytes: the token of an account with many permissions is one of them. */
const MAX_HEADERS = 256 * 1024;

/** One call. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON body. */
  readonly body?: string;
  /** Gives the headers of one attempt: every attempt is signed anew. */
  readonly authenticate?: (
    request: SignableRequest,
  ) => Promise<Record<string, string>> | Record<string, string>;
  /** Called once where the answer is 401; whether it found other credentials to try. */
  readonly renew?: () => Promise<boolean>;
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

/** Options of {@link Http}. */
export interface HttpOptions {
  /** Ends every call, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Environment variables.
   * @default process.env
   */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
  /** Takes what a user should know although it is no error. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Limits of every call.
   * @default - 10 s to connect, 30 s for headers and between parts of a body, 120 s in all, 32 MiB, 0.5 s before the first retry
   */
  readonly limits?: Partial<Limits> | undefined;
}

const debug = debuglog("workspace-images");
const unzip = promisify(gunzip);

/** Calls of JSON interfaces over one pool of connections, within limits of time and size, with retries. */
export class Http {
  private readonly limits: Limits;
  private readonly retries: number;
  private readonly signal: AbortSignal | undefined;
  private readonly direct: Agent;
  /** It holds the proxy's password: unlike a private property, this one is not shown by util.inspect. */
  readonly #proxied: Dispatcher;
  private readonly closing = new AbortController();

  /** Whether certificates are not checked (HW_INSECURE). */
  readonly isInsecure: boolean;

  /** @throws ConfigurationError if HW_MAX_RETRIES, HW_INSECURE or a proxy variable is malformed */
  constructor({ signal, variables = process.env, onWarning, limits }: HttpOptions = {}) {
    this.limits = { ...LIMITS, ...limits };
    this.signal = signal;
    this.retries = retriesOf(variables);
    this.isInsecure = isInsecure(variables);
    if (this.isInsecure) {
      onWarning?.(
        "HW_INSECURE is set: certificates are not checked, so that anyone on the way can read and change what is sent.",
      );
    }
    const connect = { timeout: this.limits.connect, rejectUnauthorized: !this.isInsecure };
    const options = {
      connect,
      keepAliveTimeout: 10_000,
      headersTimeout: this.limits.headers,
      bodyTimeout: this.limits.body,
      maxHeaderSize: MAX_HEADERS,
    };
    this.direct = new Agent(options);
    const httpProxy = variables.http_proxy ?? variables.HTTP_PROXY ?? "";
    const httpsProxy = variables.https_proxy ?? variables.HTTPS_PROXY ?? "";
    try {
      for (const proxy of [httpProxy, httpsProxy]) {
        // A proxy may repeat its password, as a server may a key.
        if (proxy) remember(decodeURIComponent(new URL(proxy).password));
      }
      this.#proxied = new EnvHttpProxyAgent({
        ...options,
        requestTls: connect,
        proxyTls: { timeout: this.limits.connect },
        clientFactory: (proxy, poolOptions) =>
          new Pool(proxy, { ...poolOptions, headersTimeout: this.limits.connect }),
        httpProxy,
        httpsProxy,
        noProxy: variables.no_proxy ?? variables.NO_PROXY ?? "",
      });
    } catch {
      throw new ConfigurationError(
        "HTTPS_PROXY or HTTP_PROXY is not a proxy's URL, such as http://proxy.example.com:3128.",
      );
    }
  }

  /** Closes all connections, so that nothing keeps the process from ending. */
  async close(): Promise<void> {
    // Where one page was refused, others may still wait for their next attempt.
    this.closing.abort();
    await Promise.all([this.direct.destroy(), this.#proxied.destroy()]);
  }

  /**
   * Sends a request until it succeeds, is refused for good, or time or retries run out.
   * Repeated are 429, 500, 502, 503, 504, lost connections, time-outs and bodies that were cut off.
   * @throws ApiError if the request is refused
   * @throws ConnectionError if the endpoint cannot be reached or does not answer completely
   * @throws ResponseError if the answer is no JSON, too large or a redirect
   */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const limits = { ...this.limits, ...request.limits };
    const url = new URL(request.url);
    if (url.protocol !== "https:" && !isLoopback(url.hostname) && url.hostname !== METADATA_HOST) {
      throw new ConfigurationError(
        `${url.origin} is plain http, which is allowed to loopback only: use https.`,
      );
    }
    let deadline = Date.now() + limits.total;
    const retries = request.retries ?? this.retries;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      this.signal?.throwIfAborted();
      const started = Date.now();
      const headers = await headersOf(request, url);
      deadline += Date.now() - started;
      const outcome = await this.attempt(request, url, headers, limits, deadline, attempt);
      if ("response" in outcome) return outcome.response;
      const { error, retryAfter } = outcome;
      if (error instanceof ApiError && error.status === 401 && request.renew && !renewed) {
        renewed = true;
        if (await request.renew()) continue;
      }
      const wait =
        retryAfter ?? Math.random() * Math.min(LONGEST_BACKOFF, limits.backoff * 2 ** (attempt - 1));
      // A wait beyond the deadline would only delay the same answer.
      if (!outcome.retryable || attempt > retries || Date.now() + wait >= deadline) throw error;
      await sleep(wait, undefined, { signal: this.ending() }).catch(() => {});
    }
  }

  /** Aborted when the user ends the run, when it is closed, or by the given signal. */
  private ending(...others: AbortSignal[]): AbortSignal {
    return AbortSignal.any([this.closing.signal, ...(this.signal ? [this.signal] : []), ...others]);
  }

  private async attempt(
    request: HttpRequest,
    url: URL,
    headers: Readonly<Record<string, string>>,
    limits: Limits,
    deadline: number,
    attempt: number,
  ): Promise<{ response: HttpResponse } | Failure> {
    const { method, body } = request;
    const what = `${method} ${url.origin}${url.pathname}`;
    const started = performance.now();
    let requestId: string | undefined;
    const log = (status: string | number) =>
      debug(
        "%s %s %s %d ms attempt %d request %s",
        method,
        url.href,
        status,
        Math.round(performance.now() - started),
        attempt,
        requestId ?? "-",
      );
    // A timer of its own: a signal of AbortSignal.timeout that only AbortSignal.any refers to may be collected.
    const overtime = new AbortController();
    const timer = setTimeout(
      () => overtime.abort(new DOMException("The time is up", "TimeoutError")),
      Math.max(1, deadline - Date.now()),
    );
    try {
      const answer = await send(url, {
        method,
        headers: { ...headers, "accept-encoding": "gzip" },
        ...(body !== undefined && { body }),
        dispatcher: url.protocol === "https:" && !isLoopback(url.hostname) ? this.#proxied : this.direct,
        headersTimeout: limits.headers,
        bodyTimeout: limits.body,
        signal: this.ending(overtime.signal),
      });
      const received = flatten(answer.headers);
      requestId = clean(received["x-request-id"])?.slice(0, 100);
      const packed = await read(answer.body, limits.size, what, requestId);
      const text = await unpack(packed, answer.statusCode, received, limits.size, what, requestId);
      log(answer.statusCode);
      return judge(what, answer.statusCode, received, text, requestId, request.confidential ?? false);
    } catch (error) {
      const code = codeOf(error);
      log(code);
      this.signal?.throwIfAborted();
      if (error instanceof ResponseError) return { error, retryable: false };
      return { error: connectionError(what, url, code, error, limits), retryable: REPEATED_CODES.has(code) };
    } finally {
      clearTimeout(timer);
    }
  }
}

interface Failure {
  readonly error: Error;
  readonly retryable: boolean;
  readonly retryAfter?: number | undefined;
}

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

/** The headers of one attempt, which is signed anew. */
async function headersOf(
  { method, body, headers, authenticate }: HttpRequest,
  url: URL,
): Promise<Record<string, string>> {
  const all = {
    accept: "application/json",
    ...(body !== undefined && { "content-type": "application/json" }),
    ...headers,
  };
  return (await authenticate?.({ method, url, headers: all, body })) ?? all;
}

/** Reads a body, and stops reading where it grows beyond the limit. */
async function read(
  body: Dispatcher.ResponseData["body"],
  limit: number,
  what: string,
  requestId: string | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      body.on("error", () => {}).destroy();
      throw tooLarge(limit, what, requestId);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function unpack(
  packed: Buffer,
  status: number,
  headers: Readonly<Record<string, string>>,
  limit: number,
  what: string,
  requestId: string | undefined,
): Promise<string> {
  const encoding = headers["content-encoding"]?.toLowerCase();
  // Of a refusal, the status says what matters.
  const isRefusal = !isSuccess(status);
  if (packed.length === 0 || !encoding || encoding === "identity") return packed.toString();
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    const why = `in the encoding ${excerpt(encoding)}, which was not asked for`;
    if (isRefusal) return `an answer ${why}`;
    throw new ResponseError(`${what} answered ${why}.`, requestId);
  }
  try {
    return (await unzip(packed, { maxOutputLength: limit })).toString();
  } catch (error) {
    if (isRefusal) return "an answer that cannot be unpacked";
    throw codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? tooLarge(limit, what, requestId) : error;
  }
}

function tooLarge(limit: number, what: string, requestId: string | undefined): ResponseError {
  return new ResponseError(
    `${what} answered with more than ${limit / 1024 / 1024} MiB. Check the endpoint.`,
    requestId,
  );
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function judge(
  what: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
  requestId: string | undefined,
  confidential: boolean,
): { response: HttpResponse } | Failure {
  const refuse = (why: string, retryable: boolean): Failure => ({
    error: new ResponseError(`${what} ${why}`, requestId),
    retryable,
  });
  if (status >= 300 && status < 400) {
    return refuse(
      `was redirected (${status}) to ${originOf(headers.location)}. Redirects are refused, because the credentials are for this endpoint alone: set the endpoint itself.`,
      false,
    );
  }
  if (!isSuccess(status)) {
    return {
      error: ApiError.fromResponse(what, { status, headers, text, confidential }),
      retryable: REPEATED_STATUSES.has(status),
      retryAfter: retryAfterOf(headers),
    };
  }
  try {
    return { response: { headers, json: JSON.parse(text), requestId } };
  } catch {
    const type = `content type ${excerpt(headers["content-type"] ?? "none")}`;
    const quoted = confidential ? "" : `: ${excerpt(text)}`;
    if (/^\s*</.test(text)) {
      return refuse(
        `answered with a web page instead of JSON (${type})${quoted}. Is a proxy or a log-in page of the network in between? Check HTTPS_PROXY and the endpoint.`,
        false,
      );
    }
    // A body that ends too early is worth another attempt.
    return refuse(
      `answered with something that is no complete JSON (${type})${quoted}. Check the endpoint.`,
      true,
    );
  }
}

function connectionError(
  what: string,
  url: URL,
  code: string,
  cause: unknown,
  limits: Limits,
): ConnectionError {
  const seconds = (ms: number) => `${ms / 1000} s`;
  const reasons: Record<string, string> = {
    ECONNREFUSED: `the connection was refused: does the service run, and is the endpoint${isLoopback(url.hostname) ? "" : ", or the proxy in HTTPS_PROXY,"} right?`,
    ENOTFOUND: "the name is unknown: check the region, the endpoint, and whether this machine is online.",
    EAI_AGAIN: "the name could not be looked up: check whether this machine is online.",
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${seconds(limits.connect)}: check the network, HTTPS_PROXY and the endpoint.`,
    UND_ERR_HEADERS_TIMEOUT: `no answer within ${seconds(limits.headers)}: try again later.`,
    UND_ERR_BODY_TIMEOUT: `the answer stopped for ${seconds(limits.body)}: try again later.`,
    TimeoutError: `no complete answer within ${seconds(limits.total)}: try again later.`,
  };
  const scrubbed = scrub(cause);
  const reason = reasons[code] ?? reasonOfKind(code, scrubbed.message);
  return new ConnectionError(`${what} failed: ${url.host}: ${reason}`, { cause: scrubbed });
}

function reasonOfKind(code: string, message: string): string {
  const refused = /Proxy response \((\d+)\)/.exec(message)?.[1];
  if (refused) {
    return `the proxy in HTTPS_PROXY did not let the connection through (${refused}): check it, and its user name and password.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "its certificate is another server's: check the endpoint.";
  }
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `its certificate is out of date (${code}): check this machine's clock.`;
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return `its certificate is not trusted (${code}): name your own authority's file in NODE_EXTRA_CA_CERTS.`;
  }
  if (/SSL|TLS|EPROTO/.test(code)) return `it does not speak TLS as it should (${code}): check the endpoint.`;
  return `the connection was lost (${code}): try again later.`;
}

/** The cause without what undici hangs on it: requests, and with them headers. */
function scrub(cause: unknown): Error {
  const { name, message } = cause as Error;
  return Object.assign(new Error(excerpt(`${name}: ${message}`)), { code: codeOf(cause) });
}

function codeOf(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: string; cause?: unknown };
  if (typeof code === "string") return code;
  if (name === "TimeoutError" || name === "AbortError") return "TimeoutError";
  return cause ? codeOf(cause) : (name ?? "unknown");
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

/** `Retry-After` in ms: seconds, or a date, which is the server's as its `Date` is. */
function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const { "retry-after": value, date } = headers;
  if (!value) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  const now = Date.parse(date ?? "");
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(now) ? Date.now() : now));
}

function originOf(location: string | undefined): string {
  try {
    return new URL(location ?? "").origin;
  } catch {
    return "another address";
  }
}

function retriesOf({ HW_MAX_RETRIES: text }: Readonly<Record<string, string | undefined>>): number {
  if (!text) return DEFAULT_RETRIES;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new ConfigurationError(
    `HW_MAX_RETRIES is ${JSON.stringify(text.slice(0, 20))}: it must be a whole number from 0 to 99.`,
  );
}

function isInsecure({ HW_INSECURE: text = "" }: Readonly<Record<string, string | undefined>>): boolean {
  if (/^(|0|f|false)$/i.test(text)) return false;
  if (/^(1|t|true)$/i.test(text)) return true;
  throw new ConfigurationError(
    `HW_INSECURE is ${JSON.stringify(text.slice(0, 20))}: it must be true or false.`,
  );
}
