import type { Socket } from "node:net";
import { WorkspaceApi } from "../../src/api/workspace-client";
import { closing } from "../support/closing";
import { numbered } from "../support/images";
import { serve, urlOf } from "../support/server";
import { LIMITS, REGION } from "./support";

const LATENCY = 200;

/** A service of so many images that sees its connections: those that are open, and those on which nothing was asked. */
async function service(count: number) {
  const infos = numbered(count).map(({ id, name }) => ({ id, name }));
  const open = new Set<Socket>();
  const unasked = new Set<Socket>();
  /** Connections that were open when the page at an offset was answered. */
  const openAt = new Map<number, number>();
  const server = await serve((request, response) => {
    unasked.delete(request.socket);
    const offset = Number(urlOf(request).searchParams.get("offset"));
    setTimeout(() => {
      openAt.set(offset, open.size);
      response.end(JSON.stringify({ images: infos.slice(offset, offset + 100), total_count: count }));
    }, LATENCY);
  });
  server.http.on("connection", (socket) => {
    open.add(socket);
    unasked.add(socket);
    socket.on("close", () => {
      open.delete(socket);
      unasked.delete(socket);
    });
  });
  return { ...server, open, unasked, openAt };
}

function open(variables: Record<string, string>) {
  const api = closing(new WorkspaceApi({ variables, limits: LIMITS }));
  const list = async () => {
    const location = await api.locate({ name: "dev", region: REGION, projectId: "p" });
    return (await api.client(location).listImages()).length;
  };
  return { api, list };
}

describe("while pages are awaited", () => {
  test("connections are opened for those that may be asked for next, and as many only", async () => {
    const { variables, open: connections, openAt } = await service(2000);
    expect(await open(variables).list()).toBe(2000);
    // One page, then eight, and then the twelve that are left.
    expect([0, 99].map((offset) => openAt.get(offset))).toEqual([1, 20]);
    expect(openAt.size).toBe(21);
    expect(connections.size).toBe(20);
  });

  test("no connection is opened where all can be asked for at once", async () => {
    const { variables, open: connections } = await service(850);
    expect(await open(variables).list()).toBe(850);
    expect(connections.size).toBe(8);
  });

  test("connections that the service closes before they are used are replaced without a failure", async () => {
    const { variables, http, unasked, openAt } = await service(2000);
    let closed = 0;
    http.on("request", (request) => {
      if (urlOf(request).searchParams.get("offset") !== "99") return;
      setTimeout(() => {
        closed = unasked.size;
        for (const socket of unasked) socket.end();
      }, LATENCY / 2);
    });
    expect(await open(variables).list()).toBe(2000);
    expect(closed).toBeGreaterThan(0);
    expect(openAt.size).toBe(21);
  });

  test("what was opened and is not used is closed with the rest", async () => {
    const { variables, http, open: connections, unasked } = await service(2000);
    const { api, list } = open(variables);
    const ended = new Promise<void>((resolve) => {
      http.on("connection", () => {
        if (unasked.size === 12) resolve(api.close());
      });
    });
    await expect(list()).rejects.toThrow();
    await ended;
    while (connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});
