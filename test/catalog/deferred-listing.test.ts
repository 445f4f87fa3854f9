import {
  ApiError,
  ConfigurationError,
  ConnectionError,
  CredentialsError,
  LockFileError,
  NoCredentialsError,
  ResponseError,
  UnstableListingError,
  WorkspaceImagesError,
} from "../../src";
import { DeferredListings, type DeferredListingsOptions } from "../../src/catalog/deferred-listing";
import type { ListingRequest } from "../../src/catalog/listing-messages";
import { openListings } from "../../src/catalog/listing-source";
import { type EmulatorOptions, type Fault, WorkspaceEmulator } from "../../src/emulator";
import { closing } from "../support/closing";
import { rejection, thrown } from "../support/errors";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { freePort } from "../support/server";
import { enter, restoreProcess } from "../support/synth";

restoreProcess();
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const NORTH = "cn-north-4";
const SOUTH = "cn-south-1";
const IMAGES = { [NORTH]: [image({ id: "n1" })], [SOUTH]: [image({ id: "s1" }), image({ id: "s2" })] };

/** An emulator in the thread that waits, at which the variables point. */
async function emulate(
  options: EmulatorOptions = {},
  variables: Record<string, string> = {},
): Promise<WorkspaceEmulator> {
  const emulator = closing(await WorkspaceEmulator.start({ images: IMAGES, ...options }));
  enter(new TestProject({}), { ...emulator.variables, HW_MAX_RETRIES: "0", ...variables });
  return emulator;
}

function request(name: string, region = NORTH, more: Partial<ListingRequest> = {}): ListingRequest {
  return { environment: { name, region }, queries: [{}], ...more };
}

function deferred(options?: DeferredListingsOptions): DeferredListings {
  const listings = new DeferredListings(options);
  closing({ close: async () => listings.close() });
  return listings;
}

/** The IDs that were listed, for each query. */
function idsIn(outcome: ReturnType<DeferredListings["wait"]>): string[][] {
  if ("error" in outcome) throw outcome.error;
  return outcome.listings.map(({ images }) => images.map(({ id }) => id));
}

