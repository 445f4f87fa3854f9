import { App, TerraformStack } from "cdktf";
import { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } from "../../../src";
import type { EnvironmentConfig } from "../../../src/project/environment";
import { thrown } from "../../support/errors";
import { TestProject } from "../../support/project";
import { asked, REGION, type Variables, withServer } from "../support";
import {
  ASSUME,
  accessKey,
  agency,
  emulator,
  homeFile,
  keys,
  password,
  secretKey,
  user,
  where,
} from "./support";

describe("in one prefetch", () => {
  const environments = (count: number): Record<string, EnvironmentConfig> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `env-${index}`,
        { region: index % 2 ? "cn-north-4" : "cn-south-1" },
      ]),
    );
  const prefetch = (settings: Record<string, EnvironmentConfig>) =>
    WorkspaceImageCatalog.prefetch(new App(), { environments: settings, mode: "auto" });

  const before = { variables: { ...process.env }, directory: process.cwd() };
  beforeEach(() => process.chdir(String(where.HOME)));
  afterEach(() => {
    process.env = { ...before.variables };
    process.chdir(before.directory);
  });

  test("one set of credentials serves every environment of an account", async () => {
    Object.assign(process.env, keys, {
      HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
      HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
    });
    await prefetch(environments(20));
    expect(asked(emulator, "iam").filter((request) => request === ASSUME)).toHaveLength(1);
    expect(asked(emulator, "iam").filter((request) => request === "GET /v3/projects")).toHaveLength(2);
  });

  test("one set of credentials serves every region, each with an IAM endpoint of its own", async () => {
    Object.assign(process.env, keys, {
      HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
      HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
    });
    // As in the cloud, the region's name is the only difference between the endpoints.
    const asks: string[] = [];
    await withServer(
      (request, response) => {
        asks.push(`${request.method} ${request.url?.replace(/\?.*/, "")}`);
        const credential = {
          access: "A",
          secret: "secret",
          securitytoken: "token",
          expires_at: "2999-01-01T00:00:00Z",
        };
        response.end(JSON.stringify({ credential, projects: [{ id: "p" }], images: [] }));
      },
      async (url) => {
        const at = (region: string) => ({
          region,
          endpoints: { iam: `${url}/iam.${region}`, workspace: `${url}/workspace.${region}` },
        });
        await prefetch({ dev: at("cn-north-4"), prod: at("cn-south-1") });
      },
    );
    expect(asks.filter((ask) => ask.startsWith("POST"))).toHaveLength(1);
    expect(asks.filter((ask) => ask.startsWith("GET")).sort()).toEqual([
      "GET /iam.cn-north-4/v3/projects",
      "GET /iam.cn-south-1/v3/projects",
      "GET /workspace.cn-north-4/v2/p/images",
      "GET /workspace.cn-south-1/v2/p/images",
    ]);
  });

  test("a password gives one token for each project, however many environments are in it", async () => {
    const password = {
      HW_USER_NAME: user.name,
      HW_USER_PASSWORD: user.password,
      HW_DOMAIN_NAME: user.domainName,
    };
    const tokens = () => asked(emulator, "iam").filter((request) => request === "POST /v3/auth/tokens");
    Object.assign(process.env, where, password);
    await prefetch({ dev: { region: REGION }, test: { region: REGION }, prod: { region: REGION } });
    expect(tokens()).toHaveLength(1);
    emulator.requests.length = 0;
    await prefetch({ dev: { region: REGION }, test: { region: REGION }, prod: { region: "cn-south-1" } });
    expect(tokens()).toHaveLength(2);
  });

  test("a password beside a profile without a key gives one token for each project, too", async () => {
    homeFile({ profiles: [{ name: "a", mode: "ecsAgency" }] });
    Object.assign(process.env, keys, password);
    await prefetch({
      dev: { region: "cn-north-4", profile: "a" },
      prod: { region: "cn-south-1", profile: "a" },
    });
    expect(asked(emulator, "iam").filter((request) => request === "POST /v3/auth/tokens")).toHaveLength(2);
  });

  test("environments with profiles of their own have accounts of their own, over a variable's key", async () => {
    const assumed = { agencyName: agency.agencyName, agencyDomainName: agency.domainName };
    const profile = { accessKeyId: accessKey, secretAccessKey: secretKey, ...assumed };
    homeFile({ profiles: ["a", "b"].map((name) => ({ name, ...profile })) });
    Object.assign(process.env, { ...keys, HW_ACCESS_KEY: "NOBODY" });
    await prefetch({
      dev: { region: REGION, profile: "a" },
      test: { region: REGION, profile: "a" },
      prod: { region: REGION, profile: "b" },
    });
    expect(asked(emulator, "iam").filter((request) => request === ASSUME)).toHaveLength(2);
  });

  test("a wrong password is sent once, however many projects it is for", async () => {
    Object.assign(process.env, { ...password, HW_USER_PASSWORD: "something-else" });
    const projects = Array.from({ length: 8 }, (_, index) => ({ region: REGION, projectName: `p-${index}` }));
    await prefetch(Object.fromEntries(projects.map((project, index) => [`env-${index}`, project])));
    expect(asked(emulator, "iam")).toEqual(["POST /v3/auth/tokens"]);
  });

  test("a right password is asked for every project, also where the first asked was not answered", async () => {
    emulator.inject({ on: "iam", status: 503, shape: "iam", times: 1 });
    Object.assign(process.env, { ...password, HW_MAX_RETRIES: "0" });
    const regions = ["cn-north-4", "cn-south-1"];
    await prefetch(Object.fromEntries(regions.map((region) => [region, { region }])));
    expect(asked(emulator, "iam").filter((request) => request === "POST /v3/auth/tokens")).toHaveLength(2);
  });

  test("every environment has the profile that cdktf.json names, and its project", async () => {
    const profile = (name: string, region: string) => ({
      name,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      region,
      projectId: emulator.projectId(region),
      agencyName: agency.agencyName,
      agencyDomainName: agency.domainName,
    });
    homeFile({
      current: "broken",
      profiles: [profile("north", "cn-north-4"), profile("south", "cn-south-1"), { name: "broken" }],
    });
    Object.assign(process.env, where);
    const settings = {
      dev: { region: "cn-north-4", profile: "north" },
      test: { region: "cn-north-4", profile: "north" },
      prod: { region: "cn-south-1", profile: "south" },
    };
    await prefetch(settings);
    // Two accounts, and no project to look up.
    expect(asked(emulator, "iam")).toEqual([ASSUME, ASSUME]);
    expect(emulator.requests.filter(({ status }) => status >= 400)).toEqual([]);
  });
});

