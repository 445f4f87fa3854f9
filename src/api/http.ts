import { setTimeout as sleep } from "node:timers/promises";
import { debuglog } from "node:util";
import { request as send } from "undici";
import { ConfigurationError, ResponseError } from "../errors";
import { METADATA_HOST } from "../project/location";
import { isLoopback } from "../project/loopback";
import type { Variables } from "../project/provider-variables";
import { take } from "./answer";
import { ApiError } from "./api-error";
import { Dispatchers } from "./dispatchers";
import { Exchange, type HttpRequest, type HttpResponse, LIMITS, type Limits, type Outcome } from "./exchange";
import { codeOf, connectionError } from "./lost-connection";
import { isRepeated, retriesOf, waitAfter } from "./retry";

/** Options of {@link Http}. */
export interface HttpOptions {
  /** Ends every call, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Environment variables.
   * @default process.env
   */
  readonly variables?: Variables | undefined;
  /** Takes what a user should know although it is no error. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Limits of every call.
   * @default - 10 s to connect, 30 s for headers and between parts of a body, 120 s in all, 32 MiB, 0.5 s before the first retry
   */
  readonly limits?: Partial<Limits> | undefined;
}

const debug = debuglog("workspace-images");

/** Calls of JSON interfaces over one pool of connections, within limits of time and size, with retries. */
export class Http {
  private readonly limits: Limits;
  private readonly retries: number;
  private readonly signal: AbortSignal | undefined;
  private readonly dispatchers: Dispatchers;
  private readonly closing = new AbortController();

  /** @throws ConfigurationError if HW_MAX_RETRIES, HW_INSECURE or a proxy variable is malformed */
  constructor({ signal, variables = process.env, onWarning, limits }: HttpOptions = {}) {
    this.limits = { ...LIMITS, ...limits };
    this.signal = signal;
    this.retries = retriesOf(variables);
    this.dispatchers = new Dispatchers(variables, this.limits);
    if (this.isInsecure) {
      onWarning?.(
        "HW_INSECURE is set: certificates are not checked, so that anyone on the way can read and change what is sent.",
      );
    }
  }

  /** Whether certificates are not checked (HW_INSECURE). */
  get isInsecure(): boolean {
    return this.dispatchers.isInsecure;
  }

  /** Closes all connections, so that nothing keeps the process from ending. */
  async close(): Promise<void> {
    // Where one page was refused, others may still wait for their next attempt.
    this.closing.abort();
    await this.dispatchers.close();
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
      const outcome = await this.attempt(new Exchange(request, url, limits), headers, deadline, attempt);
      if ("response" in outcome) return outcome.response;
      const { error } = outcome;
      if (error instanceof ApiError && error.status === 401 && request.renew && !renewed) {
        renewed = true;
        if (await request.renew()) continue;
      }
      const wait = waitAfter(outcome, attempt, limits);
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
    exchange: Exchange,
    headers: Readonly<Record<string, string>>,
    deadline: number,
    attempt: number,
  ): Promise<Outcome> {
    const { url, limits } = exchange;
    const { method, body } = exchange.request;
    const started = performance.now();
    const log = (status: string | number) =>
      debug(
        "%s %s %s %d ms attempt %d request %s",
        method,
        url.href,
        status,
        Math.round(performance.now() - started),
        attempt,
        exchange.requestId ?? "-",
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
        dispatcher: this.dispatchers.to(url),
        headersTimeout: limits.headers,
        bodyTimeout: limits.body,
        signal: this.ending(overtime.signal),
      });
      const outcome = await take(exchange, answer);
      log(answer.statusCode);
      return outcome;
    } catch (error) {
      const code = codeOf(error);
      log(code);
      this.signal?.throwIfAborted();
      if (error instanceof ResponseError) return { error, retryable: false };
      return { error: connectionError(exchange, error), retryable: isRepeated(code) };
    } finally {
      clearTimeout(timer);
    }
  }
}

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
