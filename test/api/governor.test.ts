import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Governor, type Turn } from "../../src/api/governor";
import { WorkspaceApi } from "../../src/api/workspace-client";
import { WorkspaceEmulator } from "../../src/emulator";
import { closing } from "../support/closing";
import { numbered } from "../support/images";
import { ROOT, run, TestProject } from "../support/project";
import { serve, urlOf } from "../support/server";
import { asked, REGION, type Variables } from "./support";

/** A signal that is never given. */
const never = () => new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A turn of a service that answers. */
async function enter(governor: Governor, signal = never()): Promise<Turn> {
  const one = await governor.enter(false, signal);
  if (!one) throw new Error("It was waited for in vain.");
  return one;
}

/** Everybody who may begin now. */
async function begin(governor: Governor, count: number): Promise<Turn[]> {
  const begun: Turn[] = [];
  for (let index = 0; index < count; index++) {
    void enter(governor).then((one) => begun.push(one));
  }
  await turn();
  return begun;
}

describe("requests side by side", () => {
  test("begin with eight, double while they are answered, and are never more than 64", async () => {
    const governor = new Governor();
    const begun = await begin(governor, 500);
    const widths = [begun.length];
    for (let round = 0; round < 5; round++) {
      for (const one of begun.splice(0)) one.end("answered");
      await turn();
      widths.push(begun.length);
    }
    expect(widths).toEqual([8, 16, 32, 64, 64, 64]);
  });

  test("stay eight while fewer are needed", async () => {
    const governor = new Governor();
    for (let request = 0; request < 100; request++) (await enter(governor)).end("answered");
    expect(governor.width).toBe(8);
  });

  test("are halved once for all that fail together, down to one, and grow by one a round then", async () => {
    const governor = new Governor();
    const begun = await begin(governor, 1000);
    const widths: number[] = [];
    for (const verdict of [
      "failed",
      "failed",
      "failed",
      "failed",
      "answered",
      "answered",
      "answered",
    ] as const) {
      for (const one of begun.splice(0)) one.end(verdict);
      await turn();
      widths.push(governor.width);
    }
    expect(widths).toEqual([4, 2, 1, 1, 2, 2, 3]);
  });

  test("are given to repetitions first, and in the order of asking", async () => {
    const governor = new Governor();
    const first = await begin(governor, 8);
    const order: string[] = [];
    for (const [name, isUrgent] of [
      ["a", false],
      ["b", false],
      ["again", true],
      ["c", false],
    ] as const) {
      void governor.enter(isUrgent, never()).then(() => order.push(name));
    }
    for (const one of first.slice(0, 2)) one.end("answered");
    await turn();
    expect(order).toEqual(["again", "a", "b", "c"]);
  });

  test("that are given up leave the queue at once", async () => {
    const governor = new Governor();
    const [one] = await begin(governor, 8);
    const abort = new AbortController();
    const given = enter(governor, abort.signal);
    abort.abort();
    (await given).end("unknown");
    let last = false;
    void governor.enter(false, never()).then(() => {
      last = true;
    });
    await turn();
    expect(last).toBe(false);
    one?.end("unknown");
    await turn();
    expect(last).toBe(true);
  });

  test("wait for all as long as one that was throttled must", async () => {
    const governor = new Governor();
    const [throttled, other] = await begin(governor, 2);
    const started = performance.now();
    throttled?.end("throttled", 300);
    other?.end("answered");
    await governor.enter(false, never());
    expect(performance.now() - started).toBeGreaterThan(295);
  });
});

/** Lists many environments in one run. */
async function listAll(variables: Variables, count: number): Promise<number[]> {
  const api = closing(new WorkspaceApi({ variables }));
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const location = await api.locate({ name: `e${index}`, region: REGION, projectId: `project-${index}` });
      return (await api.client(location).listImages()).length;
    }),
  );
}

interface Pages {
  readonly count: number;
  /** Whether a request may pass. */
  readonly passes?: () => boolean;
  readonly headers?: Record<string, string>;
  readonly latency?: number;
}

/** A service of numbered images, whatever the project; it counts requests, refusals and connections. */
async function service({ count, passes = () => true, headers = {}, latency = 0 }: Pages) {
  const pages = new Map<number, Buffer>();
  const infos = numbered(count).map(({ id, name }) => ({ id, name }));
  const seen = { requests: 0, refused: 0, connections: 0, mostConnections: 0 };
  const server = await serve((request, response) => {
    seen.requests++;
    const answer = () => {
      if (!passes()) {
        seen.refused++;
        response.writeHead(429, headers).end('{"error_code":"APIGW.0308","error_msg":"throttled"}');
        return;
      }
      const offset = Number(urlOf(request).searchParams.get("offset"));
      const page =
        pages.get(offset) ??
        gzipSync(JSON.stringify({ images: infos.slice(offset, offset + 100), total_count: count }));
      pages.set(offset, page);
      response.writeHead(200, { "content-encoding": "gzip" }).end(page);
    };
    if (latency) setTimeout(answer, latency);
    else answer();
  });
  server.http.on("connection", (socket) => {
    seen.mostConnections = Math.max(seen.mostConnections, ++seen.connections);
    socket.on("close", () => seen.connections--);
  });
  return { ...server, seen };
}