describe("a deferred listing", () => {
  test("has place, queries and images, as those that are awaited", async () => {
    const emulator = await emulate();
    const listings = deferred();
    listings.begin([request("prod", SOUTH, { queries: [{}, { imageType: "private" }] })]);
    expect(listings.wait("prod")).toEqual({
      place: { region: SOUTH, projectId: emulator.projectId(SOUTH) },
      listings: [
        { query: {}, images: IMAGES[SOUTH] },
        { query: { imageType: "private" }, images: [] },
      ],
    });
  });

  test("is waited for alone, while others go on side by side", async () => {
    const emulator = await emulate();
    const isOf = (region: string) => (asked: { path: string }) =>
      asked.path.includes(emulator.projectId(region));
    emulator.inject({ on: isOf(NORTH), times: 1, delayHeadersMs: 1500 });
    emulator.inject({ on: isOf(SOUTH), delayHeadersMs: 60_000 });
    const listings = deferred();
    listings.begin([request("hanging", SOUTH), request("slow"), request("also-hanging", SOUTH)]);
    const started = performance.now();
    expect(idsIn(listings.wait("slow"))).toEqual([["n1"]]);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(emulator.requests.some(isOf(SOUTH))).toBe(true);
  });

  test("is taken once, however often it is begun or waited for", async () => {
    const emulator = await emulate();
    const listings = deferred();
    listings.begin([request("dev")]);
    listings.begin([request("dev")]);
    const first = listings.wait("dev");
    const { length } = emulator.requests;
    expect(listings.wait("dev")).toBe(first);
    listings.begin([request("dev")]);
    expect(listings.wait("dev")).toBe(first);
    expect(emulator.requests).toHaveLength(length);
  });

  test("may be begun after others were waited for", async () => {
    await emulate();
    const listings = deferred();
    listings.begin([request("dev")]);
    expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
    listings.begin([request("prod", SOUTH)]);
    expect(idsIn(listings.wait("prod"))).toEqual([["s1", "s2"]]);
  });

  test("may be begun anew for the same environment with other queries", async () => {
    await emulate();
    const listings = deferred();
    listings.begin([request("dev"), request("prod", SOUTH)]);
    expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
    listings.begin([request("dev", NORTH, { queries: [{ imageType: "private" }] })]);
    expect(idsIn(listings.wait("dev"))).toEqual([[]]);
    expect(idsIn(listings.wait("prod"))).toEqual([["s1", "s2"]]);
  });

  test("that was not begun, or was given up, cannot be waited for", async () => {
    await emulate();
    const listings = deferred();
    expect(thrown(() => listings.wait("dev")).message).toMatch(/"dev" was not begun/);
    listings.begin([request("dev")]);
    listings.close();
    expect(thrown(() => listings.wait("dev")).message).toMatch(/"dev" was not begun/);
  });

  test("takes the project of a lock file, without asking for it", async () => {
    const emulator = await emulate();
    const listings = deferred();
    const locked = { region: NORTH, projectId: emulator.projectId(NORTH) };
    listings.begin([request("dev", NORTH, { locked })]);
    expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
    expect(new Set(emulator.requests.map(({ service }) => service))).toEqual(new Set(["images"]));
  });

  test("has the variables of the moment, but no options for Node", async () => {
    await emulate();
    const other = closing(await WorkspaceEmulator.start({ images: { [NORTH]: [image({ id: "other" })] } }));
    Object.assign(process.env, other.variables, { NODE_OPTIONS: "--require=/there/is/no/such/file.cjs" });
    const listings = deferred();
    listings.begin([request("dev")]);
    expect(idsIn(listings.wait("dev"))).toEqual([["other"]]);
  });

  test("is waited for under fake timers, on whatever day", async () => {
    await emulate();
    jest.useFakeTimers({ now: new Date("2031-01-01") });
    const listings = deferred();
    listings.begin([request("dev")]);
    expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
  });

  test("gives warnings to whoever waits", async () => {
    await emulate({}, { HW_INSECURE: "true" });
    const warnings: string[] = [];
    const listings = deferred({ onWarning: (message) => warnings.push(message) });
    listings.begin([request("dev")]);
    expect(warnings).toEqual([]);
    listings.wait("dev");
    expect(warnings).toEqual([expect.stringContaining("HW_INSECURE is set")]);
  });

  test("of an emulator runs the functions of its faults while this thread waits", async () => {
    const emulator = await emulate();
    emulator.inject({
      on: ({ service }) => service === "images",
      before: () => emulator.publish(NORTH, { id: "n2", name: "b" }),
    });
    const listings = deferred();
    listings.begin([request("dev")]);
    expect(idsIn(listings.wait("dev"))[0]?.sort()).toEqual(["n1", "n2"]);
  });
});

