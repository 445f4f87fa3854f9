import { ConfigurationError, type EnvironmentConfig } from "../../src";
import { type Environment, settingName } from "../../src/project/environment";
import { Environments, openEnvironments, readEnvironments } from "../../src/project/environments";
import { locate } from "../../src/project/location";
import type { Project } from "../../src/project/project";
import { thrown } from "../support/errors";

const project = (files: { cdktfJson?: object; configuration?: object }): Project => ({
  directory: "/project",
  kind: "cdktfJson" in files ? "app" : "file",
  foreignFiles: [],
  ...files,
});
const inFile = (environments: unknown) => project({ configuration: { environments } });
const inContext = (environments: unknown) => ({ context: { workspaceImages: { environments } } });
const names = (environments: ReadonlyMap<string, Environment>) => [...environments.keys()];

describe("environments", () => {
  const dev = { region: "cn-north-4" };

  test("stand in workspace-images.json, with or without a cdktf.json beside it", () => {
    const configuration = { $schema: "./schema.json", environments: { dev }, lookups: {} };
    for (const files of [{ configuration }, { configuration, cdktfJson: { context: { other: 1 } } }]) {
      expect(readEnvironments(project(files)).get("dev")).toEqual({
        name: "dev",
        region: "cn-north-4",
        source: "workspace-images.json",
      });
    }
  });

  test("stand in cdktf.json", () => {
    const found = readEnvironments(project({ cdktfJson: inContext({ dev }) }));
    expect(found.get("dev")).toMatchObject({ region: "cn-north-4", source: "cdktf.json" });
  });

  test("are those of the app's context before cdktf.json's, and errors say whose they are", () => {
    const cdktfJson = inContext({ dev });
    const own = { environments: { test: { region: "cn-south-1", regoin: 1 } } };
    expect(thrown(() => openEnvironments(project({ cdktfJson }), own).all()).message).toMatch(
      /^The app's context: workspaceImages\.environments\.test\.regoin is not a known key/,
    );
    const same = structuredClone(cdktfJson.context.workspaceImages);
    expect(openEnvironments(project({ cdktfJson }), same).get("dev")?.source).toBe("cdktf.json");
  });

  test.each([
    [
      { cdktfJson: inContext({ dev }), configuration: { environments: { dev } } },
      undefined,
      "the context of cdktf.json",
    ],
    [{ configuration: { environments: { dev } } }, { environments: { dev } }, "the app's context"],
  ])("in two places at once are refused", (files, context, where) => {
    const error = thrown(() => openEnvironments(project(files), context));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(
      `The environments stand in two places: in workspace-images.json, and under workspaceImages in ${where} (/project). Remove one of the two.`,
    );
  });

  test("beside a workspace-images.json without any are to be moved there", () => {
    const files = { cdktfJson: inContext({ dev }), configuration: { lookups: {} } };
    const error = thrown(() => readEnvironments(project(files)));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(
      "The environments stand under workspaceImages in the context of cdktf.json, and workspace-images.json has none (/project). Where there is that file, they stand in it: move them.",
    );
  });

  test("are none where neither file has any", () => {
    expect(readEnvironments(project({ cdktfJson: { app: "true" } })).size).toBe(0);
    expect(readEnvironments(inFile({})).size).toBe(0);
  });

  test.each<[string, object, string]>([
    ["environments as null", { environments: null }, "environments is wrong (expected Object)."],
    [
      "environments as a list",
      { environments: [{ region: "cn-north-4" }] },
      "environments is wrong (expected Object, not a list).",
    ],
    [
      "an environment as a list",
      { environments: { dev: [] } },
      "environments.dev is wrong (expected Object, not a list).",
    ],
    [
      "an environment as null",
      { environments: { dev: null } },
      "environments.dev is wrong (expected Object).",
    ],
    [
      "a key of its own",
      { environments: {}, pins: {} },
      "pins is not a known key. Known: $schema, environments, lookups.",
    ],
    [
      "an unknown key",
      { environments: { dev: { max: 1 } } },
      "environments.dev.max is not a known key. Known: region, projectId,",
    ],
    [
      "an unknown policy",
      { environments: { dev: { promotion: { form: "x" } } } },
      "environments.dev.promotion.from is wrong (it is missing).",
    ],
    [
      "a key beside a policy's",
      { environments: { dev: {}, prod: { promotion: { from: "dev", days: 7 } } } },
      "environments.prod.promotion.days is not a known key. Known: from, minAgeDays.",
    ],
    [
      "an age as text",
      { environments: { dev: {}, prod: { promotion: { from: "dev", minAgeDays: "7" } } } },
      "environments.prod.promotion.minAgeDays is wrong (expected number).",
    ],
    [
      "a negative age",
      { environments: { dev: {}, prod: { promotion: { from: "dev", minAgeDays: -1 } } } },
      "environments.prod.promotion.minAgeDays is wrong (must not be negative).",
    ],
    [
      "a secret",
      { environments: { dev: { password: "canary-secret" } } },
      "environments.dev.password is not a known key. Credentials never stand there",
    ],
    [
      "environments missing",
      { lookups: {} },
      'environments is missing. Add "environments": { "dev": { "region": "cn-north-4" } }.',
    ],
  ])("of workspace-images.json with %s are refused", (_, configuration, message) => {
    const error = thrown(() => readEnvironments(project({ configuration })));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message.startsWith(`workspace-images.json: ${message}`)).toBe(true);
    expect(error.message).not.toContain("canary-secret");
  });
});

