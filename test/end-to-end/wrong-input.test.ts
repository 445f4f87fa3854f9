import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  ApiError,
  CatalogError,
  ConfigurationError,
  ConnectionError,
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
  DataHuaweicloudWorkspaceImages,
  EnvironmentUnavailableError,
  FilterError,
  MostRecentError,
  NoCredentialsError,
  NoMatchError,
  type PrefetchOptions,
  ResponseError,
  SeveralMatchesError,
  WorkspaceImageCatalog,
} from "../../src";
import { WorkspaceEmulator } from "../../src/emulator";
import { rejection, thrown } from "../support/errors";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { freePort } from "../support/server";
import { enter, openApp, restoreProcess } from "../support/synth";

restoreProcess();

const REGION = "cn-north-4";

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  const { createdAt: _, ...undated } = image({ id: "undated", name: "Undated" });
  emulator = await WorkspaceEmulator.start({
    images: {
      [REGION]: [
        image({ id: "w1", name: "Windows_11_A" }),
        image({ id: "w2", name: "Windows_11_B" }),
        image({ id: "w3", name: "Windows_10", createdAt: "2024-01-01T00:00:00Z" }),
        undated,
      ],
    },
  });
  project = new TestProject({ dev: { region: REGION }, prod: { region: REGION } });
  enter(project, emulator.variables);
});
afterEach(() => emulator.close());

describe("a lookup that cannot be answered names construct and environment, what is wrong and what to do", () => {
  test.each<[string, DataHuaweicloudWorkspaceImageConfig, unknown, string[]]>([
    [
      "no match",
      { nameRegex: "^Windows_12" },
      NoMatchError,
      ["no image matches", 'nameRegex "^Windows_12" leaves none', "Nearest:", "Windows_11_A (w1"],
    ],
    [
      "several matches",
      { osType: "Windows" },
      SeveralMatchesError,
      ["4 images match", "Windows_11_A (w1", "Windows_11_B (w2", "Narrow the filter"],
    ],
    [
      "mostRecent without dates",
      { osType: "Windows", mostRecent: true, allowAnyImageType: true },
      MostRecentError,
      ["1 of 4 candidates have no creation time", "Undated (undated", "createdAfter"],
    ],
    [
      "mostRecent with a tie",
      { imageType: "gold", nameRegex: "^Windows", mostRecent: true },
      MostRecentError,
      ["cannot decide between 2 images", "Windows_11_A (w1", "Windows_11_B (w2", "Narrow the filter"],
    ],
    [
      "mostRecent without an image type",
      { nameRegex: "^Windows_10", mostRecent: true },
      FilterError,
      ["mostRecent needs an imageType", "allowAnyImageType: true"],
    ],
    [
      "a bad regular expression",
      { nameRegex: "Windows_(" },
      FilterError,
      ['nameRegex "Windows_(" is not valid'],
    ],
    [
      "a bad date",
      { createdAfter: "01/31/2025" },
      FilterError,
      ['createdAfter "01/31/2025" is not valid', "such as 2025-01-31"],
    ],
    [
      "a filter that is false because a condition was",
      { imageType: false as unknown as string },
      FilterError,
      ["imageType false is not valid"],
    ],
    [
      "a filter that is null",
      { osType: null as unknown as string },
      FilterError,
      ["osType null is not valid"],
    ],
  ])("%s", async (_, config, type, parts) => {
    const { stack } = await openApp();
    const error = thrown(
      () => new DataHuaweicloudWorkspaceImage(stack, "desk", { environment: "prod", ...config }),
    );
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ name: error.constructor.name, code: expect.stringMatching(/^[A-Z_]+$/) });
    expect(error.message.startsWith('stack/desk (environment "prod"): ')).toBe(true);
    for (const part of parts) expect(error.message).toContain(part);
  });

  test("a token as a filter", async () => {
    const { stack } = await openApp();
    const variable = new TerraformVariable(stack, "release", { type: "string" });
    const error = thrown(
      () =>
        new DataHuaweicloudWorkspaceImages(stack, "desk", {
          environment: "dev",
          nameRegex: `^Windows_${variable.stringValue}`,
        }),
    );
    expect(error).toBeInstanceOf(FilterError);
    expect(error.message).toBe(
      'stack/desk (environment "dev"): nameRegex is a token, a value that is known only when Terraform runs. Images are selected at synth: give a plain value.',
    );
  });

  test("nothing of it is pinned, and the app can go on without it", async () => {
    const { app, stack } = await openApp();
    thrown(() => new DataHuaweicloudWorkspaceImage(stack, "bad", { environment: "dev", name: "none" }));
    new DataHuaweicloudWorkspaceImage(stack, "good", { environment: "dev", imageId: "w1" });
    app.synth();
    expect(Object.keys(project.readLock("dev").pins)).toEqual(["good"]);
  });
});

