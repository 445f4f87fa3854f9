import { join } from "node:path";
import { Secret } from "../../src/api/secret";
import { sign } from "../../src/api/signer";
import {
  DEFAULT_ACCOUNT,
  type EmulatedImage,
  type EmulatorOptions,
  WorkspaceEmulator,
} from "../../src/emulator";
import { closing } from "../support/closing";
import { rejection, thrown } from "../support/errors";
import { image, numbered } from "../support/images";
import { ROOT, run } from "../support/project";
import { vendorListImages } from "../support/vendor-client";

const REGION = "cn-north-4";
const KEY = { accessKey: DEFAULT_ACCOUNT.accessKey, secretKey: new Secret(DEFAULT_ACCOUNT.secretKey) };

const emulate = async (options: EmulatorOptions = {}) => closing(await WorkspaceEmulator.start(options));
const emulateImages = (images: readonly EmulatedImage[], options: EmulatorOptions = {}) =>
  emulate({ images: { [REGION]: images }, ...options });
const idsOf = (images: readonly { id: string }[]) => images.map(({ id }) => id);

/** Asks for a path, signed as a client would. */
async function ask(emulator: WorkspaceEmulator, path: string, method = "GET") {
  const url = new URL(`${emulator.url}${path}`);
  const response = await fetch(url, { method, headers: sign({ method, url, headers: {} }, KEY) });
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever is there
  return { status: response.status, headers: response.headers, json: (await response.json()) as any };
}

const list = (emulator: WorkspaceEmulator, query = "", region = REGION) =>
  ask(emulator, `/v2/${emulator.projectId(region)}/images${query && `?${query}`}`);

describe("the listing", () => {
  const images = [
    image({ id: "3", name: "b", createdAt: "2025-02-01T00:00:00Z" }),
    image({ id: "1", name: "c", createdAt: "2025-01-01T00:00:00Z" }),
    image({ id: "2", name: "a", createdAt: "2025-03-01T00:00:00Z" }),
    image({ id: "0", name: "b", createdAt: "2025-02-01T00:00:00Z" }),
  ];

  test.each([
    ["", ["2", "0", "3", "1"]],
    ["sort_field=name&sort_type=asc", ["2", "0", "3", "1"]],
    ["sort_type=desc", ["1", "3", "0", "2"]],
    ["sort_field=created_at", ["1", "0", "3", "2"]],
    ["sort_field=created_at&sort_type=desc", ["2", "3", "0", "1"]],
    ["limit=2", ["2", "0"]],
    ["limit=2&offset=1", ["0", "3"]],
    ["limit=100&offset=3", ["1"]],
    ["offset=4", []],
    ["limit=0", []],
    ["image_id=1", ["1"]],
    ["image_id=", []],
  ])("of ?%s is %j", async (query, ids) => {
    const { status, json } = await list(await emulateImages(images), query);
    expect(status).toBe(200);
    expect(idsOf(json.images)).toEqual(ids);
  });

  test.each([
    ...["limit=101", "limit=-1", "limit=x", "limit=", "limit=1.5", "offset=-1", "offset=x", "offset=1e3"],
    ...[
      "sort_field=size",
      "sort_field=constructor",
      "sort_type=up",
      "name=a",
      "constructor=x",
      "__proto__=x",
    ],
  ])("of ?%s is refused: 400", async (query) => {
    const { status, json } = await list(await emulateImages(images), query);
    expect(status).toBe(400);
    expect(json).toEqual({
      error_code: "WKS.00010003",
      error_msg: expect.stringContaining(query.split("=")[0] ?? ""),
    });
  });

  test("has at most 100 images a page, or what the emulator is told", async () => {
    const many = numbered(120);
    expect((await list(await emulateImages(many))).json.images).toHaveLength(100);
    const capped = await emulateImages(many, { maxLimit: 7 });
    expect((await list(capped, "limit=50")).json.images).toHaveLength(7);
    expect((await list(capped, "limit=5")).json.images).toHaveLength(5);
  });

  test.each([
    ["right", 4, 2],
    ["low", 1, 1],
    ["high", 504, 502],
    ["missing", undefined, undefined],
  ] as const)("has a total that is %s", async (totalCount, all, filtered) => {
    const emulator = await emulateImages(
      [...images.slice(0, 2), ...images.slice(2).map((one) => ({ ...one, osType: "Linux" }))],
      { totalCount },
    );
    expect((await list(emulator, "limit=1")).json.total_count).toBe(all);
    expect((await list(emulator, "os_type=Linux")).json.total_count).toBe(filtered);
  });

  test("names the request, and the time", async () => {
    const { headers } = await list(await emulate({ clockAheadMs: 60_000 }));
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    const ahead = Date.parse(headers.get("date") ?? "") - Date.now();
    expect(ahead).toBeGreaterThan(50_000);
  });

  test("comes after the latency", async () => {
    const emulator = await emulate({ latencyMs: 60 });
    const started = performance.now();
    await list(emulator);
    expect(performance.now() - started).toBeGreaterThan(50);
  });
});

