import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import timers from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { generate } from "selfsigned";
import { ApiError, ConfigurationError, ConnectionError, ResponseError } from "../../src";
import type { Limits } from "../../src/api/exchange";
import { Http, type HttpOptions } from "../../src/api/http";
import { DEFAULT_ACCOUNT, WorkspaceEmulator } from "../../src/emulator";
import { rejection } from "../support/errors";
import { TestProject } from "../support/project";
import { openServer, serve } from "../support/server";
import { asked, ids, LIMITS, list, REGION, withServer } from "./support";

const MiB = 1024 * 1024;

/** Sends one request on connections of its own. */
async function get(url: string, options: HttpOptions = {}) {
  const http = new Http({ variables: {}, ...options, limits: { ...LIMITS, ...options.limits } });
  try {
    return await http.send({ method: "GET", url });
  } finally {
    await http.close();
  }
}

/** Answers each request with the next of `answers`, and with the last from then on; counts the requests. */
function answering(...answers: ((response: ServerResponse, request: IncomingMessage) => void)[]) {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const answer = answers[Math.min(listener.requests.length, answers.length - 1)];
    listener.requests.push(request);
    answer?.(response, request);
  };
  listener.requests = [] as IncomingMessage[];
  return listener;
}

const ok = (response: ServerResponse) => response.end('{"ok":true}');
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end('{"error_code":"X","error_msg":"said"}');
const silent = () => {};

