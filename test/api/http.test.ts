import type { ServerResponse } from "node:http";
import { ConfigurationError, ConnectionError } from "../../src";
import { Http } from "../../src/api/http";
import { rejection } from "../support/errors";
import { serve } from "../support/server";
import { answering, get, ok, silent, status } from "./requests";
import { LIMITS, withServer } from "./support";

describe("connections", () => {
  test("are kept for the next request", async () => {
    let connections = 0;
    const server = await serve((_, response) => ok(response));
    server.http.on("connection", () => connections++);
    const http = new Http({ variables: {} });
    for (let request = 0; request < 20; request++) await http.send({ method: "GET", url: `${server.url}/` });
    await http.close();
    expect(connections).toBeLessThan(4);
  });

  test("in plain http lead to this machine alone", async () => {
    for (const url of [
      "http://workspace.cn-north-4.myhuaweicloud.com/",
      "http://10.0.0.1/",
      "http://127.evil.com/",
    ]) {
      const error = await rejection(get(url));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain("is plain http, which is allowed to loopback only");
    }
  });

  test("that nobody takes are named with their address", async () => {
    const error = await rejection(get("http://127.0.0.1:9/path?query=1"));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain(
      "GET http://127.0.0.1:9/path failed: 127.0.0.1:9: the connection was refused",
    );
    expect((error.cause as { code?: string }).code).toBe("ECONNREFUSED");
  });

  test("end when the user ends the run, with the user's reason", async () => {
    const reason = new Error("enough");
    const waits: Record<string, (response: ServerResponse) => void> = {
      answer: silent,
      body: (response) => response.write("{"),
      retry: status(503, { "retry-after": "5" }),
    };
    for (const wait of Object.values(waits)) {
      const abort = new AbortController();
      const listener = answering((response) => {
        wait(response);
        setTimeout(() => abort.abort(reason), 50);
      });
      await withServer(listener, async (url) => {
        expect(await rejection(get(url, { signal: abort.signal }))).toBe(reason);
      });
      expect(listener.requests).toHaveLength(1);
    }
    const error = await rejection(get("http://127.0.0.1:9/", { signal: AbortSignal.abort(reason) }));
    expect(error).toBe(reason);
  });

  test("that wait for another attempt end when they are closed", async () => {
    const listener = answering(status(503, { "retry-after": "15" }));
    await withServer(listener, async (url) => {
      const http = new Http({ variables: {}, limits: LIMITS });
      const started = Date.now();
      const failed = rejection(http.send({ method: "GET", url }));
      while (listener.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 100));
      await http.close();
      expect(await failed).toBeInstanceOf(ConnectionError);
      expect(Date.now() - started).toBeLessThan(10_000);
    });
    expect(listener.requests).toHaveLength(1);
  });
});