describe("a request that is refused", () => {
  test.each([
    ["for an interface that does not exist", "/v2/p/desktops", "GET", 404, "APIGW.0101"],
    ["by its method", "/v2/p/images", "POST", 405, "WKS.00010405"],
    ["for a project of someone else", "/v2/p/images", "GET", 403, "WKS.00010403"],
  ])("%s has status and code", async (_, path, method, status, code) => {
    const answer = await ask(await emulate(), path, method);
    expect(answer).toMatchObject({ status, json: { error_code: code } });
  });

  test("without a signature is answered by the gateway", async () => {
    const emulator = await emulate();
    const response = await fetch(`${emulator.url}/v2/${emulator.projectId(REGION)}/images`);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error_code: "APIGW.0301",
      error_msg: expect.stringMatching(/^Incorrect IAM authentication information: /),
      request_id: response.headers.get("x-request-id"),
    });
  });

  test("without a signature is answered in IAM's shape by IAM", async () => {
    const emulator = await emulate();
    const response = await fetch(`${emulator.url}/v3/projects?name=${REGION}`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 401, title: "Unauthorized" } });
  });

  test("is remembered, without secrets", async () => {
    const emulator = await emulate();
    await ask(emulator, "/v2/p/images?limit=1");
    expect(emulator.requests).toEqual([
      { service: "images", method: "GET", path: "/v2/p/images", query: { limit: "1" }, status: 403 },
    ]);
  });
});

