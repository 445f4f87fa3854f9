import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnvironmentConfig } from "../../../src/project/environment";
import { list, type Variables } from "../support";
import { record } from "./recorder";

const IDP = "POST /v3.0/OS-AUTH/id-token/tokens";
const ASSUME = "POST /v3.0/OS-CREDENTIAL/securitytokens";
const STS = "POST /v5/agencies/assume";
const LOGIN = "POST /v3/auth/tokens";
const METADATA = "GET /openstack/latest/securitykey";
/** What everybody asks in the end. */
const asked = (who: string) => [`GET /v3/projects by ${who}`, `GET /v2/p/images by ${who}`];

const folder = mkdtempSync(join(tmpdir(), "workspace-images-profiles-"));
let files = 0;
/** A shared configuration file of these profiles, of which the first is the current one. */
function shared(...profiles: ({ name: string } & Record<string, unknown>)[]): string {
  const file = join(folder, `${files++}.json`);
  writeFileSync(file, JSON.stringify({ current: profiles[0]?.name, profiles }));
  return file;
}

const TOKEN = { HW_AUTH_TOKEN: "tok" };
const KEY = { HW_ACCESS_KEY: "AK", HW_SECRET_KEY: "secret-key" };
const USER = { HW_USER_NAME: "u", HW_USER_PASSWORD: "pass-word", HW_DOMAIN_NAME: "d" };
const OIDC = { HW_ASSUME_ROLE_IDP_ID: "idp", HW_ASSUME_ROLE_ID_TOKEN: "id-token" };
const AGENCY = { HW_ASSUME_ROLE_AGENCY_NAME: "ag", HW_ASSUME_ROLE_DOMAIN_NAME: "ad" };
const BY_STS = { HW_ASSUME_ROLE_AGENCY_NAME: "ag", HW_ASSUME_ROLE_DOMAIN_ID: "0d" };
const PROFILE_KEY = { accessKeyId: "PAK", secretAccessKey: "secret-of-profile" };
const withoutKey = { name: "a", mode: "ecsAgency", accessKeyId: "", secretAccessKey: "", securityToken: "" };

interface Row {
  readonly variables: () => Variables;
  readonly environment?: EnvironmentConfig;
  readonly calls: readonly string[];
  /** A part of one body that was sent. */
  readonly body?: object;
}

