import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { Http, type HttpOptions } from "../../src/api/http";
import { LIMITS } from "./support";

/** Sends one request on connections of its own. */
export async function get(url: string, options: HttpOptions = {}) {
  const http = new Http({ variables: {}, ...options, limits: { ...LIMITS, ...options.limits } });
  try {
    return await http.send({ method: "GET", url });
  } finally {
    await http.close();
  }
}

/** Answers each request with the next of `answers`, and with the last from then on; counts the requests. */
export function answering(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const answer = answers[Math.min(listener.requests.length, answers.length - 1)];
    listener.requests.push(request);
    answer?.(response, request);
  };
  listener.requests = [] as IncomingMessage[];
  return listener;
}

export const ok = (response: ServerResponse) => response.end('{"ok":true}');
export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end('{"error_code":"X","error_msg":"said"}');
export const silent = () => {};

/** A server of plain TCP while `work` runs. */
export async function withTcpServer<T>(
  onSocket: (socket: Socket) => void,
  work: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onSocket(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
