import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { ApiError, ConnectionError, ResponseError } from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { rejection } from "../support/errors";
import { answering, get, ok, status, withTcpServer } from "./requests";
import { list, withServer } from "./support";

const MiB = 1024 * 1024;

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

  test.each<[string, (packed: Buffer) => Buffer, string]>([
    ["cut off", (packed) => packed.subarray(0, 20), "the answer was cut off"],
    [
      "damaged",
      (packed) => Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)]),
      "the answer was damaged on its way",
    ],
  ])("in gzip that were %s are not called a lost connection", async (_, spoil, message) => {
    const body = spoil(gzipSync(JSON.stringify({ ok: "a".repeat(100) })));
    const listener = answering((response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(body),
    );
    await withServer(listener, async (url) => {
      const error = await rejection(get(url, { variables: { HW_MAX_RETRIES: "1" } }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain(message);
    });
    expect(listener.requests).toHaveLength(2);
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