/** A server of plain TCP while `work` runs. */
async function withTcpServer<T>(
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

describe("limits of time", () => {
  test("hold for a connection: TLS that never answers is tried again", async () => {
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

  test("hold for the answer's headers", async () => {
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

  test("hold for the answer's body, between two parts", async () => {
    const listener = answering((response) => response.writeHead(200, { "content-length": "9" }).write("{"));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url, { limits: { body: 100 }, variables: { HW_MAX_RETRIES: "1" } }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("the answer stopped for 0.1 s");
      expect(listener.requests).toHaveLength(2);
    });
  });

  test("hold for the whole call: a body that trickles is cut off", async () => {
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

  test("hold for the whole call, with all its attempts", async () => {
    const listener = answering(status(503));
    await withServer(listener, async (url) => {
      const limits = { total: 400, backoff: 50 };
      const error = await rejection(get(url, { limits, variables: { HW_MAX_RETRIES: "99" } }));
      expect(error).toMatchObject({ status: 503 });
      expect(listener.requests.length).toBeGreaterThan(1);
      expect(listener.requests.length).toBeLessThan(100);
    });
  });
});

test("of many calls to a service that answers nothing, none waits for the others to fail one by one", async () => {
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
  test("is not taken from the call that needs them", async () => {
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

describe("retries", () => {
  test.each([429, 500, 502, 503, 504])("%d is tried again until it succeeds", async (code) => {
    const listener = answering(status(code), status(code), ok);
    await withServer(listener, async (url) => expect((await get(url)).json).toEqual({ ok: true }));
    expect(listener.requests).toHaveLength(3);
  });

  test.each([400, 401, 403, 404, 405, 409, 501])("%d is not tried again", async (code) => {
    const listener = answering(status(code), ok);
    await withServer(listener, async (url) => {
      expect(await rejection(get(url))).toMatchObject({ status: code, code: "X" });
    });
    expect(listener.requests).toHaveLength(1);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ["a connection that is reset before the answer", (response) => response.socket?.resetAndDestroy()],
    ["a connection that is closed before the answer", (response) => response.socket?.destroy()],
    [
      "a connection that is reset in the body",
      (response) => {
        response
          .writeHead(200, { "content-length": "100" })
          .write("{", () => response.socket?.resetAndDestroy());
      },
    ],
    [
      "a body that ends before its length",
      (response) => {
        response.writeHead(200, { "content-length": "100" }).write("{", () => response.socket?.end());
      },
    ],
    [
      "a chunked body that has no end",
      (response) => {
        response.write('{"ok":', () => response.socket?.end());
      },
    ],
    ["JSON that is cut off", (response) => response.end('{"ok":')],
    [
      "gzip that is cut off",
      (response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync('{"ok":true}').subarray(0, 15)),
    ],
    ["an empty body", (response) => response.end()],
  ])("%s is tried again", async (_, fail) => {
    const listener = answering(fail, ok);
    await withServer(listener, async (url) => expect((await get(url)).json).toEqual({ ok: true }));
    expect(listener.requests).toHaveLength(2);
  });

  test("are five by default, and as many as HW_MAX_RETRIES says", async () => {
    for (const [variables, attempts] of [
      [{}, 6],
      [{ HW_MAX_RETRIES: "2" }, 3],
      [{ HW_MAX_RETRIES: "0" }, 1],
    ] as const) {
      const listener = answering(status(500));
      await withServer(listener, (url) => rejection(get(url, { variables })));
      expect(listener.requests).toHaveLength(attempts);
    }
    for (const HW_MAX_RETRIES of ["many", "-1", "1e3"]) {
      const error = await rejection(get("http://127.0.0.1:9", { variables: { HW_MAX_RETRIES } }));
      expect(error).toBeInstanceOf(ConfigurationError);
    }
  });

  describe("wait", () => {
    /** How long each retry waits, in ms, without waiting. */
    async function waits(limits: Partial<Limits>, chance: number, retries: number): Promise<number[]> {
      const waited: number[] = [];
      const random = jest.spyOn(Math, "random").mockReturnValue(chance);
      const sleep = jest.spyOn(timers, "setTimeout").mockImplementation(async (ms) => {
        waited.push(Number(ms));
        return undefined as never;
      });
      try {
        await withServer(answering(status(500)), (url) =>
          rejection(
            get(url, { limits: { total: 120_000, ...limits }, variables: { HW_MAX_RETRIES: `${retries}` } }),
          ),
        );
      } finally {
        random.mockRestore();
        sleep.mockRestore();
      }
      return waited;
    }

    test("longer each time, up to ten seconds", async () => {
      expect(await waits({ backoff: 500 }, 1, 8)).toEqual([
        500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000,
      ]);
    });

    test("by chance less, down to not at all", async () => {
      expect(await waits({ backoff: 500 }, 0.5, 6)).toEqual([250, 500, 1000, 2000, 4000, 5000]);
      expect(await waits({ backoff: 500 }, 0, 3)).toEqual([0, 0, 0]);
    });

    test("between two real attempts", async () => {
      const chance = jest.spyOn(Math, "random").mockReturnValue(0.5);
      const times: number[] = [];
      const listener = answering((response) => {
        times.push(performance.now());
        status(500)(response);
      });
      try {
        await withServer(listener, (url) =>
          rejection(get(url, { limits: { backoff: 200 }, variables: { HW_MAX_RETRIES: "1" } })),
        );
      } finally {
        chance.mockRestore();
      }
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(98);
    });
  });

  test("wait as long as Retry-After says, in seconds or until a date", async () => {
    const inTwoSeconds = () => new Date(Date.now() + 2000).toUTCString();
    for (const headers of [
      { "retry-after": "1" },
      { "retry-after": inTwoSeconds(), date: new Date().toUTCString() },
    ]) {
      const times: number[] = [];
      const note = (answer: (response: ServerResponse) => void) => (response: ServerResponse) => {
        times.push(performance.now());
        answer(response);
      };
      await withServer(answering(note(status(429, headers)), note(ok)), async (url) => {
        expect((await get(url)).json).toEqual({ ok: true });
      });
      expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
    }
  });

  test("do not trust this machine's clock for the date of Retry-After", async () => {
    // Told by a clock that is a day ahead of this one: now, not tomorrow.
    const ahead = (ms: number) => new Date(Date.now() + 86_400_000 + ms).toUTCString();
    const listener = answering(status(429, { "retry-after": ahead(0), date: ahead(0) }), ok);
    await withServer(listener, async (url) => expect((await get(url)).json).toEqual({ ok: true }));
    expect(listener.requests).toHaveLength(2);
  });

  test("that would have to wait beyond the limit of time end at once", async () => {
    const listener = answering(status(429, { "retry-after": "3600" }));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toMatchObject({ status: 429 });
      expect(error.message).toContain("The service limits the rate of calls");
    });
    expect(listener.requests).toHaveLength(1);
  });

  test.each(["HMAC-SM3", "sm3", "HmacSHA1"])(
    "are not made with the signing algorithm %s, which is refused by name",
    async (algorithm) => {
      const error = await rejection(
        get("http://127.0.0.1:9", { variables: { HW_SIGNING_ALGORITHM: algorithm } }),
      );
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain(
        `HW_SIGNING_ALGORITHM is "${algorithm}": only HMAC-SHA256 is supported`,
      );
    },
  );

  test("are signed anew", async () => {
    const { accessKey: HW_ACCESS_KEY, secretKey: HW_SECRET_KEY } = DEFAULT_ACCOUNT;
    const listener = answering(status(503, { "retry-after": "1" }), (response) =>
      response.end('{"images":[]}'),
    );
    await withServer(listener, (url) =>
      list({ WORKSPACE_IMAGES_ENDPOINT: url, HW_PROJECT_ID: "p", HW_ACCESS_KEY, HW_SECRET_KEY }),
    );
    const signed = listener.requests.map(({ headers }) => [headers["x-sdk-date"], headers.authorization]);
    expect(signed).toHaveLength(2);
    expect(signed[1]?.[0]).not.toBe(signed[0]?.[0]);
    expect(signed[1]?.[1]).not.toBe(signed[0]?.[1]);
  });
});

describe("answers", () => {
  test("are asked for and read in gzip", async () => {
    const listener = answering((response, request) =>
      response
        .writeHead(200, { "content-encoding": "gzip" })
        .end(gzipSync(JSON.stringify({ asked: request.headers["accept-encoding"] }))),
    );
    await withServer(listener, async (url) => expect((await get(url)).json).toEqual({ asked: "gzip" }));
  });

  test("in an encoding that was not asked for are refused", async () => {
    const listener = answering((response) => response.writeHead(200, { "content-encoding": "br" }).end("x"));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error.message).toContain("the encoding br, which was not asked for");
    });
  });

  test("in such an encoding keep the status of a refusal, and are asked for again where that helps", async () => {
    const brotli = (code: number) => (response: ServerResponse) =>
      response.writeHead(code, { "content-encoding": "br", "x-request-id": "id-1" }).end("x");
    await withServer(answering(brotli(503), ok), async (url) => {
      expect((await get(url)).json).toEqual({ ok: true });
    });
    const listener = answering(brotli(403));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toMatchObject({ status: 403, code: "HTTP_403", requestId: "id-1" });
      expect(error.message).toContain("an answer in the encoding br, which was not asked for");
    });
    expect(listener.requests).toHaveLength(1);
  });

  test("that cannot be unpacked keep the status of a refusal", async () => {
    const listener = answering((response) =>
      response.writeHead(403, { "content-encoding": "gzip" }).end("{}"),
    );
    await withServer(listener, async (url) => {
      expect(await rejection(get(url))).toMatchObject({ status: 403, code: "HTTP_403" });
    });
    expect(listener.requests).toHaveLength(1);
  });

  test("larger than 32 MiB are not read to their end", async () => {
    let sent = 0;
    let closed: Promise<unknown> | undefined;
    const listener = answering((response) => {
      closed = once(response, "close");
      const more = () => {
        while (!response.destroyed && sent < 400 * MiB) {
          sent += MiB;
          if (!response.write(Buffer.alloc(MiB, " "))) return;
        }
      };
      response.on("drain", more);
      more();
    });
    await withServer(listener, async (url) => {
      const error = await rejection(get(url, { limits: { total: 60_000 } }));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error.message).toContain("answered with more than 32 MiB");
      await closed;
    });
    expect(listener.requests).toHaveLength(1);
    expect(sent).toBeGreaterThan(32 * MiB);
    expect(sent).toBeLessThan(100 * MiB);
  });

  test("that unpack to more than 32 MiB are refused", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MiB, " "));
    const listener = answering((response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error.message).toContain("answered with more than 32 MiB");
    });
    expect(listener.requests).toHaveLength(1);
  });

  test.each([301, 302, 303, 307, 308])(
    "that redirect (%d) are refused, and nothing is sent there",
    async (code) => {
      const elsewhere = answering(ok);
      await withServer(elsewhere, async (other) => {
        const listener = answering(status(code, { location: `${other}/path?query` }));
        await withServer(listener, async (url) => {
          const error = await rejection(get(url));
          expect(error).toBeInstanceOf(ResponseError);
          expect(error.message).toContain(`was redirected (${code}) to ${other}.`);
        });
        expect(listener.requests).toHaveLength(1);
      });
      expect(elsewhere.requests).toEqual([]);
    },
  );

  test.each([300, 304, 305, 306, 399])(
    "with status %d are no redirect, and not asked for again",
    async (code) => {
      const listener = answering((response) => response.writeHead(code).end());
      await withServer(listener, async (url) => {
        const error = await rejection(get(url));
        expect(error).toBeInstanceOf(ApiError);
        expect(error).toMatchObject({ status: code, code: `HTTP_${code}` });
        expect(error.message).toContain("Check the endpoint");
        expect(error.message).not.toContain("redirect");
      });
      expect(listener.requests).toHaveLength(1);
    },
  );

  test.each(['{"ok":true}', "<html>", "x", "\u001f"])(
    "that are called gzip and are not are said to be so: %j",
    async (body) => {
      const listener = answering((response) =>
        response.writeHead(200, { "content-encoding": "gzip", "x-request-id": "id-1" }).end(body),
      );
      await withServer(listener, async (url) => {
        const error = await rejection(get(url, { variables: { HW_MAX_RETRIES: "1" } }));
        if (body === "\u001f") return expect(error).toBeInstanceOf(ConnectionError);
        expect(error).toBeInstanceOf(ResponseError);
        expect(error).toMatchObject({ requestId: "id-1" });
        expect(error.message).toContain(
          "a body that is not packed, although its header content-encoding says gzip",
        );
        return expect(listener.requests).toHaveLength(1);
      });
    },
  );

  test.each([
    { error_code: "WKS.00010003", error_msg: "said" },
    { error_code: "WKS.00010003", error_msg: "said", total_count: 0 },
    { error_code: "WKS.00010003", error_msg: "said", error_detail: null, images_count: 1 },
    // An error that was taken for an empty listing would make every pin look deleted.
    { error_code: "WKS.00010003", error_msg: "said", images: [], total_count: 0 },
    { error_code: "WKS.00010003", error_msg: "said", images: null },
    { error: { code: "WKS.00010003", message: "said" } },
  ])("with status 200 and an error code are the service's error: %j", async (body) => {
    const listener = answering((response) => response.end(JSON.stringify(body)));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status: 200, code: "WKS.00010003" });
      expect(error.message).toContain("was refused: 200 WKS.00010003: said");
    });
    expect(listener.requests).toHaveLength(1);
  });

  test.each([
    { error_code: "", images: [] },
    { error_code: "WKS.0", images: [{ id: "a" }] },
    { error_code: null },
    { error: null },
  ])("with status 200 and %j are answers", async (body) => {
    await withServer(
      answering((response) => response.end(JSON.stringify(body))),
      async (url) => {
        expect((await get(url)).json).toEqual(body);
      },
    );
  });

  test("may begin with a byte order mark", async () => {
    const listener = answering((response) => response.end('\uFEFF{"ok":true}'));
    await withServer(listener, async (url) => expect((await get(url)).json).toEqual({ ok: true }));
  });

  test("that are a part of one are refused: none was asked for", async () => {
    const listener = answering((response) => response.writeHead(206).end('{"images":[]}'));
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toMatchObject({ status: 206, code: "HTTP_206" });
      expect(error.message).toContain("Check the endpoint: this is no answer of the service.");
    });
  });

  test("with headers larger than 256 KiB say what is wrong", async () => {
    const listener = answering((response) => response.setHeader("x", "y".repeat(300_000)).end("{}"));
    await withServer(listener, async (url) => {
      expect((await rejection(get(url))).message).toContain("the answer's headers are too large");
    });
  });

  test("that are a web page are refused, with its beginning", async () => {
    const listener = answering((response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<html>\n <title>Log in</title>"),
    );
    await withServer(listener, async (url) => {
      const error = await rejection(get(url));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error.message).toContain(
        "a web page instead of JSON (content type text/html): <html> <title>Log in",
      );
    });
    expect(listener.requests).toHaveLength(1);
  });

  test("are named by their request ID", async () => {
    const listener = answering((response) =>
      response.writeHead(200, { "x-request-id": "id-of-the-request" }).end('{"ok":true}'),
    );
    await withServer(listener, async (url) => expect((await get(url)).requestId).toBe("id-of-the-request"));
  });

  test("that are no HTTP give a connection error", async () => {
    await withTcpServer(
      (socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
      async (port) => {
        const error = await rejection(
          get(`http://127.0.0.1:${port}/`, { variables: { HW_MAX_RETRIES: "1" } }),
        );
        expect(error).toBeInstanceOf(ConnectionError);
      },
    );
  });
});

