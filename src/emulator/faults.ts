import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** Part of the emulator that a request belongs to. */
export type EmulatedService = "images" | "iam" | "metadata" | "control";

/** A request as faults and tests see it; it holds no secrets. */
export interface EmulatedRequest {
  readonly service: EmulatedService;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Something that goes wrong with requests. */
export interface Fault {
  /** Which requests go wrong. */
  readonly on: EmulatedService | ((request: EmulatedRequest) => boolean);
  /**
   * How many of them.
   * @default - all
   */
  readonly times?: number;
  /** Runs before the request is answered: publish or remove an image between two pages. */
  readonly before?: () => void;
  /** Answers with this status instead, in one of the three shapes of errors. */
  readonly status?: number;
  /**
   * Shape of the error.
   * @default "service"
   */
  readonly shape?: ErrorShape;
  /** Headers that are added to the answer, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Wait before the answer's headers, ms. */
  readonly delayHeadersMs?: number;
  /** Wait in the middle of the answer's body, ms. */
  readonly delayBodyMs?: number;
  /** Cuts the connection, before the answer or in the middle of its body. */
  readonly reset?: "before" | "during";
  /** Answers with another body than it should, and status 200. */
  readonly body?: "truncated" | "truncated-gzip" | "empty" | "html" | "other-json" | "oversized";
  /** Answers with what this makes of the right JSON. */
  readonly edit?: (json: unknown) => unknown;
  /** Answers with the right body under this content type. */
  readonly contentType?: string;
  /** Redirects to this URL. */
  readonly redirect?: string;
}

/** How an error is written: by the service, by its gateway, or by IAM. */
export type ErrorShape = "service" | "gateway" | "iam";

/** An answer before it is written. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

const OVERSIZED_BYTES = 40 * 1024 * 1024;

/** An error in one of the three shapes. */
export function errorAnswer(
  status: number,
  shape: ErrorShape,
  message: string,
  code?: string,
  requestId?: string,
): Answer {
  if (shape === "iam") {
    return { status, json: { error: { code: status, message, title: TITLES[status] ?? "Error" } } };
  }
  if (shape === "gateway") {
    const gatewayCode =
      code ?? (status === 429 ? "APIGW.0308" : status === 401 ? "APIGW.0301" : "APIGW.0201");
    return { status, json: { error_code: gatewayCode, error_msg: message, request_id: requestId } };
  }
  return { status, json: { error_code: code ?? "WKS.00010001", error_msg: message } };
}

/** Writes an answer, or what a fault makes of it. */
export async function write(
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
  acceptsGzip: boolean,
): Promise<void> {
  if (fault?.delayHeadersMs) await sleep(fault.delayHeadersMs, undefined, { ref: false });
  if (fault?.reset === "before") {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault?.redirect !== undefined) {
    response.writeHead(302, { location: fault.redirect }).end();
    return;
  }
  const status = fault?.body ? 200 : answer.status;
  let headers: Record<string, string> = { ...answer.headers, ...fault?.headers };
  const json = fault?.edit ? fault.edit(answer.json) : answer.json;
  let body: Buffer = Buffer.from(json === undefined ? "" : JSON.stringify(json));
  headers["content-type"] = fault?.contentType ?? "application/json";
  switch (fault?.body) {
    case "empty":
      body = Buffer.alloc(0);
      break;
    case "html":
      headers["content-type"] = "text/html";
      body = Buffer.from("<!DOCTYPE html><html><head><title>Log in to the network</title></head></html>");
      break;
    case "other-json":
      body = Buffer.from('{"hello":["world"]}');
      break;
    case "truncated":
      body = body.subarray(0, Math.floor(body.length / 2));
      break;
    case "truncated-gzip":
      headers["content-encoding"] = "gzip";
      body = gzipSync(body);
      body = body.subarray(0, Math.floor(body.length / 2));
      break;
    case "oversized":
      body = Buffer.alloc(OVERSIZED_BYTES, " ");
      break;
    default:
      if (acceptsGzip && body.length > 1024) {
        headers["content-encoding"] = "gzip";
        body = gzipSync(body);
      }
  }
  if (status !== 204) headers = { ...headers, "content-length": String(body.length) };
  response.writeHead(status, headers);
  if (fault?.reset === "during" || fault?.delayBodyMs) {
    response.write(body.subarray(0, Math.floor(body.length / 2)));
    // Let the first half leave before the connection ends.
    await sleep(fault.delayBodyMs ?? 20, undefined, { ref: false });
    if (fault.reset === "during") {
      response.socket?.resetAndDestroy();
      return;
    }
    body = body.subarray(Math.floor(body.length / 2));
  }
  response.end(body);
}

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
