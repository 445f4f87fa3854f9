import { setTimeout as sleep } from "node:timers/promises";
import { debuglog } from "node:util";
import { request as send } from "undici";
import { ConfigurationError, ConnectionError, ResponseError } from "../errors";
import { METADATA_HOST } from "../project/location";
import { isLoopback } from "../project/loopback";
import { setting, type Variables, variableOf } from "../project/provider-variables";
import { take } from "./answer";
import { ApiError } from "./api-error";
import { type Connection, Connections } from "./connections";
import { Exchange, type HttpRequest, type HttpResponse, LIMITS, type Limits, type Outcome } from "./exchange";
import { Governor, type RequestResult } from "./governor";
import { codeOf, connectionError } from "./lost-connection";
import { isRepeated, retriesOf, waitAfter } from "./retry";
import type { SignableRequest } from "./signer";

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
  private readonly connections: Connections;
  private readonly governors = new Map<string, Governor>();
  private readonly closing = new AbortController();

  /** @throws ConfigurationError if HW_MAX_RETRIES, HW_INSECURE or a proxy variable is malformed */
  constructor({ signal, variables = process.env, onWarning, limits }: HttpOptions = {}) {
    this.limits = { ...LIMITS, ...limits };
    this.signal = signal;
    this.retries = retriesOf(variables);
    this.connections = new Connections(variables, this.limits);
    checkSigningAlgorithm(variables);
    if (this.connections.isInsecure) {
      onWarning?.(
        `${variableOf("insecure", variables)} is set: certificates are not checked, so that anyone on the way can read and change what is sent.`,
      );
    }
  }

  /**
   * How many requests to a URL's endpoint may be under way now.
   * @param left how many there are still to be answered: connections are opened for those that may be sent next, while
   * the ones before are under way
   */
  widthOf(url: string, left: number): number {
    const parsed = new URL(url);
    const { width, nextWidth } = this.governorOf(parsed);
    if (left > width) this.connections.prepare(parsed, Math.min(left, nextWidth + width));
    return width;
  }

  /** Closes all connections, so that nothing keeps the process from ending. */
  async close(): Promise<void> {
    // Where one page was refused, others may still wait for their next attempt.
    this.closing.abort();
    await this.connections.close();
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
    const proxy = this.connections.proxyFor(url);
    const governor = this.governorOf(url);
    let deadline = Date.now() + limits.total;
    const retries = request.retries ?? this.retries;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      this.signal?.throwIfAborted();
      const waiting = Date.now();
      // Credentials come before the turn: what gives them may need one itself. They are used, and signed, after it.
      const sign = await request.authenticate?.();
      const turn = await governor.enter(attempt > 1, this.ending());
      if (!turn) {
        throw new ConnectionError(
          `${request.method} ${url.origin}${url.pathname} was not sent: ${url.host} has given no answer to any request for ${limits.total / 1000} s. Try again later.`,
        );
      }
      let result: RequestResult = "unknown";
      let wait = 0;
      try {
        const connection = await this.connections.take(url);
        deadline += Date.now() - waiting;
        const exchange = new Exchange(request, url, limits, proxy?.from);
        const outcome = await this.attempt(exchange, connection, sign, deadline, attempt);
        if (!("error" in outcome) || !outcome.retryable) result = "answered";
        if ("response" in outcome) {
          governor.heard();
          return outcome.response;
        }
        const { error, retryable } = outcome;
        const status = error instanceof ApiError ? error.status : undefined;
        if (status === 401 && request.renew && !renewed) {
          renewed = true;
          if (await request.renew()) continue;
        }
        wait = waitAfter(outcome, attempt, limits);
        // A wait beyond the deadline would only delay the same answer, and is no reason for others to wait.
        const isInTime = Date.now() + wait < deadline;
        if (!(error instanceof ConnectionError)) governor.heard();
        if (retryable) result = status !== 429 ? "failed" : isInTime ? "throttled" : "unknown";
        if (!retryable || attempt > retries || !isInTime) throw error;
      } finally {
        turn.end(result, wait);
      }
      await sleep(wait, undefined, { signal: this.ending() }).catch(() => {});
    }
  }

  private governorOf({ origin }: URL): Governor {
    const known = this.governors.get(origin) ?? new Governor(this.limits.total);
    this.governors.set(origin, known);
    return known;
  }

  /** Aborted when the user ends the run, when it is closed, or by the given signal. */
  private ending(...others: AbortSignal[]): AbortSignal {
    return AbortSignal.any([this.closing.signal, ...(this.signal ? [this.signal] : []), ...others]);
  }

  private async attempt(
    exchange: Exchange,
    connection: Connection,
    sign: Sign | undefined,
    deadline: number,
    attempt: number,
  ): Promise<Outcome> {
    const { url, limits } = exchange;
    const { method, body } = exchange.request;
    const started = performance.now();
    const log = (status: string | number) =>
      debug.enabled &&
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
        headers: { ...headersOf(exchange.request, url, sign), "accept-encoding": "gzip" },
        ...(body !== undefined && { body }),
        dispatcher: connection.dispatcher,
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
      this.connections.release(connection);
    }
  }
}

type Sign = (request: SignableRequest) => Record<string, string>;

/** The headers of one attempt, which is signed anew. */
function headersOf(
  { method, body, headers }: HttpRequest,
  url: URL,
  sign: Sign | undefined,
): Record<string, string> {
  const all = {
    accept: "application/json",
    ...(body !== undefined && { "content-type": "application/json" }),
    ...headers,
  };
  return sign?.({ method, url, headers: all, body }) ?? all;
}

/** The provider can sign otherwise, too; whoever has it so would be refused here. */
function checkSigningAlgorithm(variables: Variables): void {
  const algorithm = setting("signingAlgorithm", variables);
  if (!algorithm || /^(SDK-)?HMAC-?SHA-?256$/i.test(algorithm.value)) return;
  throw new ConfigurationError(
    `${algorithm.from} is ${JSON.stringify(algorithm.value.slice(0, 20))}: only HMAC-SHA256 is supported.`,
  );
}