describe("a clock that is off", () => {
  test("is named in the error", async () => {
    const emulator = await WorkspaceEmulator.start({ clockAheadMs: 2 * 3600_000 });
    try {
      const error = (await rejection(list(emulator.variables))) as ApiError;
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ status: 401, code: "IAM.401" });
      expect(error.message).toContain(
        "This machine's clock is 120 minutes behind the service's: set it right.",
      );
    } finally {
      await emulator.close();
    }
  });
});

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

describe("certificates", () => {
  const HOST = `workspace.${REGION}.myhuaweicloud.com`;
  let emulator: WorkspaceEmulator;
  /** PEM file of the authority that the emulator's certificate is of. */
  let authority: string;

  beforeAll(async () => {
    const extensions = [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: HOST },
          { type: 2, value: `iam.${REGION}.myhuaweicloud.com` },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "0.0.0.0" },
        ],
      },
    ];
    const { cert, private: key } = await generate([{ name: "commonName", value: HOST }], {
      keyType: "ec",
      algorithm: "sha256",
      extensions: extensions as never,
    });
    emulator = await WorkspaceEmulator.start({ tls: { cert, key } });
    authority = join(mkdtempSync(join(tmpdir(), "workspace-images-ca-")), "ca.pem");
    writeFileSync(authority, cert);
  });
  afterAll(() => emulator.close());
  beforeEach(() => {
    emulator.requests.length = 0;
  });

  test("of an unknown authority are refused, with what to set", async () => {
    const error = await rejection(list(emulator.variables));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain("its certificate is not trusted");
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    expect(emulator.requests).toEqual([]);
  });

  test("are not checked with HW_INSECURE, which warns once", async () => {
    const warnings: string[] = [];
    const http = new Http({
      variables: { HW_INSECURE: "true" },
      onWarning: (message) => warnings.push(message),
    });
    for (let request = 0; request < 2; request++) {
      await http.send({ method: "GET", url: `${emulator.url}/openstack/latest/securitykey` });
    }
    await http.close();
    expect(warnings).toEqual([
      "HW_INSECURE is set: certificates are not checked, so that anyone on the way can read and change what is sent.",
    ]);
    expect(ids(await list({ ...emulator.variables, HW_INSECURE: "1" }))).toEqual(
      ids(emulator.images(REGION)),
    );
    const error = await rejection(list({ ...emulator.variables, HW_INSECURE: "maybe" }));
    expect(error).toBeInstanceOf(ConfigurationError);
  });

  test("are checked with HW_INSECURE=false", async () => {
    expect(await rejection(list({ ...emulator.variables, HW_INSECURE: "false" }))).toBeInstanceOf(
      ConnectionError,
    );
  });

  test.each(["a file", "its text"])(
    "of an own authority are trusted through OS_CACERT, which is %s",
    async (form) => {
      const OS_CACERT = form === "a file" ? authority : readFileSync(authority, "utf8");
      expect(ids(await list({ ...emulator.variables, OS_CACERT }))).toEqual(ids(emulator.images(REGION)));
    },
  );

  test.each([
    ["OS_CACERT", "/nowhere/canary.pem", "The file that OS_CACERT names does not exist"],
    ["OS_CACERT", "/", "The file that OS_CACERT names cannot be read: it is a folder, not a file"],
    ["OS_CACERT", "-----BEGIN CERTIFICATE-----\ncanary", "OS_CACERT cannot be used"],
  ])("of %s=%j are refused by name before anything is sent", async (name, value, message) => {
    const error = await rejection(list({ ...emulator.variables, [name]: value }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("canary");
    expect(emulator.requests).toEqual([]);
  });

  test("of this client are shown through OS_CERT and OS_KEY, both together", async () => {
    const own = await generate([{ name: "commonName", value: "client" }], {
      keyType: "ec",
      algorithm: "sha256",
    });
    const shown: (string | undefined)[] = [];
    const server = createTlsServer(
      {
        ...(await generate([{ name: "commonName", value: "server" }], {
          keyType: "ec",
          algorithm: "sha256",
        }).then(({ cert, private: key }) => ({ cert, key }))),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
        ok(response);
      },
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const HW_INSECURE = "true";
    await get(url, { variables: { HW_INSECURE, OS_CERT: own.cert, OS_KEY: own.private } });
    await get(url, { variables: { HW_INSECURE, OS_CERT: own.cert } });
    server.closeAllConnections();
    server.close();
    expect(shown).toEqual(["client", "undefined"]);
  });

  test("where plain http is spoken give an error that says so", async () => {
    await withServer(answering(ok), async (url) => {
      const error = await rejection(get(url.replace("http:", "https:")));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("it does not speak TLS as it should");
    });
  });

  describe("with the command line", () => {
    const project = new TestProject({ dev: { region: REGION } });
    const cli = (variables: Record<string, string>) =>
      project.program(["list", "--json"], {
        NODE_EXTRA_CA_CERTS: authority,
        HW_ACCESS_KEY: DEFAULT_ACCOUNT.accessKey,
        HW_SECRET_KEY: DEFAULT_ACCOUNT.secretKey,
        ...variables,
      });
    const listed = (stdout: string) => ids(JSON.parse(stdout).dev);

    test("of an own authority are trusted through NODE_EXTRA_CA_CERTS", async () => {
      const { code, stdout, stderr } = await cli(emulator.variables);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
    });

    test("HW_INSECURE warns on standard error", async () => {
      const { stdout, stderr } = await cli({
        ...emulator.variables,
        NODE_EXTRA_CA_CERTS: "",
        HW_INSECURE: "true",
      });
      expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
      expect(stderr).toMatch(/^warning: HW_INSECURE is set/);
    });

    /** A proxy that leads every tunnel to the emulator; `tunnels` are the places that were asked for. */
    async function withProxy<T>(
      work: (port: number, tunnels: { place: string; authorization: string | undefined }[]) => Promise<T>,
      answer = "HTTP/1.1 200 Connection established",
    ): Promise<T> {
      const tunnels: { place: string; authorization: string | undefined }[] = [];
      const sockets = new Set<Socket>();
      const proxy = await openServer((_, response) => response.writeHead(500).end());
      proxy.http.on("connect", (request: IncomingMessage, socket: Socket) => {
        tunnels.push({ place: String(request.url), authorization: request.headers["proxy-authorization"] });
        sockets.add(socket.on("error", () => {}));
        socket.write(answer && `${answer}\r\n\r\n`);
        if (!answer.includes("200")) return;
        const upstream = connect(Number(new URL(emulator.url).port), "127.0.0.1").on("error", () => {});
        sockets.add(upstream);
        socket.pipe(upstream).pipe(socket);
      });
      try {
        return await work(proxy.port, tunnels);
      } finally {
        for (const socket of sockets) socket.destroy();
        await proxy.close();
      }
    }

    test.each(["HTTPS_PROXY", "https_proxy"])("%s is gone through", async (name) => {
      await withProxy(async (port, tunnels) => {
        const { code, stdout } = await cli({ [name]: `http://me:pass%20word@127.0.0.1:${port}` });
        expect(code).toBe(0);
        expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
        const authorization = `Basic ${Buffer.from("me:pass word").toString("base64")}`;
        expect(tunnels).toContainEqual({ place: `${HOST}:443`, authorization });
        expect(tunnels).toContainEqual({ place: `iam.${REGION}.myhuaweicloud.com:443`, authorization });
      });
    });

    test("a proxy makes no certificate good", async () => {
      await withProxy(async (port) => {
        const { code, stderr } = await cli({
          HTTPS_PROXY: `http://127.0.0.1:${port}`,
          NODE_EXTRA_CA_CERTS: "",
        });
        expect(code).toBe(2);
        expect(stderr).toContain("its certificate is not trusted");
        expect(emulator.requests).toEqual([]);
      });
    });

    test("HW_INSECURE holds behind a proxy too", async () => {
      await withProxy(async (port) => {
        const { code } = await cli({
          HTTPS_PROXY: `http://127.0.0.1:${port}`,
          NODE_EXTRA_CA_CERTS: "",
          HW_INSECURE: "true",
        });
        expect(code).toBe(0);
      });
    });

    test("NO_PROXY goes past the proxy", async () => {
      // This machine under a name that is not known as loopback.
      const url = emulator.url.replace("127.0.0.1", "0.0.0.0");
      const direct = { WORKSPACE_IMAGES_ENDPOINT: url, HW_AUTH_URL: `${url}/v3` };
      await withProxy(async (port, tunnels) => {
        const HTTPS_PROXY = `http://127.0.0.1:${port}`;
        expect((await cli({ ...direct, HTTPS_PROXY })).code).toBe(0);
        expect(tunnels).toContainEqual({ place: url.slice("https://".length), authorization: undefined });
        tunnels.length = 0;
        for (const name of ["NO_PROXY", "no_proxy"]) {
          const { code, stdout } = await cli({ ...direct, HTTPS_PROXY, [name]: "other.example.com,0.0.0.0" });
          expect(code).toBe(0);
          expect(listed(stdout)).toEqual(ids(emulator.images(REGION)));
        }
        expect(tunnels).toEqual([]);
      });
    });

    test("a proxy that refuses is named", async () => {
      await withProxy(async (port) => {
        const { code, stderr } = await cli({ HTTPS_PROXY: `http://me:secret-canary@127.0.0.1:${port}` });
        expect(code).toBe(2);
        expect(stderr).toContain("the proxy in HTTPS_PROXY did not let the connection through");
        expect(stderr).toContain("407");
        expect(stderr).not.toContain("secret-canary");
      }, "HTTP/1.1 407 Proxy Authentication Required");
    });

    test("a proxy that never answers is not waited for without end", async () => {
      await withProxy(async (port) => {
        const http = new Http({
          variables: { HTTPS_PROXY: `http://127.0.0.1:${port}`, HW_MAX_RETRIES: "0" },
          limits: { ...LIMITS, connect: 200 },
        });
        const error = await rejection(http.send({ method: "GET", url: "https://cloud.invalid/" }));
        await http.close();
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error.message).not.toContain("no complete answer");
      }, "");
    });

    test("a proxy that is not supported is refused by name, before anything is sent", async () => {
      await withProxy(async (port, tunnels) => {
        const { code, stderr } = await cli({ HTTPS_PROXY: "", https_proxy: `socks5://127.0.0.1:${port}` });
        expect(code).toBe(2);
        expect(stderr).toContain("https_proxy names a proxy of the kind socks5://, which is not supported");
        expect(tunnels).toEqual([]);
        expect(emulator.requests).toEqual([]);
      });
    });

    test("errors name the proxy's variable that is used", async () => {
      const { stderr } = await cli({ https_proxy: "127.0.0.1:9" });
      expect(stderr).toContain("or the proxy in https_proxy, right?");
      expect(stderr).not.toContain("HTTPS_PROXY");
    });

    test("a proxy variable that is no URL is refused without being repeated", async () => {
      const { code, stderr } = await cli({ HTTPS_PROXY: "http://me:secret-canary@:port" });
      expect(code).toBe(2);
      expect(stderr).toContain("HTTPS_PROXY is not a proxy's URL");
      expect(stderr).not.toContain("secret-canary");
    });
  });

  test("the loopback is reached past any proxy", async () => {
    const plain = await WorkspaceEmulator.start();
    const variables = {
      ...plain.variables,
      HTTP_PROXY: "http://127.0.0.1:9",
      HTTPS_PROXY: "http://127.0.0.1:9",
    };
    expect(ids(await list(variables))).toEqual(ids(plain.images(REGION)));
    expect(asked(plain, "images").length).toBeGreaterThan(0);
    await plain.close();
  });
});