describe("the projects of a region", () => {
  const finance = `${REGION}_finance`;
  const images = [
    image({ id: "public" }),
    image({ id: "own", imageType: "private" }),
    image({ id: "shared", imageType: "private", sharedWith: [finance] } as EmulatedImage),
    image({ id: "finance", imageType: "private", project: finance } as EmulatedImage),
    { id: "untyped" },
  ];

  test("see public images, their own private ones, and those that are shared with them", async () => {
    const emulator = await emulateImages(images, { projects: [finance, `${REGION}_lab`] });
    const seenBy = async (project: string) => idsOf((await list(emulator, "", project)).json.images).sort();
    expect(await seenBy(REGION)).toEqual(["own", "public", "shared", "untyped"]);
    expect(await seenBy(finance)).toEqual(["finance", "public", "shared", "untyped"]);
    expect(await seenBy(`${REGION}_lab`)).toEqual(["public", "untyped"]);
    expect((await list(emulator, "image_type=private", finance)).json.total_count).toBe(2);
  });

  test("are found by their exact names at IAM, and never answer for another region", async () => {
    const emulator = await emulate({ projects: [finance] });
    const projectsOf = async (name: string) =>
      (await ask(emulator, `/v3/projects?name=${name}`)).json.projects;
    expect(await projectsOf(finance)).toEqual([
      { id: emulator.projectId(finance), name: finance, enabled: true },
    ]);
    expect(await projectsOf(REGION)).toHaveLength(1);
    expect(await projectsOf(`${REGION}_`)).toEqual([]);
    expect((await list(emulator, "", `${REGION}_lab`)).status).toBe(403);
  });

  test("must be in one of the regions", async () => {
    const error = await rejection(WorkspaceEmulator.start({ projects: ["cn-north-99_finance"] }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain("cn-north-99_finance");
  });
});

describe("limits", () => {
  test("refuse an offset beyond 5,000, or what the emulator is told", async () => {
    const emulator = await emulateImages([]);
    expect((await list(emulator, "offset=5000")).status).toBe(200);
    expect(await list(emulator, "offset=5001")).toMatchObject({
      status: 400,
      json: { error_code: "WKS.00010003", error_msg: expect.stringContaining("offset") },
    });
    const wide = await emulateImages([], { maxOffset: 20_000 });
    expect((await list(wide, "offset=20000")).status).toBe(200);
    expect((await list(wide, "offset=20001")).status).toBe(400);
  });

  test("refuse more requests a second than were asked for, sometimes with Retry-After, and answer later ones", async () => {
    const emulator = await emulateImages([], { requestsPerSecond: 5 });
    const answers = await Promise.all(Array.from({ length: 9 }, () => list(emulator)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(refused).toHaveLength(4);
    for (const { json } of refused) {
      expect(json).toMatchObject({ error_code: "APIGW.0308", request_id: expect.any(String) });
    }
    expect(refused.map(({ headers }) => headers.get("retry-after")).filter(Boolean)).toEqual(["1", "1"]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await list(emulator)).status).toBe(200);
  });
});

describe("publishing", () => {
  const release = {
    name: "Windows_12",
    image_type: "gold",
    os_type: "Windows",
    min_disk: 120,
    platform: "Windows",
    package_type: "server",
  };
  const control = (emulator: WorkspaceEmulator, path: string, init: RequestInit = {}) =>
    fetch(`${emulator.url}/emulator/${path}`, init);
  const post = (emulator: WorkspaceEmulator, body: unknown, region = REGION) =>
    control(emulator, `${region}/images`, { method: "POST", body: JSON.stringify(body) });

  test("over HTTP adds an image to its region alone, and needs no signature", async () => {
    const emulator = await emulate();
    const response = await post(emulator, release);
    expect(response.status).toBe(201);
    const published = (await response.json()) as { id: string };
    expect(published).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: "Windows_12",
      image_type: "gold",
      os_type: "Windows",
      min_disk: 120,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const here = await vendorListImages(emulator, REGION);
    expect(here.images).toContainEqual(published);
    expect(idsOf((await vendorListImages(emulator, "cn-south-1")).images)).not.toContain(published.id);
    // What the service never shows is filtered by all the same.
    const filtered = await vendorListImages(emulator, REGION, {
      package_type: "server",
      platform: "Windows",
    });
    expect(idsOf(filtered.images)).toContain(published.id);
  });

  test("over HTTP replaces an image of the same ID, and takes it away", async () => {
    const emulator = await emulateImages([image({ id: "a", name: "old" })]);
    await post(emulator, { ...release, id: "a" });
    expect(emulator.images(REGION)).toMatchObject([{ id: "a", name: "Windows_12" }]);
    const shown = await (await control(emulator, `${REGION}/images`)).json();
    expect(shown).toMatchObject({ images: [{ id: "a", name: "Windows_12" }] });
    expect((await control(emulator, `${REGION}/images/a`, { method: "DELETE" })).status).toBe(204);
    expect((await control(emulator, `${REGION}/images/a`, { method: "DELETE" })).status).toBe(404);
    expect(emulator.images(REGION)).toEqual([]);
  });

  test.each([
    ["no JSON", "{", "JSON"],
    ["no object", "[]", "Object"],
    ["null", "null", "Object"],
    ["a field of the wrong type", '{"min_disk":"80"}', "min_disk"],
    ["a platform of the wrong type", '{"platform":1}', "platform"],
  ])("over HTTP refuses %s: 400", async (_, body, word) => {
    const emulator = await emulateImages([]);
    const response = await control(emulator, `${REGION}/images`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error_msg: expect.stringContaining(word) });
    expect(emulator.images(REGION)).toEqual([]);
  });

  test("over HTTP refuses an unknown region, another method, and web pages", async () => {
    const emulator = await emulate();
    const count = emulator.images(REGION).length;
    expect((await post(emulator, release, "moon-base-1")).status).toBe(404);
    expect((await control(emulator, `${REGION}/images`, { method: "PUT" })).status).toBe(405);
    const fromPage = { method: "POST", body: "{}", headers: { origin: "https://example.com" } };
    expect((await control(emulator, `${REGION}/images`, fromPage)).status).toBe(403);
    expect(emulator.images(REGION)).toHaveLength(count);
  });

  test("from a program adds an image with ID and creation time, and takes it away", async () => {
    const emulator = await emulate();
    const published = emulator.publish("cn-south-1", { name: "Windows_12", osType: "Windows" });
    expect(published).toMatchObject({
      name: "Windows_12",
      id: expect.any(String),
      createdAt: expect.any(String),
    });
    const { images } = await vendorListImages(emulator, "cn-south-1", { image_id: published.id });
    expect(images).toMatchObject([{ id: published.id, created_at: published.createdAt }]);
    expect(emulator.remove("cn-south-1", published.id)).toBe(true);
    expect(emulator.remove("cn-south-1", published.id)).toBe(false);
    expect(emulator.images("cn-south-1")).not.toContainEqual(published);
  });

  test("from a program needs a region that there is", async () => {
    const emulator = await emulate();
    for (const work of [
      () => emulator.images("moon-base-1"),
      () => emulator.publish("moon-base-1", {}),
      () => emulator.remove("moon-base-1", "a"),
    ]) {
      const error = thrown(work);
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain("Regions: cn-north-4, cn-south-1, eu-west-101.");
    }
  });
});

describe("the server", () => {
  test("listens on loopback, on the port that was asked for", async () => {
    const emulator = await emulate();
    expect(emulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(emulator.url).port);
    expect(await rejection(WorkspaceEmulator.start({ port }))).toMatchObject({ code: "EADDRINUSE" });
    await emulator.close();
    closing(await WorkspaceEmulator.start({ port }));
  });

  test("is not started with a port or a certificate that is none", async () => {
    expect(await rejection(WorkspaceEmulator.start({ port: 70_000 }))).toMatchObject({
      code: "ERR_SOCKET_BAD_PORT",
    });
    const tls = { cert: "no certificate", key: "no key" };
    expect((await rejection(WorkspaceEmulator.start({ tls }))).message).toMatch(/PEM|no start line/);
  });

  test("loses the connection where a fault's own function fails, and answers the next request", async () => {
    const emulator = await emulate();
    emulator.inject({
      on: "images",
      times: 1,
      before: () => {
        throw new Error("of the test");
      },
    });
    expect(await rejection(list(emulator))).toMatchObject({ name: "TypeError" });
    expect((await list(emulator)).status).toBe(200);
  });

  test("has the time of the machine, also where a test has another one", async () => {
    const emulator = await emulate();
    jest.useFakeTimers({
      now: new Date("2031-01-01"),
      doNotFake: ["nextTick", "setImmediate", "setTimeout"],
    });
    try {
      const response = await fetch(`${emulator.url}/openstack/latest/securitykey`);
      const { credential } = (await response.json()) as { credential: { expires_at: string } };
      expect(credential.expires_at < "2031").toBe(true);
      expect(new Date(response.headers.get("date") ?? "").getTime()).toBeLessThan(Date.now());
    } finally {
      jest.useRealTimers();
    }
  });

  test("answers nobody after it was closed", async () => {
    const emulator = await WorkspaceEmulator.start();
    const arrived = new Promise<void>((resolve) => {
      emulator.inject({ on: "images", before: resolve, delayHeadersMs: 60_000 });
    });
    const waiting = rejection(list(emulator));
    await arrived;
    await emulator.close();
    expect(await waiting).toMatchObject({ name: "TypeError" });
    expect(await rejection(list(emulator))).toMatchObject({ name: "TypeError" });
  });

  test("ends in the middle of requests without taking the process with it", async () => {
    const ended = await run(
      process.execPath,
      [
        "--eval",
        `const { get } = require("node:http");
      const { WorkspaceEmulator } = require(${JSON.stringify(join(ROOT, "lib/emulator"))});
      (async () => {
        for (let round = 0; round < 60; round++) {
          const emulator = await WorkspaceEmulator.start();
          const requests = Array.from({ length: 40 }, () => new Promise((resolve) => {
            get(emulator.url + "/v2/x/images", { agent: false }, (response) => {
              response.on("error", resolve).resume().on("close", resolve);
            }).on("error", resolve);
          }));
          await new Promise((resolve) => setTimeout(resolve, round % 12));
          await emulator.close();
          await Promise.all(requests);
        }
        console.log("alive");
      })();`,
      ],
      { cwd: ROOT },
    );
    expect(ended).toMatchObject({ code: 0, stdout: "alive\n" });
  });
});
