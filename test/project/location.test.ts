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
    const variables = { HW_CLOUD: "cloud.example", WORKSPACE_IMAGES_TRUSTED_HOSTS: "*.own.example" };
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
      WORKSPACE_IMAGES_TRUSTED_HOSTS: "own.example",
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
    ["workspace .example", "is not a URL"],
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

describe("an endpoint without a scheme", () => {
  test.each([
    ["workspace.example", "https://workspace.example"],
    ["workspace.example:8443/base/", "https://workspace.example:8443/base"],
    ["127.0.0.1:8080", "https://127.0.0.1:8080"],
    ["localhost:8080", "https://localhost:8080"],
  ])("is spoken to over https: %s", (endpoint, url) => {
    const variables = {
      WORKSPACE_IMAGES_ENDPOINT: endpoint,
      HW_AUTH_URL: `${endpoint.replace(/\/$/, "")}/v3`,
    };
    const expected = { workspaceUrl: url, iamUrl: url };
    expect(at({ region: "cn-north-4" }, variables)).toMatchObject(expected);
    const endpoints = { workspace: endpoint, iam: endpoint };
    const trusted = { WORKSPACE_IMAGES_TRUSTED_HOSTS: new URL(url).hostname };
    expect(at({ region: "cn-north-4", endpoints }, trusted)).toMatchObject(expected);
  });
});

describe("credentials are sent", () => {
  const refused = (environment: Partial<Environment>, variables: Record<string, string> = {}) => {
    const error = thrown(() => at({ region: "cn-north-4", ...environment }, variables));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain('Environment "dev": ');
    expect(error.message).toMatch(/WORKSPACE_IMAGES_TRUSTED_HOSTS=\S+, or HW_CLOUD/);
    return error.message;
  };
  const allowed = (environment: Partial<Environment>, variables: Record<string, string> = {}) =>
    at({ region: "cn-north-4", ...environment }, variables);

  test.each([
    "https://workspace.cn-north-4.myhuaweicloud.com",
    "https://workspace.eu-west-101.myhuaweicloud.eu:8443",
    "https://iam.myhuaweicloud.com",
    "https://STS.cn-north-4.MyHuaweiCloud.com",
    "http://127.0.0.1:1",
    "http://localhost:1",
  ])("where configuration says, to the services of a known cloud and to this machine: %s", (endpoint) => {
    allowed({ endpoints: { workspace: endpoint, iam: endpoint } });
  });

  test.each([
    "https://evil.example",
    "https://myhuaweicloud.com.evil.example",
    "https://workspace.cn-north-4.myhuaweicloud.com.evil.example",
    "https://evilmyhuaweicloud.com",
    "https://workspace.evil-myhuaweicloud.com",
    "https://iam.cn-north-4.myhuaweicloud.com@evil.example".replace("@", ".at."),
    // Anyone may have these: a bucket, a site.
    "https://bucket.obs.cn-north-4.myhuaweicloud.com",
    "https://iam.obs.myhuaweicloud.com",
    "https://workspace.example",
    "https://10.0.0.1",
    "https://[::2]",
    "https://127.0.0.1.example",
    "evil.example",
  ])("not to any other host that configuration names: %s", (endpoint) => {
    expect(refused({ endpoints: { workspace: endpoint } })).toContain(
      "(workspaceImages.environments.dev.endpoints.workspace in cdktf.json)",
    );
    expect(refused({ endpoints: { iam: endpoint } })).toContain(
      "(workspaceImages.environments.dev.endpoints.iam in cdktf.json)",
    );
    // What is set for one service does not stand in for a variable.
    const variables = { HW_AUTH_URL: "https://iam.example/v3" };
    expect(refused({ endpoints: { iam: "https://other.example" } }, variables)).toContain("other.example");
  });

  test("not to a cloud that only configuration names", () => {
    expect(refused({ cloud: "evil.example" })).toMatch(
      /environments\.dev\.cloud .*workspace\.cn-north-4\.evil\.example/,
    );
    const endpoints = { workspace: "http://127.0.0.1:1", iam: "https://iam.cn-north-4.myhuaweicloud.com" };
    expect(refused({ cloud: "evil.example", endpoints })).toContain("sts.cn-north-4.evil.example");
  });

  test.each<[Partial<Environment>, Record<string, string>]>([
    [{}, { HW_CLOUD: "own.example" }],
    [{ cloud: "own.example" }, { HW_CLOUD: "own.example" }],
    [{ endpoints: { workspace: "https://ws.own.example" } }, { HW_CLOUD: "Own.Example" }],
    [{}, { HW_AUTH_URL: "https://iam.own.example/v3" }],
    [{ endpoints: { workspace: "https://iam.own.example" } }, { OS_AUTH_URL: "https://iam.own.example/v3" }],
    [{}, { WORKSPACE_IMAGES_ENDPOINT: "https://ws.own.example" }],
    [{ endpoints: { iam: "https://ws.own.example/iam" } }, { WORKSPACE_IMAGES_ENDPOINT: "ws.own.example" }],
    [
      { endpoints: { iam: "https://a.example:8443" } },
      { WORKSPACE_IMAGES_TRUSTED_HOSTS: "b.example, A.example" },
    ],
    [{ endpoints: { iam: "https://a.example:8443" } }, { WORKSPACE_IMAGES_TRUSTED_HOSTS: "a.example:8443" }],
    [{ endpoints: { iam: "https://a.example" } }, { WORKSPACE_IMAGES_TRUSTED_HOSTS: "a.example:443" }],
    [{ endpoints: { iam: "https://a.example" } }, { WORKSPACE_IMAGES_TRUSTED_HOSTS: "https://a.example/v3" }],
    [{ endpoints: { iam: "https://x.a.example" } }, { WORKSPACE_IMAGES_TRUSTED_HOSTS: "*.a.example" }],
  ])("to what a variable names: %j %j", (environment, variables) => {
    allowed(environment, variables);
  });

  test.each<[string, Record<string, string>]>([
    ["https://a.example:8444", { WORKSPACE_IMAGES_TRUSTED_HOSTS: "a.example:8443" }],
    ["https://x.a.example", { WORKSPACE_IMAGES_TRUSTED_HOSTS: "a.example" }],
    ["https://a.example:8443", { WORKSPACE_IMAGES_TRUSTED_HOSTS: "https://a.example" }],
    ["https://a.example", { WORKSPACE_IMAGES_TRUSTED_HOSTS: "*.a.example" }],
    ["https://xa.example", { WORKSPACE_IMAGES_TRUSTED_HOSTS: "*.a.example, ," }],
    ["https://own.example", { HW_CLOUD: "own.example" }],
    ["https://iam.own.example:8443", { HW_AUTH_URL: "https://iam.own.example/v3" }],
  ])("not beyond it: %s with %j", (endpoint, variables) => {
    refused({ endpoints: { iam: endpoint, workspace: "http://127.0.0.1:1" } }, variables);
  });
});