describe("prefetch", () => {
  test("that was forgotten", () => {
    const stack = new TerraformStack(new App(), "stack");
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "desk", {}));
    expect(error).toBeInstanceOf(CatalogError);
    expect(error.message).toContain("stack/desk: there is no catalog");
    expect(error.message).toContain("await WorkspaceImageCatalog.prefetch(app)");
  });

  test.each(["auto", "frozen"] as const)("that was not awaited, in mode %s", async (mode) => {
    const app = new App();
    const prefetching = WorkspaceImageCatalog.prefetch(app, { mode });
    const stack = new TerraformStack(app, "stack");
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "desk", {}));
    expect(error).toBeInstanceOf(CatalogError);
    expect(error.message).toContain("stack/desk: WorkspaceImageCatalog.prefetch has not finished. Await it");
    await prefetching;
  });

  test("that is called twice, one after the other or at once", async () => {
    const { app } = await openApp();
    expect(await rejection(WorkspaceImageCatalog.prefetch(app))).toBeInstanceOf(CatalogError);
    const other = new App();
    const first = WorkspaceImageCatalog.prefetch(other);
    const error = await rejection(WorkspaceImageCatalog.prefetch(other));
    expect(error).toBeInstanceOf(CatalogError);
    expect(error.message).toContain(
      "already has a catalog: call WorkspaceImageCatalog.prefetch (or fromImages) once",
    );
    const catalog = await first;
    expect(WorkspaceImageCatalog.of(other)).toBe(catalog);
  });

  test("that failed may be called again", async () => {
    const app = new App();
    expect(await rejection(WorkspaceImageCatalog.prefetch(app, { environments: {} }))).toBeInstanceOf(
      ConfigurationError,
    );
    await WorkspaceImageCatalog.prefetch(app);
    expect(WorkspaceImageCatalog.of(app).environments).toEqual(["dev", "prod"]);
  });

  test("and fromImages exclude each other", async () => {
    const { app } = await openApp();
    expect(thrown(() => WorkspaceImageCatalog.fromImages(app, {}))).toBeInstanceOf(CatalogError);
  });
});

/** The first lookup in the only environment, which has no lock file yet. */
async function firstLookup(options?: PrefetchOptions): Promise<string> {
  const { stack } = await openApp(options);
  return new DataHuaweicloudWorkspaceImage(stack, "desk", { imageType: "gold" }).id;
}

describe("an environment", () => {
  test("that is unknown", async () => {
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "desk", { environment: "prd" }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(
      'stack/desk: there is no environment "prd". Environments: dev, prod. Add it where these are configured.',
    );
  });

  test("that is not said, where there are several", async () => {
    const { stack } = await openApp();
    const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, "desk", {}));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(
      "stack/desk: which environment? Environments: dev, prod. Set environment",
    );
  });

  test("of which there is none", async () => {
    const empty = new TestProject({});
    enter(empty);
    const error = await rejection(openApp());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("There are no environments in ");
    expect(error.message).toContain(empty.directory);
  });

  test.each<[string, unknown, string]>([
    [
      "an unknown key",
      { dev: { regoin: "x" } },
      "environments.dev.regoin is not a known key. Known: region, projectId,",
    ],
    [
      "an unknown endpoint",
      { dev: { endpoints: { worksapce: "https://example.com" } } },
      "dev.endpoints.worksapce is not a known key. Known: workspace, iam.",
    ],
    ["a secret", { dev: { secretKey: "canary-secret" } }, "Credentials never stand there"],
    ["a region that is none", { dev: { region: "CN North" } }, "environments.dev.region is wrong"],
    [
      "a negative age",
      { dev: { maxPinAgeDays: -1 } },
      "environments.dev.maxPinAgeDays is wrong (must not be negative)",
    ],
    [
      "an unknown policy",
      { dev: { promotion: { from: "dev", minAge: 7 } } },
      "dev.promotion.minAge is not a known key. Known: from, minAgeDays.",
    ],
    ["a name that is a path", { "../dev": {} }, "a name must have 1 to 64 letters"],
    ["a text", "dev", "environments is wrong (expected Object)"],
  ])("with %s, in cdktf.json or in the option", async (_, environments, message) => {
    enter(new TestProject(environments as never));
    const fromFile = await rejection(firstLookup());
    expect(fromFile).toBeInstanceOf(ConfigurationError);
    expect(fromFile.message).toContain(message);
    expect(fromFile.message).toMatch(/^cdktf\.json: /);
    const fromOption = await rejection(firstLookup({ environments } as PrefetchOptions));
    expect(fromOption.message).toContain(message);
    expect(fromOption.message).toMatch(/^The option environments: /);
    expect(fromFile.message + fromOption.message).not.toContain("canary-secret");
  });

  test("in a Map instead of an object", async () => {
    const environments = new Map([["dev", { region: "cn-north-4" }]]);
    const error = await rejection(openApp({ environments } as unknown as PrefetchOptions));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^The option environments has none: it is an object/);
  });

  test("in a cdktf.json that is no JSON", async () => {
    project.write("cdktf.json", "{");
    const error = await rejection(openApp());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(`${project.path("cdktf.json")} is not valid`);
  });

  test("without a region", async () => {
    enter(new TestProject({ dev: {} }));
    const error = await rejection(firstLookup());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(
      "workspaceImages.environments.dev.region in cdktf.json, or HW_REGION_NAME",
    );
  });

  test.each([
    [{ workspace: "http://workspace.example.com" }, /the Workspace endpoint .* is plain http.* use https/],
    [{ workspace: "https://example.com/v2/" }, /the Workspace endpoint .* must not end in a version/],
    [
      { iam: "iam example.com" },
      /the IAM endpoint \(workspaceImages\.environments\.dev\.endpoints\.iam in cdktf\.json\) is not a URL/,
    ],
    [
      { iam: "iam.example.com" },
      /endpoints\.iam in cdktf\.json\) leads to iam\.example\.com, .* set WORKSPACE_IMAGES_TRUSTED_HOSTS=/,
    ],
    [
      { iam: "https://user:canary-secret@iam.example.com" },
      /the IAM endpoint .* must not contain a user name/,
    ],
  ])("with the endpoints %j", async (endpoints, message) => {
    enter(new TestProject({ dev: { region: REGION, endpoints } }));
    const error = await rejection(firstLookup());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^Environment "dev": /);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("canary-secret");
  });
});

