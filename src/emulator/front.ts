import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { parentThread } from "../threads/parent-thread";
import type { Fault } from "./faults";

/** What the front is told first. */
export interface FrontOptions {
  readonly port: number;
  /** Least time from a request to its answer, ms. */
  readonly latencyMs: number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** A request that the emulator must answer. */
export interface FrontRequest {
  readonly id: number;
  /** When it arrived, ms since the epoch. */
  readonly at: number;
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined where it is too large. */
  readonly body?: string | undefined;
}

/** What the front says. */
export type FrontReport =
  | FrontRequest
  | { readonly listening: number }
  | { readonly failed: { readonly message: string; readonly code?: string | undefined } };

/** What the front writes; without an answer, it cuts the connection. */
export interface FrontAnswer {
  readonly id: number;
  readonly answer?: WrittenAnswer;
  readonly fault?: WritingFault | undefined;
}

/** The part of a fault that goes wrong on the wire. */
type WritingFault = Pick<
  Fault,
  "headers" | "delayHeadersMs" | "delayBodyMs" | "reset" | "body" | "contentType" | "redirect"
>;

interface WrittenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_BODY = 1024 * 1024;
const OVERSIZED_BYTES = 40 * 1024 * 1024;

// The emulator's front begins here: it speaks HTTP in a thread of its own, and asks the emulator for every answer.
if (parentThread) {
  const parent = parentThread;
  const report = (message: FrontReport) => parent.post(message);
  const waiting = new Map<number, (answer: FrontAnswer) => void>();
  let count = 0;

  const serve = async (request: IncomingMessage, response: ServerResponse, latencyMs: number) => {
    const body = await read(request);
    // The latency begins before the answer is made, as a service's does.
    const delay = latencyMs ? sleep(latencyMs) : undefined;
    const { method = "GET", url: target = "/", headers } = request;
    const id = count++;
    const answered = new Promise<FrontAnswer>((resolve) => waiting.set(id, resolve));
    report({ id, at: Date.now(), method, target, headers, body });
    const { answer, fault } = await answered;
    const acceptsGzip = /\bgzip\b/.test(String(headers["accept-encoding"] ?? ""));
    const prepared = answer && prepare(answer, fault, acceptsGzip);
    await delay;
    if (!prepared) throw new Error("There is no answer.");
    await write(response, prepared, fault);
  };

  const listen = ({ port, latencyMs, tls }: FrontOptions) => {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      serve(request, response, latencyMs).catch(() => response.socket?.destroy());
    };
    const fail = ({ message, code }: NodeJS.ErrnoException) => report({ failed: { message, code } });
    try {
      const server = tls ? createTlsServer(tls, listener) : createServer(listener);
      server.once("error", fail).listen(port, "127.0.0.1", () => {
        report({ listening: (server.address() as AddressInfo).port });
      });
    } catch (error) {
      fail(error as Error);
    }
  };

  parent.onMessage((message: FrontOptions | FrontAnswer) => {
    if (!("id" in message)) return listen(message);
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
}

/** The body, undefined where it is too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size <= MAX_BODY ? Buffer.concat(chunks).toString() : undefined;
}

/** An answer as it is written. */
interface PreparedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Makes of an answer, or of what a fault makes of it, what is written. */
function prepare(
  answer: WrittenAnswer,
  fault: WritingFault | undefined,
  acceptsGzip: boolean,
): PreparedAnswer {
  const status = fault?.body ? 200 : answer.status;
  const headers: Record<string, string> = { ...answer.headers, ...fault?.headers };
  let body: Buffer = Buffer.from(answer.body);
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
        body = gzipSync(body, { level: 1 });
      }
  }
  if (status !== 204) headers["content-length"] = String(body.length);
  return { status, headers, body };
}

/** Writes an answer, in the way in which a fault has it go wrong. */
async function write(
  response: ServerResponse,
  { status, headers, body }: PreparedAnswer,
  fault: WritingFault | undefined,
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
  response.writeHead(status, headers);
  if (fault?.reset !== "during" && !fault?.delayBodyMs) {
    response.end(body);
    return;
  }
  const half = Math.floor(body.length / 2);
  response.write(body.subarray(0, half));
  // Let the first half leave before the connection ends.
  await sleep(fault.delayBodyMs ?? 20, undefined, { ref: false });
  if (fault.reset === "during") response.socket?.resetAndDestroy();
  else response.end(body.subarray(half));
}
