import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import * as fc from "fast-check";
import {
  ApiError,
  ConfigurationError,
  DataHuaweicloudWorkspaceImage,
  LockFileError,
  NoMatchError,
  type SingleImageFilter,
  type WorkspaceImage,
  WorkspaceImageCatalog,
  WorkspaceImagesError,
} from "../../src";
import { WorkspaceApi } from "../../src/api/workspace-client";
import { builtInImages, DEFAULT_ACCOUNT, WorkspaceEmulator } from "../../src/emulator";
import { imageInfo } from "../../src/emulator/image-service";
import { selectImages } from "../../src/images/image-selection";
import type { ListedImage } from "../../src/images/workspace-image";
import { openEnvironments } from "../../src/project/environments";
import { locate } from "../../src/project/location";
import { findProject } from "../../src/project/project";
import { findDuplicateKey } from "../../src/text/json";
import { thrown } from "../support/errors";
import { listedIds, usableIds } from "../support/images";
import { TestProject } from "../support/project";
import { type LoopbackServer, openServer, urlOf } from "../support/server";

const REGION = "cn-north-4";
const RUNS = { numRuns: 1000 };
/** Texts that stand where a JSON value is expected. */
const junk = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    "",
    "null",
    "[]",
    "{}",
    "undefined",
    "NaN",
    "-1",
    "1e999",
    "0.5",
    "9007199254740993",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    '"constructor"',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"toString":1,"length":-1}',
    `"${"x".repeat(20_000)}"`,
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    `"${"\\\\".repeat(1000)}"`,
  ),
);

/** Every place in a JSON value, as the keys that lead there. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => places(child, [...path, key]))];
}

/** The JSON text of a value with another text in one place. */
function textWith(value: unknown, [key, ...rest]: readonly string[], text: string): string {
  if (key === undefined) return text;
  const parts = Object.entries(value as object).map(([name, child]) => {
    const written = name === key ? textWith(child, rest, text) : JSON.stringify(child);
    return Array.isArray(value) ? written : `${JSON.stringify(name)}:${written}`;
  });
  return Array.isArray(value) ? `[${parts.join()}]` : `{${parts.join()}}`;
}

/** JSON texts that were damaged: in a value, by a key too many, or in their characters. */
function damaged(value: unknown): fc.Arbitrary<string> {
  const text = JSON.stringify(value, null, 2);
  const at = fc.nat(text.length);
  const braces = [...text.matchAll(/\{/g)].map(({ index }) => index + 1);
  const keys = [...new Set(text.match(/"[^"]+"(?=:)/g) ?? [])];
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(...places(value)), junk)
      .map(([place, replacement]) => textWith(value, place, replacement)),
    fc
      .tuple(
        fc.constantFrom(...braces),
        fc.oneof(
          fc.constantFrom('"__proto__"', '"constructor"', '"more"', ...keys),
          fc.string().map((key) => JSON.stringify(key)),
        ),
        junk,
      )
      .map(([index, key, more]) => `${text.slice(0, index)}${key}:${more},${text.slice(index)}`),
    fc
      .tuple(at, fc.nat(20), fc.string({ unit: "binary", maxLength: 5 }))
      .map(([index, length, more]) => text.slice(0, index) + more + text.slice(index + length)),
    at.map((index) => text.slice(0, index)),
    fc.string({ unit: "binary" }),
  );
}

/** Runs one damaged input: whatever happens, no object gained a property, and an error is a typed one. */
async function bear<T>(work: () => T | Promise<T>): Promise<T | WorkspaceImagesError> {
  const before = [Object.prototype, Array.prototype, Function.prototype].map((object) =>
    Object.getOwnPropertyNames(object).join(),
  );
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WorkspaceImagesError)) throw error;
    // It can be read on a terminal.
    expect(error.message.length).toBeLessThanOrEqual(10_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would steer it
    expect(error.message).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    return error;
  } finally {
    const after = [Object.prototype, Array.prototype, Function.prototype].map((object) =>
      Object.getOwnPropertyNames(object).join(),
    );
    expect(after).toEqual(before);
  }
}