describe("the name of an environment", () => {
  test.each(["toString", "hasOwnProperty", "valueOf", "1", "a.b", "prod-cn"])("may be %s", (name) => {
    const json = JSON.parse(`{"${name}":{"region":"cn-north-4"}}`) as Record<string, EnvironmentConfig>;
    expect(names(readEnvironments(inFile(json)))).toEqual([name]);
    expect(names(new Environments({ environments: json }, () => "The option environments").all())).toEqual([
      name,
    ]);
  });

  test.each(["__proto__", "constructor", "prototype"])("%s is refused, and never vanishes", (name) => {
    const json: unknown = JSON.parse(`{"dev":{},"${name}":{"region":"cn-north-4"}}`);
    expect(thrown(() => readEnvironments(inFile(json))).message).toBe(
      `workspace-images.json: environments.${name} is a name that cannot be used: choose another one.`,
    );
    const inEnvironment: unknown = JSON.parse(`{"dev":{"${name}":{"region":"cn-north-4"}}}`);
    expect(thrown(() => readEnvironments(inFile(inEnvironment))).message).toContain(
      `environments.dev.${name} is `,
    );
  });

  test("is refused where a program's literal makes it the prototype", () => {
    const environments = { dev: {}, __proto__: { prod: { region: "cn-north-4" } } };
    expect(
      thrown(() => new Environments({ environments }, () => "The option environments").all()).message,
    ).toBe("The option environments: environments.prod is a name that cannot be used: choose another one.");
  });

  test.each(["", "-a", "a/b", "../a", "a b", "ä", "a\n", "x".repeat(65)])("cannot be %j", (name) => {
    const error = thrown(() => readEnvironments(inFile({ [name]: {} })));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("a name must have 1 to 64 letters");
  });
});

describe("where an environment's images come from", () => {
  const chain = (...ways: [string, string?][]) =>
    inFile(
      Object.fromEntries(
        ways.map(([name, from]) => [name, from === undefined ? {} : { promotion: { from } }]),
      ),
    );

  test("is another environment, several in a chain", () => {
    const found = readEnvironments(chain(["dev"], ["staging", "dev"], ["prod", "staging"], ["test", "dev"]));
    expect(found.get("prod")?.promotion).toEqual({ from: "staging" });
  });

  test("must be known", () => {
    const error = thrown(() => readEnvironments(chain(["dev"], ["prod", "staging"])));
    expect(error.message).toBe(
      "workspace-images.json: environments.prod.promotion.from names no environment. Known: dev, prod.",
    );
  });

  test.each([
    [chain(["dev", "dev"]), "environments.dev.promotion.from leads back to where it began: dev → dev."],
    [
      chain(["a", "c"], ["b", "a"], ["c", "b"]),
      "environments.b.promotion.from leads back to where it began: a → b → c → a.",
    ],
    [
      chain(["x", "a"], ["a", "b"], ["b", "a"]),
      "environments.b.promotion.from leads back to where it began: a → b → a",
    ],
  ])("cannot be a circle", (circle, message) => {
    expect(thrown(() => readEnvironments(circle)).message).toContain(`workspace-images.json: ${message}`);
  });
});

test.each([
  ["workspace-images.json", "environments.dev.region in workspace-images.json"],
  ["cdktf.json", "workspaceImages.environments.dev.region in cdktf.json"],
  ["The app's context", "workspaceImages.environments.dev.region in the app's context"],
  ["The option environments", "environments.dev.region in the options of WorkspaceImageCatalog.prefetch"],
  [undefined, "workspaceImages.environments.dev.region in cdktf.json"],
] as const)("what is missing in an environment of %s is asked for there", (source, setting) => {
  const environment = { name: "dev", ...(source && { source }) };
  expect(settingName(environment, "region")).toBe(setting);
  expect(thrown(() => locate(environment, {})).message).toContain(
    `has no region: set ${setting}, or HW_REGION_NAME`,
  );
});
