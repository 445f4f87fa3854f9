import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { generate } from "selfsigned";
import { WorkspaceImagesError } from "../../src";
import type { Limits } from "../../src/api/exchange";
import { DEFAULT_ACCOUNT, type EmulatedRequest, type Fault, WorkspaceEmulator } from "../../src/emulator";
import { ids, list, REGION, type Variables } from "../api/support";
import { TestProject } from "../support/project";

const POSITIONS = {
  "the first page": ({ service, query }: EmulatedRequest) => service === "images" && query.offset === "0",
  "a later page": ({ service, query }: EmulatedRequest) => service === "images" && query.offset !== "0",
  IAM: ({ service }: EmulatedRequest) => service === "iam",
};
type Position = keyof typeof POSITIONS;

/** Limit of a call, ms. */
const TOTAL = 30_000;

/** Either the whole listing, or the code of a typed error. */
type Outcome = "listing" | (string & Record<never, never>);

/** Expected outcomes of a fault that happens once and always, where a position does not say otherwise. */
interface Row {
  readonly fault: (emulator: WorkspaceEmulator, position: Position) => Omit<Fault, "on" | "times">;
  readonly once: Outcome;
  readonly always: Outcome;
  readonly at?: Partial<Record<Position, { readonly once?: Outcome; readonly always?: Outcome }>>;
  /** Which requests to IAM are meant; default: all. */
  readonly iam?: (request: EmulatedRequest) => boolean;
  readonly limits?: Partial<Limits>;
}

/** A fault that another attempt may get over. */
const passing = (fault: Omit<Fault, "on" | "times">, always: Outcome, more: Partial<Row> = {}): Row => ({
  fault: () => fault,
  once: "listing",
  always,
  ...more,
});
/** A fault that another attempt would meet again. */
const lasting = (fault: Omit<Fault, "on" | "times">, outcome: Outcome, more: Partial<Row> = {}): Row => ({
  fault: () => fault,
  once: outcome,
  always: outcome,
  ...more,
});

const at = (ms: number) => new Date(Date.now() + ms).toUTCString();
const withTotal = (total: number | undefined) => (json: unknown) => ({
  ...(json as object),
  total_count: total,
});
const first = (emulator: WorkspaceEmulator) =>
  [...emulator.images(REGION)].sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1))[0]?.id ?? "";
const atNoPage = { IAM: { always: "listing" }, "the first page": { always: "listing" } } as const;

