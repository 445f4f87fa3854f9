import * as fc from "fast-check";
import { UnstableListingError, WorkspaceImagesError } from "../../src";
import { type EmulatorOptions, WorkspaceEmulator } from "../../src/emulator";
import { clientOf } from "../support/client";
import { closing } from "../support/closing";
import { rejection } from "../support/errors";
import { listedIds, numbered, usableIds } from "../support/images";
import { serve, urlOf } from "../support/server";

const REGION = "cn-north-4";
const PATH = "/v2/p/images";

const emulate = async (options: EmulatorOptions = {}) => closing(await WorkspaceEmulator.start(options));
const emulateImages = (count: number, options: EmulatorOptions = {}) =>
  emulate({ images: { [REGION]: numbered(count) }, ...options });
/** Gives an emulator as many images as if it had been started with them. */
const refill = (emulator: WorkspaceEmulator, count: number) => {
  for (const { id } of emulator.images(REGION)) emulator.remove(REGION, id);
  for (const one of numbered(count)) emulator.publish(REGION, one);
};
const idsOf = (images: readonly { id: string }[]) => images.map(({ id }) => id);
/** The offsets that were asked for. */
const offsets = (emulator: WorkspaceEmulator) =>
  emulator.requests.filter(({ service }) => service === "images").map(({ query }) => Number(query.offset));