describe("the other endpoints", () => {
  test("are the provider's: ID tokens go to one cloud, agencies by domain ID to STS", () => {
    const variables = { HW_AUTH_URL: "https://iam.own.example/v3", HW_CLOUD: "own.example" };
    expect(at({ region: "eu-west-101" })).toMatchObject({
      oidcUrl: "https://iam.eu-west-101.myhuaweicloud.com",
      stsUrl: "https://sts.eu-west-101.myhuaweicloud.eu",
    });
    expect(at({ region: "cn-north-4" }, variables)).toMatchObject({
      oidcUrl: "https://iam.cn-north-4.myhuaweicloud.com",
      stsUrl: "https://sts.cn-north-4.own.example",
    });
  });

  test("are on this machine where IAM is", () => {
    const HW_AUTH_URL = "http://127.0.0.1:1/v3";
    const url = "http://127.0.0.1:1";
    expect(at({ region: "cn-north-4" }, { HW_AUTH_URL })).toMatchObject({ oidcUrl: url, stsUrl: url });
  });
});

describe("an environment's region", () => {
  test("is its own, else HW_REGION_NAME, else OS_REGION_NAME", () => {
    const variables = { HW_REGION_NAME: "cn-south-1", OS_REGION_NAME: "cn-east-3" };
    expect(at({}, { ...variables, HW_REGION_NAME: "" }).region).toBe("cn-east-3");
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
    ["OS_REGION_NAME", "CN-NORTH-4"],
    ["HW_CLOUD", "example/path"],
    ["HW_CLOUD", "user@example"],
  ])("and cloud are held against their form: %s=%s", (variable, value) => {
    const error = thrown(() =>
      at({}, { ...(variable === "HW_CLOUD" && { HW_REGION_NAME: "cn-north-4" }), [variable]: value }),
    );
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