const FAULTS: Record<string, Row> = {
  "429 with seconds": passing(
    { status: 429, shape: "gateway", headers: { "retry-after": "1" } },
    "APIGW.0308",
  ),
  "429 with a date": {
    fault: () => ({ status: 429, shape: "gateway", headers: { "retry-after": at(2000) } }),
    once: "listing",
    always: "APIGW.0308",
  },
  "429 without": passing({ status: 429, shape: "gateway" }, "APIGW.0308"),
  "500": passing({ status: 500 }, "WKS.00010001"),
  "502": passing({ status: 502, shape: "gateway" }, "APIGW.0201"),
  "503": passing({ status: 503 }, "WKS.00010001"),
  "504": passing({ status: 504, shape: "iam" }, "IAM.504"),
  "reset before the body": passing({ reset: "before" }, "CONNECTION"),
  "reset during the body": passing({ reset: "during" }, "CONNECTION"),
  "slow headers": passing({ delayHeadersMs: 5000 }, "CONNECTION", { limits: { headers: 500 } }),
  "slow body": passing({ delayBodyMs: 5000 }, "CONNECTION", { limits: { body: 500 } }),
  // Another attempt would have no time left.
  "headers slower than the whole call's limit": lasting({ delayHeadersMs: 20_000 }, "CONNECTION", {
    limits: { total: 3000 },
  }),
  "truncated JSON": passing({ body: "truncated" }, "RESPONSE"),
  "truncated gzip": passing({ body: "truncated-gzip" }, "CONNECTION"),
  "an empty body": passing({ body: "empty" }, "RESPONSE"),
  "HTML with 200": lasting({ body: "html" }, "RESPONSE"),
  "JSON of another shape": lasting({ body: "other-json" }, "RESPONSE"),
  "JSON that is no object": lasting({ edit: () => [null] }, "RESPONSE"),
  "200 with an error code": lasting(
    { edit: () => ({ error_code: "WKS.00010003", error_msg: "said", images: [], projects: [] }) },
    "WKS.00010003",
  ),
  "206, a part of an answer": lasting({ status: 206 }, "WKS.00010001"),
  "images that are described wrongly": lasting(
    {
      edit: (json) => {
        const { images, ...others } = json as { images?: object[] };
        return images ? { ...others, images: images.map((one) => ({ ...one, min_disk: "80" })) } : json;
      },
    },
    "listing",
  ),
  "a wrong content type": lasting({ contentType: "text/plain" }, "listing"),
  "an oversized body": lasting({ body: "oversized" }, "RESPONSE"),
  "a redirect": lasting({ redirect: "http://127.0.0.1:9/" }, "RESPONSE"),
  "a total_count that is too low": lasting({ edit: withTotal(1) }, "listing"),
  "a total_count that is too high": lasting({ edit: withTotal(5000) }, "listing"),
  "no total_count": lasting({ edit: withTotal(undefined) }, "listing"),
  "an image published": {
    fault: (emulator) => {
      let count = 0;
      return { before: () => emulator.publish(REGION, { name: `AAA ${count++}` }) };
    },
    once: "listing",
    always: "UNSTABLE_LISTING",
    at: atNoPage,
  },
  "an image deleted": {
    fault: (emulator) => ({ before: () => emulator.remove(REGION, first(emulator)) }),
    once: "listing",
    always: "UNSTABLE_LISTING",
    at: atNoPage,
  },
  "duplicate IDs": passing(
    {
      edit: (json) => {
        const double = (list?: unknown[]) => list && [...list, ...list.slice(-1)];
        const { images, projects, ...others } = json as Record<string, unknown[]>;
        return { ...others, images: double(images), projects: double(projects) };
      },
    },
    "UNSTABLE_LISTING",
    { at: { IAM: { always: "listing" } } },
  ),
  "clock skew": {
    fault: () => ({ status: 401, shape: "gateway", headers: { date: at(2 * 3600_000) } }),
    once: "listing",
    always: "APIGW.0301",
    // The first call to IAM is for the credentials themselves: there are no others to try.
    at: { IAM: { once: "APIGW.0301" } },
  },
  "an expired token": {
    fault: (emulator) => ({ before: () => emulator.expireCredentials() }),
    once: "listing",
    always: "APIGW.0301",
    at: { IAM: { always: "IAM.401" } },
    iam: ({ path }) => path === "/v3/projects",
  },
  "IAM down": {
    fault: (emulator, position) =>
      position === "IAM"
        ? { status: 503, shape: "iam" }
        : { before: () => emulator.inject({ on: "iam", status: 503, shape: "iam" }) },
    once: "listing",
    // Where pages are fetched, the credentials are there already.
    always: "listing",
    at: { IAM: { always: "IAM.503" } },
  },
};

const rows = Object.entries(FAULTS).flatMap(([name, row]) =>
  (["once", "always"] as const).flatMap((times) =>
    (Object.keys(POSITIONS) as Position[]).map(
      (position) => [name, times, position, row.at?.[position]?.[times] ?? row[times], row] as const,
    ),
  ),
);

test.concurrent.each(rows)(
  "%s %s at %s: %s",
  async (_, times, position, expected, row) => {
    // Pages of ten, so that there are several.
    const emulator = await WorkspaceEmulator.start({ maxLimit: 10 });
    try {
      const fault = row.fault(emulator, position);
      let met = 0;
      emulator.inject({
        ...fault,
        before: () => {
          met++;
          fault.before?.();
        },
        on: (position === "IAM" && row.iam) || POSITIONS[position],
        ...(times === "once" && { times: 1 }),
      });
      expect(await outcome(emulator, emulator.variables, row.limits)).toBe(expected);
      expect(met).toBeGreaterThan(0);
    } finally {
      await emulator.close();
    }
  },
  60_000,
);