describe("an error of a deferred listing", () => {
  type Case = {
    variables?: Record<string, string>;
    fault?: Partial<Fault>;
    request?: Partial<ListingRequest>;
  };

  const published = (emulator: WorkspaceEmulator) => ({
    before: () => {
      emulator.publish(NORTH, { name: "AAA" });
    },
  });

  test.each<[string, abstract new (...args: never[]) => WorkspaceImagesError, Case]>([
    [
      "of the configuration",
      ConfigurationError,
      {
        request: {
          environment: { name: "dev", region: NORTH, endpoints: { workspace: "http://example.com" } },
        },
      },
    ],
    ["of a variable", ConfigurationError, { variables: { HW_MAX_RETRIES: "many" } }],
    ["without credentials", NoCredentialsError, { variables: { HW_ACCESS_KEY: "", HW_SECRET_KEY: "" } }],
    [
      "of a profile that is unknown",
      CredentialsError,
      {
        variables: { HW_ACCESS_KEY: "", HW_SECRET_KEY: "" },
        request: { environment: { name: "dev", region: NORTH, profile: "nobody" } },
      },
    ],
    ["of a lost connection", ConnectionError, { fault: { reset: "before" } }],
    ["of a refusal", ApiError, { fault: { status: 403, shape: "gateway" } }],
    ["of IAM", ApiError, { fault: { on: "iam", status: 401, shape: "iam" } }],
    ["of an answer that is none", ResponseError, { fault: { body: "html" } }],
    [
      "of a lock file of another project",
      LockFileError,
      {
        request: {
          environment: { name: "dev", region: NORTH, projectId: "here" },
          locked: { region: NORTH, projectId: "elsewhere" },
        },
      },
    ],
  ])(
    "%s has class, message and fields of one that is awaited",
    async (_, Class, { variables, fault, ...rest }) => {
      const emulator = await emulate({}, variables);
      if (fault) emulator.inject({ on: "images", ...fault });
      const asked = request("dev", NORTH, rest.request);
      const awaited = await rejection(
        openListings().then(async (source) => {
          try {
            const { listing } = await source.environment(asked.environment, asked.locked);
            return await listing({});
          } finally {
            await source.close();
          }
        }),
      );
      const listings = deferred();
      listings.begin([asked]);
      const outcome = listings.wait("dev");
      const error = "error" in outcome ? outcome.error : undefined;
      expect(error).toBeInstanceOf(Class);
      expect(error).toBeInstanceOf(WorkspaceImagesError);
      expect(error).toBeInstanceOf(Error);
      expect(described(error)).toEqual(described(awaited));
      expect(error?.stack).toMatch(new RegExp(`^${awaited.name}: `));
    },
  );

  test("of a listing that keeps changing is that of one that is awaited", async () => {
    const images = Array.from({ length: 30 }, (_, index) => image({ id: `${index}`, name: `N ${index}` }));
    const emulator = await emulate({ images: { [NORTH]: images }, maxLimit: 10 });
    emulator.inject({ on: ({ query }) => query.offset !== "0", ...published(emulator) });
    const listings = deferred();
    listings.begin([request("dev")]);
    const outcome = listings.wait("dev");
    expect("error" in outcome && outcome.error).toBeInstanceOf(UnstableListingError);
  });

  test("of one environment is none of another", async () => {
    const emulator = await emulate();
    emulator.inject({ on: ({ path }) => path.includes(emulator.projectId(SOUTH)), status: 403 });
    const listings = deferred();
    listings.begin([request("prod", SOUTH), request("dev")]);
    expect(listings.wait("prod")).toMatchObject({ error: { code: "WKS.00010001", status: 403 } });
    expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
  });

  test("of a service that hangs comes when all time is up", async () => {
    const emulator = await emulate();
    emulator.inject({ on: "images", delayHeadersMs: 60_000 });
    const listings = deferred({ limits: { silence: 30_000, total: 1500 } });
    listings.begin([request("dev"), request("prod", SOUTH)]);
    const started = performance.now();
    const outcome = listings.wait("dev");
    expect(performance.now() - started).toBeLessThan(20_000);
    expect("error" in outcome && outcome.error).toBeInstanceOf(ConnectionError);
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('"dev" were not listed') } });
  });

  /** All that tells an error, but for what each request has of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: errors have fields of many kinds
  function described(error: any): object {
    const text = (value: unknown) => String(value).replace(/[0-9a-f]{32}/g, "(ID)");
    return {
      class: error.constructor,
      name: error.name,
      fields: Object.entries(error)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key} ${text(value)}`)
        .sort(),
      message: text(error.message),
      ...(error.cause && {
        cause: described({
          ...error.cause,
          constructor: Error,
          name: error.cause.name,
          message: error.cause.message,
        }),
      }),
    };
  }
});

describe("progress", () => {
  const written = async (isTTY: boolean, delayHeadersMs: number): Promise<string[]> => {
    const emulator = await emulate();
    emulator.inject({ on: "images", times: 1, delayHeadersMs });
    const before = process.stderr.isTTY;
    process.stderr.isTTY = isTTY;
    const write = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      const listings = deferred();
      listings.begin([request("dev")]);
      expect(idsIn(listings.wait("dev"))).toEqual([["n1"]]);
      return write.mock.calls.map(([text]) => String(text));
    } finally {
      process.stderr.isTTY = before;
      write.mockRestore();
    }
  };

  test("is shown on a terminal after a second, and cleared", async () => {
    const texts = await written(true, 2500);
    expect(texts[0]).toBe('\r\u001b[2KListing images of environment "dev" … 1 s');
    expect(texts.at(-1)).toBe("\r\u001b[2K");
  });

  test("is not shown where standard error is no terminal", async () => {
    expect(await written(false, 1500)).toEqual([]);
  });
});

test("a closed port is told as such while this thread waits", async () => {
  enter(new TestProject({}), {
    HW_ACCESS_KEY: "AK",
    HW_SECRET_KEY: "SK-of-a-test",
    HW_MAX_RETRIES: "0",
    WORKSPACE_IMAGES_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
  });
  const listings = deferred();
  listings.begin([request("dev", NORTH, { locked: { region: NORTH, projectId: "p" } })]);
  expect(listings.wait("dev")).toMatchObject({
    error: { code: "CONNECTION", cause: { code: "ECONNREFUSED" } },
  });
});