describe("the query", () => {
  test("has all ten parameters under the service's names", async () => {
    const emulator = await emulate();
    await clientOf(emulator).listImages({
      osType: "Windows",
      imageType: "gold",
      platform: "Windows",
      architecture: "x86",
      packageType: "general",
      imageId: "f3a1",
      limit: 50,
      offset: 10,
      sortField: "created_at",
      sortType: "desc",
    });
    expect(emulator.requests.at(-1)).toMatchObject({
      method: "GET",
      path: `/v2/${emulator.projectId(REGION)}/images`,
      status: 200,
      query: {
        os_type: "Windows",
        image_type: "gold",
        platform: "Windows",
        architecture: "x86",
        package_type: "general",
        image_id: "f3a1",
        limit: "50",
        offset: "10",
        sort_field: "created_at",
        sort_type: "desc",
      },
    });
  });

  test("without parameters asks for whole pages from the beginning", async () => {
    const emulator = await emulate();
    await clientOf(emulator).listImages();
    expect(emulator.requests.find(({ service }) => service === "images")?.query).toEqual({
      limit: "100",
      offset: "0",
    });
  });

  test.each(["a b", "a+b", "100%", "&limit=1", "密码", "'()!*", "\ud800"])(
    "sends the value %j as it is, and signs it",
    async (value) => {
      const emulator = await emulate();
      await clientOf(emulator).listImages({ platform: value });
      const { status, query } = emulator.requests.at(-1) ?? {};
      expect(status).toBe(200);
      // What is no character cannot be sent.
      expect(query?.platform).toBe(value.replace("\ud800", "\ufffd"));
    },
  );

  test.each([{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { offset: -1 }, { offset: Number.NaN }])(
    "%j is refused before anything is sent",
    async (query) => {
      const emulator = await emulate();
      expect(await rejection(clientOf(emulator).listImages(query))).toMatchObject({ code: "FILTER" });
      expect(emulator.requests).toEqual([]);
    },
  );

  test("with limit and offset gives all that follows, in pages of that size", async () => {
    const emulator = await emulateImages(23);
    for (const limit of [1, 2, 5, 100]) {
      const images = await clientOf(emulator).listImages({ limit, offset: 4 });
      expect(idsOf(images)).toEqual(idsOf(numbered(23)).slice(4));
    }
  });
});

describe("a listing", () => {
  const totals = ["right", "low", "high", "missing"] as const;

  test.each(totals)("is complete with a total that is %s, in pages of any size", async (totalCount) => {
    for (const [maxLimit, counts] of [
      [1, [0, 1, 2, 3, 7]],
      [2, [0, 1, 2, 3, 7]],
      [7, [1, 6, 7, 8, 13, 14, 50]],
      [100, [99, 100, 101, 199, 200, 1000]],
    ] as const) {
      const emulator = await emulateImages(0, { totalCount, maxLimit });
      for (const count of counts) {
        // That nothing is there is not believed to a total that says otherwise.
        if (count === 0 && totalCount === "high") continue;
        refill(emulator, count);
        const images = await clientOf(emulator).listImages();
        expect({ maxLimit, ids: idsOf(images) }).toEqual({ maxLimit, ids: idsOf(numbered(count)) });
      }
    }
  });

  test("asks no more often than its pages need", async () => {
    const asked = async (count: number, options: EmulatorOptions = {}) => {
      const emulator = await emulateImages(count, options);
      await clientOf(emulator).listImages();
      return offsets(emulator).sort((a, b) => a - b);
    };
    expect(await asked(0)).toEqual([0]);
    // A page that is not full may have been cut short: its last image is asked for, and nothing must follow it.
    expect(await asked(33)).toEqual([0, 32]);
    expect(await asked(100)).toEqual([0, 99]);
    expect(await asked(250)).toEqual([0, 99, 198]);
    expect(await asked(150, { totalCount: "missing" })).toEqual([0, 99, 149]);
    expect(await asked(2000)).toHaveLength(21);
  });

  test.each([
    [undefined, 8],
    [2, 2],
    [1, 1],
  ])("fetches pages side by side: of concurrency %p, %i", async (concurrency, expected) => {
    const emulator = await emulateImages(100, { maxLimit: 10 });
    let underWay = 0;
    let most = 0;
    emulator.inject({
      on: "images",
      before: () => {
        most = Math.max(most, ++underWay);
        setTimeout(() => underWay--, 90);
      },
      delayHeadersMs: 100,
    });
    await clientOf(emulator).listImages({}, concurrency === undefined ? {} : { concurrency });
    expect(most).toBe(expected);
  });
});

describe("a listing that changes meanwhile", () => {
  /** Lets something happen before the n-th page is answered. */
  const changeAt = (emulator: WorkspaceEmulator, page: number, change: () => void) => {
    let asked = 0;
    emulator.inject({
      on: "images",
      before: () => {
        if (asked++ === page) change();
      },
    });
  };
  const first = { id: "new", name: "image-" };

  test.each([1, 2, 3])("has what was published before page %i was read", async (page) => {
    const emulator = await emulateImages(30, { maxLimit: 10 });
    changeAt(emulator, page, () => emulator.publish(REGION, first));
    const images = await clientOf(emulator).listImages({}, { concurrency: 1 });
    expect(idsOf(images)).toEqual(["new", ...idsOf(numbered(30))]);
  });

  test.each([1, 2, 3])(
    "lacks nothing when the first image was deleted before page %i was read",
    async (page) => {
      const emulator = await emulateImages(30, { maxLimit: 10 });
      changeAt(emulator, page, () => emulator.remove(REGION, "id-0000"));
      const images = await clientOf(emulator).listImages({}, { concurrency: 1 });
      expect(idsOf(images)).toEqual(idsOf(numbered(30)).slice(1));
    },
  );

  test("lacks nothing when one image replaced another", async () => {
    const emulator = await emulateImages(30, { maxLimit: 10 });
    changeAt(emulator, 1, () => {
      emulator.remove(REGION, "id-0000");
      emulator.publish(REGION, { id: "new", name: "image-z" });
    });
    const images = await clientOf(emulator).listImages({}, { concurrency: 1 });
    expect(idsOf(images)).toEqual([...idsOf(numbered(30)).slice(1), "new"]);
  });

  test("is taken again up to three times, then given up", async () => {
    const emulator = await emulateImages(30, { maxLimit: 10 });
    emulator.inject({
      on: ({ query }) => query.offset !== "0",
      before: () => emulator.publish(REGION, { name: "0" }),
    });
    const error = await rejection(clientOf(emulator).listImages());
    expect(error).toBeInstanceOf(UnstableListingError);
    expect(error).toMatchObject({
      code: "UNSTABLE_LISTING",
      message: expect.stringContaining(`region cn-north-4, project ${emulator.projectId("cn-north-4")},`),
    });
    expect(offsets(emulator).filter((offset) => offset === 0)).toHaveLength(4);
  });

  test("is taken again where it came empty although its total says that something is there", async () => {
    const emulator = await emulateImages(30);
    const emptied = { on: "images", edit: (json: unknown) => ({ ...(json as object), images: [] }) } as const;
    emulator.inject({ ...emptied, times: 1 });
    expect(idsOf(await clientOf(emulator).listImages())).toEqual(idsOf(numbered(30)));
  });

  test("may be empty although its total is too high", async () => {
    const emulator = await emulateImages(30, { totalCount: "high" });
    expect(await clientOf(emulator).listImages({ osType: "Solaris" })).toEqual([]);
  });

  test("has every image that was there all the while, and none twice", async () => {
    const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const changes = fc.array(
      fc.array(fc.record({ kind: fc.constantFrom("publish", "delete"), place }), { maxLength: 2 }),
      { maxLength: 12 },
    );
    const emulators = new Map<string, WorkspaceEmulator>();
    const paging = async (options: EmulatorOptions) => {
      const key = JSON.stringify(options);
      const emulator = emulators.get(key) ?? (await emulateImages(0, options));
      emulators.set(key, emulator);
      emulator.heal();
      return emulator;
    };
    let complete = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(...(["right", "low", "high", "missing"] as const)),
        changes,
        async (count, maxLimit, totalCount, changes) => {
          const emulator = await paging({ maxLimit, totalCount });
          refill(emulator, count);
          const always = new Set(idsOf(numbered(count)));
          const coming = [...changes];
          emulator.inject({
            on: "images",
            before: () => {
              for (const { kind, place } of coming.shift() ?? []) {
                const images = emulator.images(REGION);
                if (kind === "publish") {
                  emulator.publish(REGION, { name: `image-id-${String(place * 30).padStart(4, "0")}` });
                } else {
                  const { id = "" } = images[Math.floor(place * images.length)] ?? {};
                  emulator.remove(REGION, id);
                  always.delete(id);
                }
              }
            },
          });
          const result = await clientOf(emulator)
            .listImages()
            .catch((error: unknown) => error);
          if (result instanceof UnstableListingError) return;
          const ids = idsOf(result as { id: string }[]);
          complete++;
          expect(new Set(ids).size).toBe(ids.length);
          expect([...always].filter((id) => !ids.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 250 },
    );
    expect(complete).toBeGreaterThan(150);
  });
});

describe("an answer", () => {
  test("that is mutated gives what it says, or a typed error", async () => {
    let body: unknown;
    const server = await serve((request, response) => {
      const url = urlOf(request);
      const { images } = Object(body);
      const rest = Array.isArray(images) && {
        images: images.slice(Number(url.searchParams.get("offset"))),
      };
      response.end(JSON.stringify(rest ? { ...Object(body), ...rest } : body));
    });
    const client = clientOf(server, { projectId: "p" });
    const anything = fc.oneof(fc.anything({ maxDepth: 1 }), fc.constantFrom(null, "", -1, 1.5, {}, []));
    const info = fc.record(
      { id: fc.uuid(), name: fc.string(), min_disk: fc.nat(), kms_id: fc.constant(null) },
      { requiredKeys: ["id"] },
    );
    const mutation = fc.record({
      at: fc.nat(4),
      field: fc.constantFrom("id", "name", "min_disk", "kms_id", "__proto__", "constructor"),
      value: anything,
    });
    const mutated = fc
      .tuple(fc.uniqueArray(info, { maxLength: 4, selector: ({ id }) => id }), fc.option(mutation))
      .map(([images, change]) =>
        images.map((one, index) =>
          change?.at === index
            ? Object.fromEntries([...Object.entries(one), [change.field, change.value]])
            : one,
        ),
      );
    const page = fc.oneof(
      { weight: 4, arbitrary: fc.record({ images: mutated, total_count: anything }) },
      { weight: 1, arbitrary: fc.record({ images: anything }) },
      { weight: 1, arbitrary: anything },
    );
    const prototype = Object.getOwnPropertyNames(Object.prototype);
    const seen = { listings: 0, errors: 0 };
    await fc.assert(
      fc.asyncProperty(page, async (generated) => {
        body = JSON.parse(JSON.stringify(generated) ?? "null");
        const outcome = await client.listImages().catch((error: unknown) => error);
        if (Array.isArray(outcome)) {
          seen.listings++;
          expect(listedIds(outcome)).toEqual(usableIds(body));
        } else {
          seen.errors++;
          expect(outcome).toBeInstanceOf(WorkspaceImagesError);
        }
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
      }),
      { numRuns: 600 },
    );
    expect(Math.min(seen.listings, seen.errors)).toBeGreaterThan(50);
  });

  test.each([
    ["[]", "no listing"],
    ["null", "no listing"],
    ['{"images":{}}', "no listing"],
    ['{"total_count":0}', "no listing"],
  ])("%s is an error that says what is wrong", async (body, message) => {
    const server = await serve((_, response) => response.setHeader("x-request-id", "r-1").end(body));
    expect(await rejection(clientOf(server, { projectId: "p" }).listImages())).toMatchObject({
      code: "RESPONSE",
      requestId: "r-1",
      message: expect.stringContaining(message),
    });
  });

  test.each([{ images: null }, { images: null, total_count: 0 }, { images: [] }])(
    "%j is a listing without images",
    async (json) => {
      const server = await serve((_, response) => response.end(JSON.stringify(json)));
      expect(await clientOf(server, { projectId: "p" }).listImages()).toEqual([]);
    },
  );

  test.each<[string, unknown, object]>([
    ["without an ID", { name: "b" }, { name: "b", oddities: { id: "id is missing" } }],
    ["that is no object", null, { oddities: { id: "it is no JSON object" } }],
    [
      "whose ID stands for another one, too",
      { id: "a", name: "b" },
      // Of the two with this ID, nobody can tell which is meant.
      { id: "a", oddities: { id: "it is listed more than once, and not the same" } },
    ],
  ])("with an image %s has every other one", async (_, odd, expected) => {
    const images = [{ id: "a" }, odd, odd, { id: "c" }];
    const server = await serve((request, response) => {
      const offset = Number(urlOf(request).searchParams.get("offset"));
      response.end(JSON.stringify({ images: images.slice(offset, offset + 4), total_count: 4 }));
    });
    const listed = await clientOf(server, { projectId: "p" }).listImages();
    const others = Object.hasOwn(expected, "id") ? [{ id: "c" }] : [{ id: "a" }, { id: "c" }];
    expect(listed).toHaveLength(others.length + 1);
    expect(listed).toEqual(expect.arrayContaining([expect.objectContaining(expected), ...others]));
  });

  test("that has an image twice on one page has it once", async () => {
    const images = [{ id: "a" }, { id: "b" }, { id: "b" }, { id: "c" }];
    const server = await serve((request, response) => {
      const offset = Number(urlOf(request).searchParams.get("offset"));
      response.end(JSON.stringify({ images: images.slice(offset, offset + 3), total_count: 4 }));
    });
    const listed = await clientOf(server, { projectId: "p" }).listImages();
    expect(listed).toEqual([{ id: "a" }, { id: "b" }, { id: "c" }]);
  });

  test("with an image that is described wrongly has every other one", async () => {
    const images = [{ id: "a" }, { id: "b", min_disk: "80", product_code: 7 }, { id: "c" }];
    const server = await serve((request, response) => {
      const offset = Number(urlOf(request).searchParams.get("offset"));
      response.end(JSON.stringify({ images: images.slice(offset), total_count: 3 }));
    });
    expect(await clientOf(server, { projectId: "p" }).listImages()).toEqual([
      { id: "a" },
      {
        id: "b",
        oddities: {
          minDisk: "min_disk is wrong: it must be a whole number, 0 or more",
          productCode: "product_code is wrong: it must be a text of at most 1024 characters",
        },
      },
      { id: "c" },
    ]);
  });

  test("whose total is a text is heard: a page that is empty by mistake is asked for again", async () => {
    let asked = 0;
    const server = await serve((request, response) => {
      const all = asked++ === 0 ? [] : [{ id: "a" }, { id: "b" }, { id: "c" }];
      const images = all.slice(Number(urlOf(request).searchParams.get("offset")));
      response.end(JSON.stringify({ images, total_count: "3" }));
    });
    expect(await clientOf(server, { projectId: "p" }).listImages()).toHaveLength(3);
  });

  test.each([{}, { total_count: "33" }, { total_count: null }, { total_count: -1 }, { total_count: 1e300 }])(
    "with the total %j is read all the same",
    async (total) => {
      const all = [{ id: "a" }, { id: "b" }, { id: "c" }];
      const server = await serve((request, response) => {
        const url = urlOf(request);
        const images = all.slice(Number(url.searchParams.get("offset")));
        response.end(JSON.stringify({ images, ...total }));
      });
      expect(await clientOf(server, { projectId: "p" }).listImages()).toEqual(all);
    },
  );
});

describe("the project", () => {
  const asked = (emulator: WorkspaceEmulator) =>
    emulator.requests.map(({ service, path, query }) => [service, path, query.name]);

  test("is looked up by the region's name, once", async () => {
    const emulator = await emulate();
    const client = clientOf(emulator, { region: "cn-south-1" });
    expect(await client.projectId()).toBe(emulator.projectId("cn-south-1"));
    await client.projectId();
    expect(asked(emulator)).toEqual([["iam", "/v3/projects", "cn-south-1"]]);
  });

  test.each([
    ["environment", { projectName: "cn-south-1" }, {}],
    ["variable HW_PROJECT_NAME", {}, { HW_PROJECT_NAME: "cn-south-1" }],
  ])("is looked up by the name in the %s", async (_, environment, variables) => {
    const emulator = await emulate();
    const client = clientOf(emulator, environment, variables);
    expect(await client.projectId()).toBe(emulator.projectId("cn-south-1"));
  });

  test.each([
    ["environment", { projectId: "p" }, { HW_PROJECT_ID: "other" }],
    ["variable HW_PROJECT_ID", {}, { HW_PROJECT_ID: "p" }],
    ["variable of the same region", {}, { HW_PROJECT_ID: "p", HW_REGION_NAME: REGION }],
  ])("of the %s is taken without asking", async (_, environment, variables) => {
    const emulator = await emulate();
    expect(await clientOf(emulator, environment, variables).projectId()).toBe("p");
    expect(emulator.requests).toEqual([]);
  });

  test("in HW_PROJECT_ID is not taken where HW_REGION_NAME is another region", async () => {
    const emulator = await emulate();
    const client = clientOf(emulator, {}, { HW_PROJECT_ID: "p", HW_REGION_NAME: "cn-south-1" });
    expect(await client.projectId()).toBe(emulator.projectId(REGION));
  });

  test("is sent in the path and as a header", async () => {
    let header: unknown;
    const server = await serve((request, response) => {
      const url = urlOf(request);
      header = [url.pathname, request.headers["x-project-id"]];
      response.end('{"images":[]}');
    });
    await clientOf(server, { projectId: "p" }).listImages();
    expect(header).toEqual([PATH, "p"]);
  });

  test.each([
    ['{"projects":[]}', "no project"],
    ['{"projects":[{"id":"1"},{"id":"2"}]}', "2 projects"],
  ])("%s is an error that says what to set", async (body, message) => {
    const server = await serve((_, response) => response.end(body));
    expect(await rejection(clientOf(server).listImages())).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(
        new RegExp(`${message} named "cn-north-4".*region cn-north-4.*projectId`),
      ),
    });
  });

  test.each<[string, object[], string]>([
    [
      "names that are only alike",
      [
        { id: "1", name: "a" },
        { id: "2", name: "a_team" },
        { id: "3", name: "A" },
      ],
      "1",
    ],
    [
      "a disabled one",
      [
        { id: "1", name: "a", enabled: false },
        { id: "2", name: "a", enabled: true },
      ],
      "2",
    ],
    [
      "one that is there twice",
      [
        { id: "1", name: "a" },
        { id: "1", name: "a" },
      ],
      "1",
    ],
    [
      "fields that are null",
      [
        { id: "1", name: "a", enabled: null },
        { id: "2", name: "b", enabled: null },
      ],
      "1",
    ],
  ])("is the one that is asked for among %s", async (_, projects, id) => {
    const server = await serve((_, response) => response.end(JSON.stringify({ projects })));
    expect(await clientOf(server, { projectName: "a" }).projectId()).toBe(id);
  });

  test.each<[object[], string]>([
    [[{ id: "1", name: "a_team" }], "has no project named"],
    [
      [
        { id: "1", name: "A" },
        { id: "2", name: "" },
      ],
      "has no project named",
    ],
    [[{ id: "1", name: "a", enabled: false }], "has only a disabled project named"],
    [
      [
        { id: "1", name: "a" },
        { id: "2", name: "a" },
        { id: "3", name: "b" },
      ],
      "has 2 projects named",
    ],
  ])("is not guessed from %j", async (projects, message) => {
    const server = await serve((_, response) => response.end(JSON.stringify({ projects })));
    expect(await rejection(clientOf(server, { projectName: "a" }).projectId())).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining(`The account ${message} "a"`),
    });
  });

  test.each(["a b", "a/../b", "x\n", "é", "p".repeat(65)])("ID %j is refused", async (id) => {
    const emulator = await emulate();
    expect(await rejection(clientOf(emulator, {}, { HW_PROJECT_ID: id }).listImages())).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining("HW_PROJECT_ID"),
    });
    expect(emulator.requests).toEqual([]);
  });

  test.each(["{}", '{"projects":[{"id":1}]}', '{"projects":[{"id":""}]}', "[]"])(
    "%s is no list of projects",
    async (body) => {
      const server = await serve((_, response) => response.end(body));
      expect(await rejection(clientOf(server).listImages())).toMatchObject({ code: "RESPONSE" });
    },
  );
});