/** At most so many in any second. */
function slidingSecond(most: number) {
  const passed: number[] = [];
  return () => {
    const now = performance.now();
    while (passed[0] !== undefined && passed[0] <= now - 1000) passed.shift();
    if (passed.length >= most) return false;
    passed.push(now);
    return true;
  };
}

/** So many in every second of the clock. */
function fixedSecond(most: number) {
  let second = 0;
  let passed = 0;
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, passed] = [now, 0];
    return passed++ < most;
  };
}

/** A bucket that is filled with so many a second. */
function tokenBucket(most: number, size: number) {
  let tokens = size;
  let last = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(size, tokens + ((now - last) / 1000) * most);
    last = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

describe("at a service that allows 20 requests a second", () => {
  /** 30 environments of 1,000 images, in pages that overlap by one. */
  const ENVIRONMENTS = 30;
  const NEEDED = ENVIRONMENTS * 11;

  test.concurrent.each<[string, () => Pages]>([
    ["in any second", () => ({ count: 1000, passes: slidingSecond(20) })],
    ["in any second, at 50 ms", () => ({ count: 1000, passes: slidingSecond(20), latency: 50 })],
    [
      "in any second, and says when to come back",
      () => ({
        count: 1000,
        passes: slidingSecond(20),
        headers: { "retry-after": "1" },
      }),
    ],
    ["in every second of its clock", () => ({ count: 1000, passes: fixedSecond(20) })],
    ["on average, and more at first", () => ({ count: 1000, passes: tokenBucket(20, 50) })],
  ])(
    "%s, 30 environments of 1,000 images are listed with 1.3 times the requests at most",
    async (_, pages) => {
      const { variables, seen } = await service(pages());
      expect(await listAll(variables, ENVIRONMENTS)).toEqual(Array(ENVIRONMENTS).fill(1000));
      expect(seen.requests).toBeGreaterThanOrEqual(NEEDED);
      expect(seen.refused).toBeGreaterThan(0);
      expect(seen.requests / NEEDED).toBeLessThanOrEqual(1.3);
    },
    120_000,
  );

  test("as the emulator does, environments are listed too", async () => {
    const emulator = closing(
      await WorkspaceEmulator.start({ images: { [REGION]: numbered(300) }, requestsPerSecond: 20 }),
    );
    const api = closing(new WorkspaceApi({ variables: emulator.variables }));
    const location = await api.locate({ name: "dev", region: REGION });
    const listings = await Promise.all(Array.from({ length: 10 }, () => api.client(location).listImages()));
    expect(listings.map(({ length }) => length)).toEqual(Array(10).fill(300));
    expect(emulator.requests.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect(asked(emulator, "images").length).toBeLessThanOrEqual(10 * 4 * 1.3 + 10);
  }, 60_000);
});

test("200 environments of 2,000 images need 64 connections at most, and a process that may open 256 files", async () => {
  const { variables, seen } = await service({ count: 2000 });
  const code = `
    const { WorkspaceApi } = require(${JSON.stringify(join(ROOT, "lib/api/workspace-client.js"))});
    (async () => {
      const api = new WorkspaceApi();
      const lengths = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const location = await api.locate({ name: "e" + index, region: ${JSON.stringify(REGION)}, projectId: "p" + index });
        return (await api.client(location).listImages()).length;
      }));
      await api.close();
      console.log(lengths.length, [...new Set(lengths)].join());
    })();`;
  const project = new TestProject({ dev: { region: REGION } });
  const { stdout, stderr } = await run("bash", ["-c", `ulimit -n 256; exec "$NODE" -e "$CODE"`], {
    cwd: project.directory,
    variables: { ...variables, NODE: process.execPath, CODE: code },
  });
  expect(stderr).toBe("");
  expect(stdout).toBe("200 2000\n");
  expect(seen.requests).toBe(200 * 21);
  expect(seen.mostConnections).toBeLessThanOrEqual(64);
}, 180_000);

test("connections to many endpoints make room for one another", async () => {
  const servers = await Promise.all(Array.from({ length: 100 }, () => service({ count: 150 })));
  const api = closing(new WorkspaceApi({ variables: servers[0]?.variables ?? {} }));
  // The servers see a connection's end later than whoever ended it.
  let open = 0;
  let most = 0;
  const connected = (message: unknown) => {
    most = Math.max(most, ++open);
    (message as { socket: Socket }).socket.once("close", () => open--);
  };
  subscribe("undici:client:connected", connected);
  const lengths = await Promise.all(
    servers.map(async ({ url }, index) => {
      const endpoints = { workspace: url, iam: url };
      const location = await api.locate({ name: `e${index}`, region: REGION, projectId: "p", endpoints });
      return (await api.client(location).listImages()).length;
    }),
  );
  expect(lengths).toEqual(Array(100).fill(150));
  unsubscribe("undici:client:connected", connected);
  expect(open).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(64);
}, 60_000);
