import { readFileSync } from "node:fs";
import { join } from "node:path";
import { locate } from "../../src/project/location";
import { PROVIDER_VARIABLES, setting } from "../../src/project/provider-variables";
import { ROOT } from "../support/project";

/** What the provider takes each argument from, as it was found in the provider. */
const OF_PROVIDER: Record<string, string[]> = {
  region: ["HW_REGION_NAME", "OS_REGION_NAME"],
  accessKey: ["HW_ACCESS_KEY", "OS_ACCESS_KEY"],
  secretKey: ["HW_SECRET_KEY", "OS_SECRET_KEY"],
  securityToken: ["HW_SECURITY_TOKEN"],
  token: ["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
  userName: ["HW_USER_NAME", "OS_USERNAME"],
  userId: ["HW_USER_ID", "OS_USER_ID"],
  password: ["HW_USER_PASSWORD", "OS_PASSWORD"],
  domainName: ["HW_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"],
  domainId: ["HW_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID"],
  projectId: ["HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"],
  projectName: ["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"],
  authUrl: ["HW_AUTH_URL", "OS_AUTH_URL"],
  cloud: ["HW_CLOUD"],
  insecure: ["HW_INSECURE", "OS_INSECURE"],
  caCertFile: ["OS_CACERT"],
  cert: ["OS_CERT"],
  key: ["OS_KEY"],
  sharedConfigFile: ["HW_SHARED_CONFIG_FILE"],
  profile: ["HW_PROFILE"],
  idpId: ["HW_ASSUME_ROLE_IDP_ID"],
  idToken: ["HW_ASSUME_ROLE_ID_TOKEN"],
  idTokenFile: ["HW_ASSUME_ROLE_ID_TOKEN_FILE"],
  agencyName: ["HW_ASSUME_ROLE_AGENCY_NAME"],
  agencyDomainName: ["HW_ASSUME_ROLE_DOMAIN_NAME"],
  agencyDomainId: ["HW_ASSUME_ROLE_DOMAIN_ID"],
  agencyDuration: ["HW_ASSUME_ROLE_DURATION"],
  maxRetries: ["HW_MAX_RETRIES"],
  signingAlgorithm: ["HW_SIGNING_ALGORITHM"],
};

test("the provider's arguments come from its variables", () => {
  expect(PROVIDER_VARIABLES).toEqual(OF_PROVIDER);
});

test.each(Object.keys(OF_PROVIDER))(
  "of the variables for %s the first that is not empty decides",
  (argument) => {
    const name = argument as keyof typeof PROVIDER_VARIABLES;
    const names = OF_PROVIDER[argument] ?? [];
    const variables = Object.fromEntries(names.map((from) => [from, `of ${from}`]));
    for (const from of names) {
      expect(setting(name, variables)).toEqual({ value: `of ${from}`, from });
      variables[from] = "";
    }
    expect(setting(name, variables)).toBeUndefined();
  },
);

test("the table in docs/credentials.md names every argument and its variables", () => {
  const text = readFileSync(join(ROOT, "docs/credentials.md"), "utf8");
  const [, table = ""] = /<!-- provider variables -->\n(.*?)<!-- end -->/s.exec(text) ?? [];
  const rows = [...table.matchAll(/^\| ([\w ]+) \| (.*) \|$/gm)].slice(1);
  const documented = rows.map(([, argument = "", names = ""]) => [
    argument.replaceAll(" ", "").toLowerCase(),
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]);
  expect(documented).toEqual(
    Object.entries(PROVIDER_VARIABLES).map(([argument, names]) => [argument.toLowerCase(), names]),
  );
});

test.each<[Record<string, string>, object]>([
  [{ HW_PROJECT_ID: "1", OS_PROJECT_ID: "2", OS_TENANT_ID: "3" }, { projectId: "1" }],
  [{ HW_PROJECT_ID: "", OS_PROJECT_ID: "2", OS_TENANT_ID: "3" }, { projectId: "2" }],
  [{ OS_TENANT_ID: "3" }, { projectId: "3" }],
  [{ HW_PROJECT_NAME: "1", OS_PROJECT_NAME: "2", OS_TENANT_NAME: "3" }, { projectName: "1" }],
  [{ OS_PROJECT_NAME: "2", OS_TENANT_NAME: "3" }, { projectName: "2" }],
  [{ OS_TENANT_NAME: "3" }, { projectName: "3" }],
  [{ OS_TENANT_NAME: "" }, { projectName: "cn-north-4" }],
  [{ OS_AUTH_URL: "https://iam.example/v3" }, { iamUrl: "https://iam.example" }],
  [
    { HW_AUTH_URL: "https://a.example/v3", OS_AUTH_URL: "https://b.example/v3" },
    { iamUrl: "https://a.example" },
  ],
  [{ HW_CLOUD: "cloud.example" }, { iamUrl: "https://iam.cn-north-4.cloud.example" }],
])("the variables %j lead to %j", (variables, place) => {
  expect(locate({ name: "dev" }, { OS_REGION_NAME: "cn-north-4", ...variables })).toMatchObject(place);
});
