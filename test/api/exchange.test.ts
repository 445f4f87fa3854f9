import { ConnectionError } from "../../src";
import { Http } from "../../src/api/http";
import { rejection } from "../support/errors";
import { answering, get, ok, silent, status, withTcpServer } from "./requests";
import { LIMITS, withServer } from "./support";

describe("limits of time", () => {
  test.concurrent("hold for a connection: TLS that never answers is tried again", async () => {
    let connections = 0;
    const count = () => {
      connections++;
    };
    await withTcpServer(count, async (port) => {
      const error = await rejection(
        get(`https://127.0.0.1:${port}/`, { limits: { connect: 100 }, variables: { HW_MAX_RETRIES: "1" } }),
      );
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("no connection within 0.1 s");
    });
    expect(connections).toBe(2);
  });

  test.concurrent("hold for the answer's headers", async () => {
    const listener = answering(silent);
    await withServer(listener, async (url) => {
      const error = await rejection(
        get(url, { limits: { headers: 100 }, variables: { HW_MAX_RETRIES: "2" } }),
      );
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("no answer within 0.1 s");
      expect(listener.requests).toHaveLength(3);
    });
  });

  test.concurrent("hold for the answer's body, between two parts", async () => {
    const listener = answering((response) => response.writeHead(200, { "content-length": "9" }).write("{"));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url, { limits: { body: 100 }, variables: { HW_MAX_RETRIES: "1" } }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("the answer stopped for 0.1 s");
      expect(listener.requests).toHaveLength(2);
    });
  });

  test.concurrent("hold for the whole call: a body that trickles is cut off", async () => {
    const timers: NodeJS.Timeout[] = [];
    await withServer(
      (_, response) => {
        response.write("{");
        timers.push(setInterval(() => response.write(" "), 20));
      },
      async (url) => {
        const error = await rejection(get(url, { limits: { total: 300 } }));
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).toContain("no complete answer within 0.3 s");
      },
    );
    for (const timer of timers) clearInterval(timer);
  });

  test.concurrent("hold for the whole call, with all its attempts", async () => {
    const listener = answering(status(503));
    await withServer(listener, async (url) => {
      const limits = { total: 3000, backoff: 50 };
      const error = await rejection(get(url, { limits, variables: { HW_MAX_RETRIES: "99" } }));
      expect(error).toMatchObject({ status: 503 });
      expect(listener.requests.length).toBeGreaterThan(1);
      expect(listener.requests.length).toBeLessThan(100);
    });
  });
});

test.concurrent("of many calls to a service that answers nothing, none waits for the others to fail one by one", async () => {
  await withServer(silent, async (url) => {
    const http = new Http({ variables: {}, limits: { ...LIMITS, headers: 500, total: 1500 } });
    const started = performance.now();
    const calls = Array.from({ length: 100 }, () => rejection(http.send({ method: "GET", url })));
    const errors = await Promise.all(calls);
    // One after the other, 100 calls of 1.5 s.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(new Set(errors.map(({ name }) => name))).toEqual(new Set(["ConnectionError"]));
    expect(errors.at(-1)?.message).toContain("has given no answer to any request for 1.5 s");
    await http.close();
  });
}, 60_000);

describe("the time that credentials take", () => {
  test.concurrent("is not taken from the call that needs them", async () => {
    const http = new Http({ variables: {}, limits: { ...LIMITS, total: 1000 } });
    const listener = answering(status(503), ok);
    await withServer(listener, async (url) => {
      const authenticate = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1200));
        return () => ({});
      };
      expect((await http.send({ method: "GET", url, authenticate })).json).toEqual({ ok: true });
    });
    await http.close();
    expect(listener.requests).toHaveLength(2);
  });
});