describe("what environments of one place share", () => {
  const settings = { dev: { region: REGION }, prod: { region: REGION } };
  /** What the command line prints. */
  const listed = async (variables: Variables) => {
    const project = new TestProject(settings);
    return (await project.cli(["list"], variables as Record<string, string>)).stderr;
  };

  test("fails with an error of each environment's own name, and of no other's", async () => {
    const before = { variables: { ...process.env }, directory: process.cwd() };
    process.chdir(String(where.HOME));
    Object.assign(process.env, where);
    try {
      const app = new App();
      await WorkspaceImageCatalog.prefetch(app, { environments: settings, mode: "auto" });
      for (const [environment, other] of [
        ["dev", "prod"],
        ["prod", "dev"],
      ] as const) {
        const stack = new TerraformStack(app, `stack-${environment}`);
        const error = thrown(
          () => new DataHuaweicloudWorkspaceImage(stack, "office", { environment, imageType: "gold" }),
        );
        expect(error.code).toBe("ENVIRONMENT_UNAVAILABLE");
        expect(error.message).toContain(
          `(environment "${environment}"): there is no pin "office" yet, and the images could not be listed. No credentials were found.`,
        );
        expect(error.message).not.toContain(`"${other}"`);
      }
    } finally {
      process.env = before.variables;
      process.chdir(before.directory);
    }
  });

  test("is said once for all of them by the command line", async () => {
    expect(await listed(where)).toMatch(/^error: dev, prod: No credentials were found\. Tried/);
    emulator.inject({ on: "iam", edit: () => ({ projects: [] }) });
    expect(await listed(keys)).toMatch(
      /^error: dev, prod: The account has no project named "cn-north-4", which is asked for in region cn-north-4\. Set projectId or projectName of the environments there/,
    );
    emulator.heal();
    emulator.inject({ on: "iam", edit: () => ({ projects: [{ id: "no ID" }] }) });
    expect(await listed(keys)).toMatch(
      /^error: dev, prod: The project ID for region cn-north-4 \(from HW_PROJECT_ID, the profile or IAM\) is none/,
    );
  });
});
