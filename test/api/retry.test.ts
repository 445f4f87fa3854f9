import type { ServerResponse } from "node:http";
import timers from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { ConfigurationError } from "../../src";
import type { Limits } from "../../src/api/exchange";
import { DEFAULT_ACCOUNT } from "../../src/emulator";
import { rejection } from "../support/errors";
import { answering, get, ok, status } from "./requests";
import { list, withServer } from "./support";

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