test("an endpoint in a variable is named as such", async () => {
  enter(new TestProject({ dev: { region: REGION } }), { WORKSPACE_IMAGES_ENDPOINT: "https://" });
  const error = await rejection(firstLookup());
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toBe(
    'Environment "dev": the Workspace endpoint (WORKSPACE_IMAGES_ENDPOINT) is not a URL such as https://example.com.',
  );
});

describe("an environment that cannot be listed: its lookup fails, and says the cause", () => {
  const lookUp = async () => {
    const { stack } = await openApp();
    const error = thrown(
      () => new DataHuaweicloudWorkspaceImage(stack, "desk", { environment: "dev", imageId: "w1" }),
    );
    expect(error).toBeInstanceOf(EnvironmentUnavailableError);
    expect(error.message).toContain(
      'stack/desk (environment "dev"): there is no pin "desk" yet, and the images could not be listed. ',
    );
    expect(error.message).toContain((error.cause as Error).message);
    return error;
  };

  test("no credentials", async () => {
    delete process.env.HW_ACCESS_KEY;
    delete process.env.HW_SECRET_KEY;
    const { cause, message } = await lookUp();
    expect(cause).toBeInstanceOf(NoCredentialsError);
    expect(message).toContain("HW_ACCESS_KEY and HW_SECRET_KEY are not set");
    expect(message).toContain("Set HW_ACCESS_KEY and HW_SECRET_KEY");
  });

  test("a wrong secret", async () => {
    process.env.HW_SECRET_KEY = "canary-wrong-secret";
    const { cause, message } = await lookUp();
    expect(cause).toBeInstanceOf(ApiError);
    expect(cause).toMatchObject({ status: 401, requestId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(message).toContain(
      "The credentials came from HW_ACCESS_KEY and HW_SECRET_KEY: check them, and whether they have expired.",
    );
    expect(message).not.toContain("canary");
  });

  test("an endpoint that is not reachable", async () => {
    const port = await freePort();
    process.env.WORKSPACE_IMAGES_ENDPOINT = `http://127.0.0.1:${port}`;
    const { cause, message } = await lookUp();
    expect(cause).toBeInstanceOf(ConnectionError);
    expect(message).toContain(`http://127.0.0.1:${port}/`);
    expect(message).toContain("refused");
  });

  test("a web page instead of JSON", async () => {
    emulator.inject({ on: "images", body: "html" });
    const { cause, message } = await lookUp();
    expect(cause).toBeInstanceOf(ResponseError);
    expect(message).toContain("answered with a web page instead of JSON");
    expect(message).toContain("Check HTTPS_PROXY and the endpoint");
  });
});
