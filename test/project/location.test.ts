import { ConfigurationError } from "../../src";
import type { Environment } from "../../src/project/environment";
import { locate } from "../../src/project/location";
import { thrown } from "../support/errors";

const at = (environment: Partial<Environment>, variables: Record<string, string> = {}) =>
  locate({ name: "dev", ...environment }, variables);

describe("an environment's endpoints", () => {
  test.each([
    ["cn-north-4", "myhuaweicloud.com"],
    ["ap-southeast-3", "myhuaweicloud.com"],
    ["eu-west-101", "myhuaweicloud.eu"],
    ["eu-west-199", "myhuaweicloud.eu"],
    ["eu-west-0", "myhuaweicloud.com"],
    ["moon-base-1", "myhuaweicloud.com"],
  ])("in the region %s are in the cloud %s", (region, cloud) => {
    expect(at({ region })).toMatchObject({
      region,
      workspaceUrl: `https://workspace.${region}.${cloud}`,
      iamUrl: `https://iam.${region}.${cloud}`,
    });
  });

  test("are in another cloud where the environment, or HW_CLOUD, says so", () => {
    const variables = { HW_CLOUD: "cloud.example" };
    expect(at({ region: "eu-west-101" }, variables).workspaceUrl).toBe(
      "https://workspace.eu-west-101.cloud.example",
    );
    expect(at({ region: "eu-west-101", cloud: "own.example" }, variables).iamUrl).toBe(
      "https://iam.eu-west-101.own.example",
    );
  });

  test("are its own before the variables'", () => {
    const variables = {
      WORKSPACE_IMAGES_ENDPOINT: "https://workspace.example/",
      HW_AUTH_URL: "https://iam.example/v3",
    };
    expect(at({ region: "cn-north-4" }, variables)).toMatchObject({
      workspaceUrl: "https://workspace.example",
      iamUrl: "https://iam.example",
    });
    const endpoints = { workspace: "https://own.example/base/", iam: "https://own.example/iam/" };
    expect(at({ region: "cn-north-4", endpoints }, variables)).toMatchObject({
      workspaceUrl: "https://own.example/base",
      iamUrl: "https://own.example/iam",
    });
  });

  test.each(["https://iam.example/v3", "https://iam.example/v3/", "https://iam.example"])(
    "take HW_AUTH_URL %s as the provider does, with its version",
    (HW_AUTH_URL) => {
      expect(at({ region: "cn-north-4" }, { HW_AUTH_URL }).iamUrl).toBe("https://iam.example");
    },
  );

  test.each([
    ["workspace.example", "is not a URL"],
    ["ftp://workspace.example", "must be https, not ftp:"],
    ["http://workspace.example", "allowed to loopback only"],
    ["http://127.0.0.1.example", "allowed to loopback only"],
    ["https://user:secret@workspace.example", "must not contain a user name or password"],
    ["https://workspace.example?x=1", "must not contain a query or fragment"],
    ["https://workspace.example#x", "must not contain a query or fragment"],
  ])("cannot be %s", (workspace, why) => {
    const error = thrown(() => at({ region: "cn-north-4", endpoints: { workspace } }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain('Environment "dev": the Workspace endpoint ');
    expect(error.message).toContain(why);
    expect(error.message).not.toContain("secret");
  });

  test.each(["http://localhost:1", "http://127.0.0.1:1", "http://127.9.9.9:1", "http://[::1]:1"])(
    "may be %s: plain http to loopback",
    (workspace) => {
      expect(at({ region: "cn-north-4", endpoints: { workspace } }).workspaceUrl).toBe(workspace);
    },
  );
});

describe("an environment's region", () => {
  test("is its own, else HW_REGION_NAME", () => {
    const variables = { HW_REGION_NAME: "cn-south-1" };
    expect(at({ region: "cn-north-4" }, variables).region).toBe("cn-north-4");
    expect(at({}, variables).region).toBe("cn-south-1");
  });

  test("must be there", () => {
    const error = thrown(() => at({}));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/"dev" has no region: set .*environments\.dev\.region.*HW_REGION_NAME/);
  });

  test.each([
    ["HW_REGION_NAME", "workspace.example/"],
    ["HW_REGION_NAME", "CN-NORTH-4"],
    ["HW_CLOUD", "example/path"],
    ["HW_CLOUD", "user@example"],
  ])("and cloud are held against their form: %s=%s", (variable, value) => {
    const error = thrown(() => at({}, { HW_REGION_NAME: "cn-north-4", [variable]: value }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(`Environment "dev": ${variable} must be`);
  });
});

describe("an environment's project", () => {
  const variables = { HW_PROJECT_ID: "id", HW_PROJECT_NAME: "name", HW_REGION_NAME: "cn-north-4" };

  test("is its own before the variables'", () => {
    const own = { region: "cn-north-4", projectId: "own-id", projectName: "own-name" };
    expect(at(own, variables)).toMatchObject({ projectId: "own-id", projectName: "own-name" });
    expect(at({ region: "cn-north-4" }, variables)).toMatchObject({ projectId: "id", projectName: "name" });
  });

  test("is not the variables' where these are of another region", () => {
    const location = at({ region: "cn-south-1" }, variables);
    expect(location).not.toHaveProperty("projectId");
    expect(location.projectName).toBe("cn-south-1");
  });

  test("is named as the region where nothing else names it", () => {
    expect(at({ region: "cn-north-4" })).not.toHaveProperty("projectId");
    expect(at({ region: "cn-north-4" }).projectName).toBe("cn-north-4");
  });

  test("is not taken from variables that are empty", () => {
    const location = at({ region: "cn-north-4" }, { HW_PROJECT_ID: "", HW_PROJECT_NAME: "", HW_CLOUD: "" });
    expect(location).not.toHaveProperty("projectId");
    expect(location.projectName).toBe("cn-north-4");
    expect(location.workspaceUrl).toBe("https://workspace.cn-north-4.myhuaweicloud.com");
  });
});