const ROWS: Record<string, Row> = {
  "nothing: the ECS instance": {
    variables: () => ({}),
    calls: [METADATA, ...asked("the key ECS and ecs-session")],
  },
  "a token": { variables: () => TOKEN, calls: asked("the token tok") },
  "a token of OS_AUTH_TOKEN": { variables: () => ({ OS_AUTH_TOKEN: "os" }), calls: asked("the token os") },
  "a token before a key, an ID token and a password": {
    variables: () => ({ ...TOKEN, ...KEY, ...OIDC, ...USER }),
    calls: asked("the token tok"),
  },
  "a key": { variables: () => KEY, calls: asked("the key AK") },
  "a temporary key": {
    variables: () => ({ ...KEY, HW_SECURITY_TOKEN: "session" }),
    calls: asked("the key AK and session"),
  },
  "a key of OS_ACCESS_KEY and OS_SECRET_KEY": {
    variables: () => ({ OS_ACCESS_KEY: "OAK", OS_SECRET_KEY: "os-secret" }),
    calls: asked("the key OAK"),
  },
  "a key of which each half has a variable of its own kind": {
    variables: () => ({ HW_ACCESS_KEY: "AK", OS_ACCESS_KEY: "OAK", OS_SECRET_KEY: "os-secret" }),
    calls: asked("the key AK"),
  },
  "an empty variable gives way to the next": {
    variables: () => ({ HW_ACCESS_KEY: "", OS_ACCESS_KEY: "OAK", HW_SECRET_KEY: "s-e-c" }),
    calls: asked("the key OAK"),
  },
  "a key before a password": { variables: () => ({ ...KEY, ...USER }), calls: asked("the key AK") },
  "half a key gives way to a password": {
    variables: () => ({ HW_ACCESS_KEY: "AK", ...USER }),
    calls: [LOGIN, ...asked("the token issued1")],
  },
  "half a key gives way to the ECS instance": {
    variables: () => ({ HW_SECRET_KEY: "secret-key" }),
    calls: [METADATA, ...asked("the key ECS and ecs-session")],
  },
  "a password by user name and domain name": {
    variables: () => USER,
    calls: [LOGIN, ...asked("the token issued1")],
    body: {
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "u", password: "pass-word", domain: { name: "d" } } },
        },
        scope: { project: { name: "cn-north-4" } },
      },
    },
  },
  "a password by user ID, without a domain": {
    variables: () => ({ HW_USER_ID: "0u", HW_USER_PASSWORD: "pass-word" }),
    calls: [LOGIN, ...asked("the token issued1")],
    body: { auth: { identity: { password: { user: { id: "0u", password: "pass-word" } } } } },
  },
  "a password by user name and domain ID": {
    variables: () => ({ HW_USER_NAME: "u", HW_USER_PASSWORD: "pass-word", HW_DOMAIN_ID: "0d" }),
    calls: [LOGIN, ...asked("the token issued1")],
    body: { auth: { identity: { password: { user: { name: "u", domain: { id: "0d" } } } } } },
  },
  "a password by OS_* variables": {
    variables: () => ({ OS_USERNAME: "u", OS_PASSWORD: "pass-word", OS_USER_DOMAIN_NAME: "d" }),
    calls: [LOGIN, ...asked("the token issued1")],
    body: { auth: { identity: { password: { user: { name: "u", domain: { name: "d" } } } } } },
  },
  "a password whose domain only OS_PROJECT_DOMAIN_ID names": {
    variables: () => ({ OS_USERNAME: "u", OS_PASSWORD: "pass-word", OS_PROJECT_DOMAIN_ID: "0p" }),
    calls: [LOGIN, ...asked("the token issued1")],
    body: { auth: { identity: { password: { user: { domain: { id: "0p" } } } } } },
  },
  "an ID token in place of a key": {
    variables: () => ({ ...OIDC, ...KEY, ...USER }),
    calls: [IDP, ASSUME, ...asked("the key IAM2 and session2")],
  },
  "an ID token in place of a profile's key": {
    variables: () => ({ ...OIDC, HW_SHARED_CONFIG_FILE: shared({ name: "a", ...PROFILE_KEY }) }),
    calls: [IDP, ASSUME, ...asked("the key IAM2 and session2")],
  },
  "a profile's key in place of the variables'": {
    variables: () => ({
      ...KEY,
      HW_SECURITY_TOKEN: "session",
      HW_SHARED_CONFIG_FILE: shared({ name: "a", ...PROFILE_KEY }),
    }),
    // Its security token replaces the variable's, too, though it has none.
    calls: asked("the key PAK"),
  },
  "the profile of HW_PROFILE, not the current one": {
    variables: () => ({
      ...KEY,
      HW_PROFILE: "b",
      HW_SHARED_CONFIG_FILE: shared({ name: "a" }, { name: "b", ...PROFILE_KEY, securityToken: "ps" }),
    }),
    calls: asked("the key PAK and ps"),
  },
  "an environment's own profile before HW_PROFILE and variables": {
    variables: () => ({
      ...KEY,
      HW_PROFILE: "a",
      HW_SHARED_CONFIG_FILE: shared({ name: "a" }, { name: "b", ...PROFILE_KEY }),
    }),
    environment: { profile: "b" },
    calls: asked("the key PAK"),
  },
  "a token before a profile's key": {
    variables: () => ({ ...TOKEN, HW_SHARED_CONFIG_FILE: shared({ name: "a", ...PROFILE_KEY }) }),
    calls: asked("the token tok"),
  },
  "a profile without a key takes the variables' key away": {
    variables: () => ({ ...KEY, ...USER, HW_SHARED_CONFIG_FILE: shared(withoutKey) }),
    calls: [LOGIN, ...asked("the token issued1")],
  },
  "a profile's domain ID for the variables' password": {
    variables: () => ({
      ...USER,
      HW_DOMAIN_NAME: undefined,
      HW_SHARED_CONFIG_FILE: shared({ ...withoutKey, domainId: "0p" }),
    }),
    calls: [LOGIN, ...asked("the token issued1")],
    body: { auth: { identity: { password: { user: { domain: { id: "0p" } } } } } },
  },
  "a single sign-on's key, whatever else the profile has": {
    variables: () => ({
      HW_SHARED_CONFIG_FILE: shared({
        name: "a",
        mode: "SSO",
        ...PROFILE_KEY,
        ssoAuth: { stsToken: { accessKeyId: "SSO", secretAccessKey: "sso-secret", securityToken: "sso-s" } },
      }),
    }),
    calls: asked("the key SSO and sso-s"),
  },
  "a single sign-on that has ended does not use what else the profile has": {
    variables: () => ({
      HW_SHARED_CONFIG_FILE: shared({ name: "a", mode: "SSO", ...PROFILE_KEY, ssoAuth: { stsToken: null } }),
    }),
    calls: [METADATA, ...asked("the key ECS and ecs-session")],
  },
  "a key beside a single sign-on that is left over": {
    variables: () => ({
      HW_SHARED_CONFIG_FILE: shared({
        name: "a",
        mode: "AKSK",
        ...PROFILE_KEY,
        ssoAuth: { stsToken: { accessKeyId: "SSO", secretAccessKey: "sso-secret", securityToken: "s" } },
      }),
    }),
    calls: asked("the key PAK"),
  },
  "an agency by its domain's name": {
    variables: () => ({ ...KEY, ...AGENCY }),
    calls: [`${ASSUME} by the key AK`, ...asked("the key IAM1 and session1")],
    body: {
      auth: { identity: { assume_role: { agency_name: "ag", domain_name: "ad", duration_seconds: 3600 } } },
    },
  },
  "an agency on a token": {
    variables: () => ({ ...TOKEN, ...AGENCY }),
    calls: [`${ASSUME} by the token tok`, ...asked("the key IAM1 and session1")],
  },
  "an agency on an ID token": {
    variables: () => ({ ...OIDC, ...AGENCY }),
    calls: [IDP, ASSUME, `${ASSUME} by the key IAM2 and session2`, ...asked("the key IAM3 and session3")],
  },
  "an agency by its domain's ID, from STS": {
    variables: () => ({ ...KEY, ...BY_STS }),
    calls: [`${STS} by the key AK`, ...asked("the key STS1 and session1")],
    body: { agency_urn: "iam::0d:agency:ag", agency_session_name: "ag" },
  },
  "an agency by its domain's ID and name, from STS, for a time": {
    variables: () => ({ ...KEY, ...AGENCY, ...BY_STS, HW_ASSUME_ROLE_DURATION: "900" }),
    calls: [`${STS} by the key AK`, ...asked("the key STS1 and session1")],
    body: { agency_urn: "iam::0d:agency:ag", duration_seconds: 900 },
  },
  "a domain without an agency is none": {
    variables: () => ({ ...KEY, HW_ASSUME_ROLE_DOMAIN_ID: "0d", HW_ASSUME_ROLE_DOMAIN_NAME: "ad" }),
    calls: asked("the key AK"),
  },
  "a profile's agency in place of the variables': one, never two": {
    variables: () => ({
      ...AGENCY,
      HW_SHARED_CONFIG_FILE: shared({
        name: "a",
        ...PROFILE_KEY,
        agencyName: "pa",
        agencyDomainName: "pd",
        agencyDomainId: "not-read",
      }),
    }),
    calls: [`${ASSUME} by the key PAK`, ...asked("the key IAM1 and session1")],
    body: { auth: { identity: { assume_role: { agency_name: "pa", domain_name: "pd" } } } },
  },
  "a profile's agency with the variables' domain": {
    variables: () => ({
      ...AGENCY,
      HW_SHARED_CONFIG_FILE: shared({ name: "a", ...PROFILE_KEY, agencyName: "pa", agencyDomainName: "" }),
    }),
    calls: [`${ASSUME} by the key PAK`, ...asked("the key IAM1 and session1")],
    body: { auth: { identity: { assume_role: { agency_name: "pa", domain_name: "ad" } } } },
  },
  "a profile's agency with the variables' domain ID, from STS": {
    variables: () => ({
      ...BY_STS,
      HW_SHARED_CONFIG_FILE: shared({ name: "a", ...PROFILE_KEY, agencyName: "pa", agencyDomainName: "pd" }),
    }),
    calls: [`${STS} by the key PAK`, ...asked("the key STS1 and session1")],
    body: { agency_urn: "iam::0d:agency:pa", agency_session_name: "pa" },
  },
};