describe("faults of connections", () => {
  test.concurrent.each((Object.keys(POSITIONS) as Position[]).map((position) => [position] as const))(
    "refused at %s, then not: a connection error, then the listing",
    async (position) => {
      const emulator = await WorkspaceEmulator.start({ maxLimit: 10 });
      const gate = await Gate.open(emulator.url);
      try {
        const variables = {
          ...emulator.variables,
          ...(position === "IAM"
            ? { HW_AUTH_URL: `${gate.url}/v3` }
            : { WORKSPACE_IMAGES_ENDPOINT: gate.url }),
        };
        if (position === "a later page") {
          emulator.inject({
            on: POSITIONS["the first page"],
            headers: { connection: "close" },
            before: () => gate.shut(),
          });
        } else gate.shut();
        // Where nobody listens, nobody is waited for; always is as once.
        for (let run = 0; run < 2; run++) {
          expect(await outcome(emulator, variables)).toBe("CONNECTION");
          if (position === "a later page") await gate.reopen();
        }
        emulator.heal();
        if (position !== "a later page") await gate.reopen();
        expect(await outcome(emulator, variables)).toBe("listing");
      } finally {
        await gate.close();
        await emulator.close();
      }
    },
    60_000,
  );

  describe("TLS with an unknown CA", () => {
    let emulator: WorkspaceEmulator;
    let stranger: WorkspaceEmulator;
    let gate: Gate;
    const project = new TestProject({ dev: { region: REGION } });

    beforeAll(async () => {
      const known = await certificate();
      emulator = await WorkspaceEmulator.start({ maxLimit: 10, tls: known });
      stranger = await WorkspaceEmulator.start({ maxLimit: 10, tls: await certificate() });
      gate = await Gate.open(emulator.url);
      project.write("ca.pem", known.cert);
    });
    afterAll(async () => {
      await gate.close();
      await emulator.close();
      await stranger.close();
    });

    const run = async (variables: Record<string, string>): Promise<Outcome> => {
      const { stdout } = await project.program(["list", "--json"], {
        ...emulator.variables,
        NODE_EXTRA_CA_CERTS: project.path("ca.pem"),
        ...variables,
      });
      const { dev } = JSON.parse(stdout);
      if (!Array.isArray(dev)) return dev.error.code;
      expect(ids(dev)).toEqual(ids(emulator.images(REGION)));
      return "listing";
    };

    test.each(
      (Object.keys(POSITIONS) as Position[]).flatMap((position) =>
        (["once", "always"] as const).map((times) => [times, position] as const),
      ),
    )(
      "%s at %s: a connection error, and nothing is sent there",
      async (times, position) => {
        const url = gate.url.replace("http:", "https:");
        const variables: Record<string, string> =
          position === "IAM" ? { HW_AUTH_URL: `${url}/v3` } : { WORKSPACE_IMAGES_ENDPOINT: url };
        const meet = () => gate.lead(stranger.url, times === "once" ? 1 : Number.POSITIVE_INFINITY);
        gate.lead(emulator.url);
        if (position === "a later page") {
          emulator.inject({
            on: POSITIONS["the first page"],
            headers: { connection: "close" },
            before: meet,
            times: 1,
          });
        } else meet();
        // A certificate that is not trusted is not tried again.
        expect(await run(variables)).toBe("CONNECTION");
        if (position !== "a later page") {
          expect(await run(variables)).toBe(times === "once" ? "listing" : "CONNECTION");
        }
        gate.lead(emulator.url);
        expect(await run(variables)).toBe("listing");
        expect(stranger.requests).toEqual([]);
      },
      60_000,
    );
  });
});

/** Lists with credentials of an agency, which can end. */
async function outcome(
  emulator: WorkspaceEmulator,
  variables: Variables,
  limits: Partial<Limits> = {},
): Promise<Outcome> {
  const { agencyName, domainName } = DEFAULT_ACCOUNT.agency;
  const started = performance.now();
  try {
    const images = await list(
      {
        ...variables,
        HW_ASSUME_ROLE_AGENCY_NAME: agencyName,
        HW_ASSUME_ROLE_DOMAIN_NAME: domainName,
        HW_MAX_RETRIES: "2",
      },
      { limits: { headers: 20_000, body: 20_000, total: TOTAL, ...limits } },
    );
    expect(ids(images)).toEqual(ids(emulator.images(REGION)));
    return "listing";
  } catch (error) {
    if (error instanceof WorkspaceImagesError) return error.code;
    throw error;
  } finally {
    // The calls around the one that meets the fault take next to nothing.
    expect(performance.now() - started).toBeLessThan((limits.total ?? TOTAL) + 10_000);
  }
}

async function certificate(): Promise<{ cert: string; key: string }> {
  const { cert, private: key } = await generate([{ name: "commonName", value: "emulator" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ] as never,
  });
  return { cert, key };
}

/** A port in front of a server, which can be shut or lead elsewhere from the next connection on. */
class Gate {
  static async open(target: string): Promise<Gate> {
    const gate = new Gate(target);
    await gate.reopen();
    return gate;
  }

  private port = 0;
  private server: Server | undefined;
  private detour: string | undefined;
  private detours = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private target: string) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Leads to another server, as often as said and then to the first again. */
  lead(target: string, times = Number.POSITIVE_INFINITY): void {
    this.detour = target;
    this.detours = times;
  }

  shut(): void {
    this.server?.close();
    this.server = undefined;
  }

  async reopen(): Promise<void> {
    this.shut();
    this.server = createServer((socket) => {
      const { port } = new URL((this.detours-- > 0 && this.detour) || this.target);
      const upstream = connect(Number(port), "127.0.0.1");
      for (const end of [socket, upstream]) this.sockets.add(end.on("error", () => {}));
      socket.pipe(upstream).pipe(socket);
    });
    await once(this.server.listen(this.port, "127.0.0.1"), "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.shut();
  }
}
