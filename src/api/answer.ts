import { gunzipSync } from "node:zlib";
import type { Dispatcher } from "undici";

import v = require("valibot");

import { ResponseError } from "../errors";
import type { Exchange, Outcome } from "./exchange";
import { codeOf } from "./lost-connection";
import { excerpt } from "./quote";
import { isRefusal, readRefusal } from "./refusal";
import { isRepeated, retryAfterOf } from "./retry";

/** What has images is a listing, whatever stands beside them. */
const imagesSchema = v.looseObject({ images: v.pipe(v.array(v.unknown()), v.nonEmpty()) });
/** How anything begins that is packed with gzip. */
const GZIP = Buffer.from([0x1f, 0x8b]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** An answer whose body has been read and unpacked. */
interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Reads an answer to its end, and says what it means.
 * @throws ResponseError if it is too large or cannot be unpacked; errors of the connection as they come
 */
export async function take(exchange: Exchange, response: Dispatcher.ResponseData): Promise<Outcome> {
  const headers = flatten(response.headers);
  exchange.headers = headers;
  const packed = await read(exchange, response.body);
  const text = unpack(exchange, response.statusCode, headers, packed);
  return outcomeOf(exchange, { status: response.statusCode, headers, text });
}

/** Reads a body, and stops reading where it grows beyond the limit. */
async function read(exchange: Exchange, body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > exchange.limits.size) {
      body.on("error", () => {}).destroy();
      throw tooLarge(exchange);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unpack(exchange: Exchange, status: number, headers: HttpAnswer["headers"], packed: Buffer): string {
  const encoding = headers["content-encoding"]?.toLowerCase();
  // Where the status is a refusal, a body that cannot be read must not hide that.
  const isRefused = !isSuccess(status);
  if (packed.length === 0 || !encoding || encoding === "identity") return packed.toString();
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    const why = `in the encoding ${excerpt(encoding)}, which was not asked for`;
    if (isRefused) return `an answer ${why}`;
    throw new ResponseError(`${exchange.what} answered ${why}.`, exchange.requestId);
  }
  if (!isRefused && !packed.subarray(0, GZIP.length).equals(GZIP.subarray(0, packed.length))) {
    throw new ResponseError(
      `${exchange.what} answered with a body that is not packed, although its header content-encoding says ${encoding}. Is a proxy in between that unpacks answers? Check it and the endpoint.`,
      exchange.requestId,
    );
  }
  try {
    // A page is small: a stream of its own would take longer than the page.
    return gunzipSync(packed, { maxOutputLength: exchange.limits.size }).toString();
  } catch (error) {
    if (isRefused) return "an answer that cannot be unpacked";
    throw codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? tooLarge(exchange) : error;
  }
}

function outcomeOf(exchange: Exchange, { status, headers, text }: HttpAnswer): Outcome {
  const { what, request } = exchange;
  const { confidential = false } = request;
  const refuse = (why: string, retryable: boolean): Outcome => ({
    error: new ResponseError(`${what} ${why}`, exchange.requestId),
    retryable,
  });
  if (REDIRECTS.has(status)) {
    return refuse(
      `was redirected (${status}) to ${originOf(headers.location)}. Redirects are refused, because the credentials are for this endpoint alone: set the endpoint itself.`,
      false,
    );
  }
  const refusal = () =>
    readRefusal(what, {
      status,
      headers,
      text,
      confidential,
      credentials: request.credentials?.(),
    });
  if (!isSuccess(status)) {
    return { error: refusal(), retryable: isRepeated(status), retryAfter: retryAfterOf(headers) };
  }
  try {
    // A byte order mark is no part of it.
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    // Codes of the service's errors are documented under status 200 too.
    if (isRefusal(json) && !v.is(imagesSchema, json)) return { error: refusal(), retryable: false };
    return {
      response: {
        headers,
        json,
        get requestId() {
          return exchange.requestId;
        },
      },
    };
  } catch {
    const type = `content type ${excerpt(headers["content-type"] ?? "none")}`;
    const quoted = confidential ? "" : `: ${excerpt(text)}`;
    if (/^\s*</.test(text)) {
      return refuse(
        `answered with a web page instead of JSON (${type})${quoted}. Is a proxy or a log-in page of the network in between? Check ${exchange.proxy ?? "HTTPS_PROXY"} and the endpoint.`,
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

function tooLarge({ what, limits, requestId }: Exchange): ResponseError {
  return new ResponseError(
    `${what} answered with more than ${limits.size / 1024 / 1024} MiB. Check the endpoint.`,
    requestId,
  );
}

/** A part of an answer (206) is none: no part was asked for. */
function isSuccess(status: number): boolean {
  return status >= 200 && status < 300 && status !== 206;
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

function originOf(location: string | undefined): string {
  try {
    return excerpt(new URL(location ?? "").origin);
  } catch {
    return "another address";
  }
}