test.each(Object.entries(ROWS))("as the provider does it: %s", async (_, row) => {
  const recorder = await record();
  await list({ ...recorder.variables, ...row.variables() }, row.environment);
  expect(recorder.calls).toEqual(row.calls);
  if (row.body) expect(recorder.bodies.at(-1)).toMatchObject(row.body);
});

describe("a profile's place replaces the variables'", () => {
  const place = { name: "a", ...PROFILE_KEY, region: "cn-north-4", projectId: "of-profile" };

  test.each<[string, Record<string, unknown>, Variables, EnvironmentConfig, string[]]>([
    ["its region", {}, { HW_REGION_NAME: "cn-south-1" }, {}, ["GET /v2/of-profile/images"]],
    ["its project", {}, { HW_PROJECT_ID: "of-variable" }, {}, ["GET /v2/of-profile/images"]],
    ["its project without a region", { region: "" }, {}, {}, ["GET /v2/of-profile/images"]],
    [
      "a variable's project in its region",
      { projectId: "" },
      { HW_REGION_NAME: "cn-south-1", OS_PROJECT_ID: "of-variable" },
      {},
      ["GET /v2/of-variable/images"],
    ],
    [
      "not its project for an environment in another region",
      {},
      {},
      { region: "cn-south-1" },
      ["GET /v3/projects", "GET /v2/p/images"],
    ],
    ["not an environment's own project", {}, {}, { projectId: "own" }, ["GET /v2/own/images"]],
  ])("%s", async (_, fields, variables, environment, calls) => {
    const recorder = await record();
    const HW_SHARED_CONFIG_FILE = shared({ ...place, ...fields });
    const region = fields.region === "" ? { region: "cn-north-4" } : { region: undefined };
    await list({ ...recorder.variables, ...variables, HW_SHARED_CONFIG_FILE }, {
      ...region,
      ...environment,
    } as EnvironmentConfig);
    expect(recorder.calls.map((call) => call.replace(/ by .*/, ""))).toEqual(calls);
  });
});