describe("response bodies", () => {
  const images = builtInImages(REGION)
    .slice(0, 4)
    .map((image) => imageInfo(image));
  let server: LoopbackServer;
  let variables: Record<string, string>;
  /** Answers a request by its method and path. */
  let answer: (request: string, offset: number) => { status: number; body: string };

  beforeAll(async () => {
    server = await openServer((request, response) => {
      const { pathname, searchParams } = urlOf(request);
      const { status, body } = answer(`${request.method} ${pathname}`, Number(searchParams.get("offset")));
      response.writeHead(status, { "x-subject-token": "token" }).end(body);
    });
    variables = {
      HW_AUTH_URL: `${server.url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: server.url,
      WORKSPACE_IMAGES_METADATA_ENDPOINT: server.url,
      HW_MAX_RETRIES: "0",
      HOME: mkdtempSync(join(tmpdir(), "workspace-images-home-")),
    };
  });
  afterAll(() => server.close());

  const key = { HW_ACCESS_KEY: "A", HW_SECRET_KEY: "secret-key" };

  async function list(more: Record<string, string>): Promise<readonly WorkspaceImage[]> {
    const api = new WorkspaceApi({ variables: { ...variables, ...more } });
    try {
      return await api
        .client(locate({ name: "dev", region: REGION }, { ...variables, ...more }))
        .listImages();
    } finally {
      await api.close();
    }
  }

  /** The IDs in a listing, where it is one. */
  function idsIn(body: string): string[] | undefined {
    try {
      return usableIds(JSON.parse(body));
    } catch {
      return undefined;
    }
  }

  test("of listings give the images that stand in them, or a typed error", async () => {
    let listed = 0;
    await fc.assert(
      fc.asyncProperty(damaged({ images, total_count: 4 }), async (body) => {
        answer = (_, offset) => {
          if (offset === 0) return { status: 200, body };
          try {
            const { images: all } = JSON.parse(body) as { images: unknown[] | null };
            return { status: 200, body: JSON.stringify({ images: all?.slice(offset) }) };
          } catch {
            return { status: 200, body };
          }
        };
        const result = await bear(() => list({ ...key, HW_PROJECT_ID: "p" }));
        if (result instanceof Error) return;
        listed++;
        expect(listedIds(result)).toEqual(idsIn(body));
        for (const { oddities: _, ...image } of result as ListedImage[]) {
          for (const field of Object.values(image)) expect(["string", "number"]).toContain(typeof field);
        }
      }),
      RUNS,
    );
    // Not everything that is damaged is unusable: a field more, another name.
    expect(listed).toBeGreaterThan(20);
  });

  test("of errors give an API error", async () => {
    const service = {
      error_code: "WKS.00010001",
      error_msg: "m",
      error_detail: "d",
      encoded_authorization_message: "e",
      request_id: "r",
    };
    const iam = { error: { code: 401, message: "m", title: "t" } };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(damaged(service), damaged(iam)),
        fc.constantFrom(400, 401, 403, 404, 405, 429, 500, 503),
        async (body, status) => {
          answer = () => ({ status, body });
          const error = await bear(() => list({ ...key, HW_PROJECT_ID: "p" }));
          expect(error).toBeInstanceOf(ApiError);
          expect(error).toMatchObject({ status });
        },
      ),
      RUNS,
    );
  });

  test("of IAM and ECS metadata give credentials, or a typed error", async () => {
    const end = "2999-01-01T00:00:00Z";
    const token = { token: { expires_at: end } };
    const credential = {
      credential: { access: "A", secret: "some-secret", securitytoken: "some-token", expires_at: end },
    };
    const projects = { projects: [{ id: "p", name: REGION }] };
    const good: Record<string, unknown> = {
      "POST /v3/auth/tokens": token,
      "POST /v3.0/OS-AUTH/id-token/tokens": token,
      "POST /v3.0/OS-CREDENTIAL/securitytokens": credential,
      "GET /openstack/latest/securitykey": credential,
      "GET /v3/projects": projects,
    };
    const sources = {
      "POST /v3/auth/tokens": { HW_USER_NAME: "u", HW_USER_PASSWORD: "password", HW_DOMAIN_NAME: "d" },
      "POST /v3.0/OS-AUTH/id-token/tokens": {
        HW_ASSUME_ROLE_IDP_ID: "i",
        HW_ASSUME_ROLE_ID_TOKEN: "some-id-token",
      },
      "POST /v3.0/OS-CREDENTIAL/securitytokens": { ...key, HW_ASSUME_ROLE_AGENCY_NAME: "a" },
      "GET /openstack/latest/securitykey": {},
      "GET /v3/projects": key,
    };
    const cases = Object.entries(sources).map(([request, source]) =>
      damaged(good[request]).map((body) => ({ request, source, body })),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(...cases), async ({ request, source, body }) => {
        answer = (asked) =>
          asked.endsWith("/images")
            ? { status: 200, body: '{"images":[]}' }
            : { status: 201, body: asked === request ? body : JSON.stringify(good[asked]) };
        const result = await bear(() => list(source as unknown as Record<string, string>));
        if (!(result instanceof Error)) expect(result).toEqual([]);
      }),
      RUNS,
    );
  });

  test("with a field of more than 1,024 characters give an image that is named with it, and not selected", async () => {
    for (const field of ["name", "os_version", "product_code"]) {
      for (const length of [1024, 1025]) {
        const body = JSON.stringify({ images: [{ id: "i", [field]: "x".repeat(length) }] });
        answer = (_, offset) => ({ status: 200, body: offset === 0 ? body : '{"images":[]}' });
        const result = await bear(() => list({ ...key, HW_PROJECT_ID: "p" }));
        if (length === 1024) {
          expect(result).toHaveLength(1);
          continue;
        }
        const { oddities } = (result as ListedImage[])[0]!;
        expect(Object.values(oddities!)).toEqual([
          `${field} is wrong: it must be a text of at most 1024 characters`,
        ]);
        const listings = [{ query: {}, images: result as ListedImage[] }];
        const error = thrown(() => selectImages(listings, {}, "one", "here"));
        expect(error).toBeInstanceOf(NoMatchError);
        expect(error.message).toContain(`(i): ${field} is wrong`);
      }
    }
  });
});

describe("files", () => {
  const before = { variables: { ...process.env }, directory: process.cwd() };
  let project: TestProject;
  let emulator: WorkspaceEmulator;
  beforeAll(async () => {
    emulator = await WorkspaceEmulator.start();
  });
  afterAll(() => emulator.close());
  beforeEach(() => {
    project = new TestProject({ dev: { region: REGION } });
    process.chdir(project.directory);
    Object.assign(process.env, emulator.variables);
  });
  afterEach(() => {
    process.env = { ...before.variables };
    process.chdir(before.directory);
  });

  const filter = {
    imageType: "gold",
    nameRegex: "^Windows_11_Enterprise_24H2",
    mostRecent: true,
  } satisfies SingleImageFilter;

  test("lock files that are damaged give the pin that was taken, or a typed error", async () => {
    const app = new App({ outdir: project.path("cdktf.out") });
    await WorkspaceImageCatalog.prefetch(app, { mode: "auto" });
    const taken = new DataHuaweicloudWorkspaceImage(new TerraformStack(app, "s"), "office", filter).image;
    app.synth();
    const lock = project.readLock("dev");
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(damaged(lock), async (text) => {
        project.write("workspace-images/dev.lock.json", text);
        const result = await bear(async () => {
          const again = new App();
          const catalog = await WorkspaceImageCatalog.prefetch(again, { mode: "frozen" });
          return catalog.lookup(new TerraformStack(again, "s"), {
            pinName: "office",
            filter,
            cardinality: "one",
          });
        });
        if (result instanceof Error) return;
        kept++;
        expect(result).toEqual([taken]);
      }),
      RUNS,
    );
    expect(kept).toBeGreaterThan(0);
  });

  test("a lock file with a text of megabytes gives a typed error", async () => {
    for (const text of ["x", "\\\\", '\\"']) {
      project.write("workspace-images/dev.lock.json", `{"a":"${text.repeat(6_000_000)}"}`);
      const app = new App();
      await WorkspaceImageCatalog.prefetch(app, { mode: "frozen" });
      const stack = new TerraformStack(app, "s");
      const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "office", filter));
      expect(error).toBeInstanceOf(LockFileError);
    }
  });

  test("duplicate keys are found, and nothing else is taken for one", async () => {
    await fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        expect(findDuplicateKey(text)).toBeUndefined();
      }),
      RUNS,
    );
    await fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.json(),
        fc.json(),
        fc.nat(3),
        (key, one, other, spaces) => {
          const written = JSON.stringify(key);
          const colon = `${" ".repeat(spaces)}:`;
          const text = `[{"b":[${one}],${written}${colon}${one},"c d":{},${written}:${other}}]`;
          fc.pre(!["b", "c d"].includes(key));
          expect(findDuplicateKey(text)).toEqual([key]);
        },
      ),
      RUNS,
    );
    expect(findDuplicateKey('{"a":1,"\\u0061":2}')).toEqual(["a"]);
    expect(findDuplicateKey('{"a":{"a":[{"a":"a"},{"a":"{\\"a"}]}}')).toBeUndefined();
  });

  test("environments in a damaged cdktf.json are usable, or give a typed error", async () => {
    const cdktfJson = {
      language: "typescript",
      app: "npx tsx main.ts",
      context: {
        workspaceImages: {
          environments: {
            dev: { region: REGION, projectId: "p", maxPinAgeDays: 90 },
            prod: {
              region: "cn-south-1",
              cloud: "myhuaweicloud.com",
              profile: "prod",
              projectName: "n",
              promotion: { from: "dev", minAgeDays: 7 },
              endpoints: { workspace: "https://workspace.example.com", iam: "http://127.0.0.1:1/" },
            },
          },
        },
      },
    };
    let usable = 0;
    await fc.assert(
      fc.asyncProperty(damaged(cdktfJson), async (text) => {
        project.write("cdktf.json", text);
        const result = await bear(async () => {
          const { environments } = await WorkspaceImageCatalog.prefetch(new App(), { mode: "frozen" });
          return environments;
        });
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(ConfigurationError);
          return;
        }
        usable++;
        expect(result.length).toBeGreaterThan(0);
        const configured = openEnvironments(findProject());
        for (const name of result) {
          const environment = await bear(() => configured.get(name));
          if (environment instanceof Error) {
            expect(environment).toBeInstanceOf(ConfigurationError);
            continue;
          }
          const place = await bear(() => locate(environment!, {}));
          if (place instanceof Error) continue;
          for (const url of [place.workspaceUrl, place.iamUrl]) {
            expect(url).toMatch(/^(https:\/\/[^/]+|http:\/\/(127\.|localhost|\[::1\]))/);
          }
        }
      }),
      RUNS,
    );
    expect(usable).toBeGreaterThan(20);
  });

  test("shared files that are damaged give the right listing, or a typed error", async () => {
    const home = mkdtempSync(join(tmpdir(), "workspace-images-home-"));
    const { accessKey, secretKey, agency } = DEFAULT_ACCOUNT;
    const shared = {
      current: "a",
      profiles: [
        { name: "b", mode: "ecsAgency" },
        {
          name: "a",
          mode: "AKSK",
          accessKeyId: accessKey,
          secretAccessKey: secretKey,
          securityToken: "",
          region: REGION,
          projectId: emulator.projectId(REGION),
          agencyDomainId: "",
          agencyDomainName: agency.domainName,
          agencyName: agency.agencyName,
          ssoAuth: { stsToken: { accessKeyId: "", secretAccessKey: "", securityToken: "" } },
        },
      ],
    };
    const file = join(home, "config.json");
    const { HW_AUTH_URL, WORKSPACE_IMAGES_ENDPOINT } = emulator.variables;
    const variables = {
      HOME: home,
      HW_AUTH_URL,
      WORKSPACE_IMAGES_ENDPOINT,
      WORKSPACE_IMAGES_METADATA_ENDPOINT: "http://127.0.0.1:9",
      HW_SHARED_CONFIG_FILE: file,
      HW_MAX_RETRIES: "0",
    };
    const all = emulator.images(REGION).length;
    let listed = 0;
    await fc.assert(
      fc.asyncProperty(damaged(shared), async (text) => {
        writeFileSync(file, text);
        const result = await bear(async () => {
          const api = new WorkspaceApi({ variables });
          try {
            return await api.client(locate({ name: "dev", region: REGION }, variables)).listImages();
          } finally {
            await api.close();
          }
        });
        if (result instanceof Error) {
          if (result instanceof ConfigurationError) expect(result.message).toContain("project ID");
          return;
        }
        listed++;
        expect(result).toHaveLength(all);
      }),
      RUNS,
    );
    expect(listed).toBeGreaterThan(20);
  });
});
