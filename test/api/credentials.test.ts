import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import {
  ApiError,
  ConfigurationError,
  CredentialsError,
  DataHuaweicloudWorkspaceImage,
  NoCredentialsError,
  ResponseError,
  WorkspaceImageCatalog,
} from "../../src";
import { CredentialSource } from "../../src/api/authentication";
import { Secret } from "../../src/api/secret";
import { WorkspaceApi, type WorkspaceClient } from "../../src/api/workspace-client";
import { DEFAULT_ACCOUNT, WorkspaceEmulator } from "../../src/emulator";
import { ConnectionError } from "../../src/errors";
import type { EnvironmentConfig } from "../../src/project/environment";
import { locate } from "../../src/project/location";
import { rejection, thrown } from "../support/errors";
import { ROOT, run, TestProject } from "../support/project";
import {
  asked,
  ids,
  LIMITS,
  list,
  REGION,
  temporaryKeyOf,
  tokenOf,
  type Variables,
  withServer,
} from "./support";

const { accessKey, secretKey, user, agency, idp } = DEFAULT_ACCOUNT;
const ASSUME = "POST /v3.0/OS-CREDENTIAL/securitytokens";

let emulator: WorkspaceEmulator;
/** Variables that say where the emulator is, and nothing of who asks. */
let where: Variables;
let keys: Variables;
let images: string[];

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start();
  where = {
    HOME: mkdtempSync(join(tmpdir(), "workspace-images-home-")),
    HW_AUTH_URL: `${emulator.url}/v3`,
    WORKSPACE_IMAGES_ENDPOINT: emulator.url,
    // Nothing listens there.
    WORKSPACE_IMAGES_METADATA_ENDPOINT: "http://127.0.0.1:9",
  };
  keys = { ...where, HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey };
  images = ids(emulator.images(REGION));
});

afterEach(() => emulator.close());

/** A token, as a user might have one. */
async function token(): Promise<string> {
  const issued = await tokenOf(emulator, user);
  emulator.requests.length = 0;
  return issued;
}

/** Temporary keys, as a user might have them. */
async function temporaryKey(): ReturnType<typeof temporaryKeyOf> {
  const issued = await temporaryKeyOf(emulator);
  emulator.requests.length = 0;
  return issued;
}

/** Writes the default shared configuration file. */
function sharedFile(content: unknown, name = ".hcloud/config.json"): string {
  const file = join(String(where.HOME), name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("each source", () => {
  test("a token", async () => {
    const HW_AUTH_TOKEN = await token();
    expect(ids(await list({ ...where, HW_AUTH_TOKEN }))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
  });

  test("an access key", async () => {
    expect(ids(await list(keys))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
  });

  test("a temporary access key with its security token", async () => {
    const { access, secret, securitytoken } = await temporaryKey();
    const variables = { ...where, HW_ACCESS_KEY: access, HW_SECRET_KEY: secret };
    expect(ids(await list({ ...variables, HW_SECURITY_TOKEN: securitytoken }))).toEqual(images);
    const error = (await rejection(list(variables))) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(401);
  });

  test("a user name and password", async () => {
    const variables = { ...where, HW_USER_NAME: user.name, HW_DOMAIN_NAME: user.domainName };
    expect(ids(await list({ ...variables, HW_USER_PASSWORD: user.password }))).toEqual(images);
    const error = await rejection(list({ ...variables, HW_USER_PASSWORD: "something-else" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.message).toContain("The username or password is wrong");
  });

  test("the current profile of the shared file", async () => {
    sharedFile({
      current: "work",
      profiles: [
        { name: "other", accessKeyId: "NOBODY", secretAccessKey: "nothing" },
        { name: "work", mode: "AKSK", accessKeyId: accessKey, secretAccessKey: secretKey, securityToken: "" },
      ],
    });
    expect(ids(await list(where))).toEqual(images);
  });

  test("another shared file and profile by variables, with ~ for the home folder", async () => {
    sharedFile(
      {
        current: "other",
        profiles: [{ name: "work", accessKeyId: accessKey, secretAccessKey: secretKey }],
      },
      "keys.json",
    );
    const variables = { ...where, HW_SHARED_CONFIG_FILE: "~/keys.json", HW_PROFILE: "work" };
    expect(ids(await list(variables))).toEqual(images);
  });

  test("temporary keys of a single sign-on", async () => {
    const { access, secret, securitytoken } = await temporaryKey();
    sharedFile({
      current: "sso",
      profiles: [
        {
          name: "sso",
          mode: "SSO",
          accessKeyId: "LEFTOVER",
          secretAccessKey: "leftover",
          ssoAuth: {
            stsToken: { accessKeyId: access, secretAccessKey: secret, securityToken: securitytoken },
          },
        },
      ],
    });
    expect(ids(await list(where))).toEqual(images);
  });

  test("an access key beside the empty single sign-on that the CLI writes", async () => {
    sharedFile({
      current: "default",
      profiles: [
        {
          name: "default",
          mode: "AKSK",
          accessKeyId: accessKey,
          secretAccessKey: secretKey,
          securityToken: "",
          agencyName: "",
          ssoAuth: { stsToken: { accessKeyId: "", secretAccessKey: "", securityToken: "" } },
        },
      ],
    });
    expect(ids(await list(where))).toEqual(images);
  });

  test("the ECS metadata service", async () => {
    const variables = { ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url };
    expect(ids(await list(variables))).toEqual(images);
    expect(asked(emulator, "metadata")).toEqual(["GET /openstack/latest/securitykey"]);
  });

  test("OIDC with a token", async () => {
    const variables = {
      ...where,
      HW_ASSUME_ROLE_IDP_ID: idp.id,
      HW_ASSUME_ROLE_ID_TOKEN: idp.idToken,
      HW_ASSUME_ROLE_DOMAIN_ID: agency.domainId,
    };
    expect(ids(await list(variables))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual([
      "POST /v3.0/OS-AUTH/id-token/tokens",
      ASSUME,
      "GET /v3/projects",
    ]);
  });

  test("OIDC with a token file", async () => {
    const HW_ASSUME_ROLE_ID_TOKEN_FILE = sharedFile(`${idp.idToken}\n`, "id-token");
    const variables = { ...where, HW_ASSUME_ROLE_IDP_ID: idp.id, HW_ASSUME_ROLE_ID_TOKEN_FILE };
    expect(ids(await list(variables))).toEqual(images);
  });

  test("OIDC with a token from a pipe of the shell", async () => {
    const project = new TestProject({ dev: { region: REGION } });
    const line =
      'HW_ASSUME_ROLE_ID_TOKEN_FILE=<(sleep 0.3; echo "$ID_TOKEN") exec "$NODE" "$CLI" list --json';
    const { stdout, stderr } = await run("bash", ["-c", line], {
      cwd: project.directory,
      variables: {
        ...(where as Record<string, string>),
        HW_ASSUME_ROLE_IDP_ID: idp.id,
        ID_TOKEN: idp.idToken,
        NODE: process.execPath,
        CLI: join(ROOT, "lib/cli/index.js"),
      },
    });
    expect(stderr).toBe("");
    expect(ids(JSON.parse(stdout).dev)).toEqual(images);
  }, 60_000);

  test("a token that is larger than most servers' headers", async () => {
    const large = "T".repeat(100_000);
    const received: unknown[] = [];
    await withServer(
      (request, response) => {
        received.push(request.headers["x-auth-token"]);
        if (request.method === "POST") response.writeHead(201, { "x-subject-token": large });
        response.end(
          JSON.stringify(
            request.method === "POST"
              ? { token: { expires_at: "2999-01-01T00:00:00Z" } }
              : { projects: [{ id: "p" }], images: [] },
          ),
        );
      },
      (url) =>
        list({
          ...where,
          HW_AUTH_URL: `${url}/v3`,
          WORKSPACE_IMAGES_ENDPOINT: url,
          HW_USER_NAME: user.name,
          HW_USER_PASSWORD: user.password,
          HW_DOMAIN_NAME: user.domainName,
        }),
    );
    expect(received).toEqual([undefined, large, large]);
  });
});

describe("an agency", () => {
  const assumed = {
    HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
    HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
  };

  test("is assumed on top of every source", async () => {
    const shared = sharedFile(
      { current: "a", profiles: [{ name: "a", accessKeyId: accessKey, secretAccessKey: secretKey }] },
      "shared.json",
    );
    const bases: Record<string, Variables> = {
      token: { HW_AUTH_TOKEN: await token() },
      accessKey: { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey },
      password: {
        HW_USER_NAME: user.name,
        HW_USER_PASSWORD: user.password,
        HW_DOMAIN_NAME: user.domainName,
      },
      sharedFile: { HW_SHARED_CONFIG_FILE: shared },
      metadata: { WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url },
      oidc: { HW_ASSUME_ROLE_IDP_ID: idp.id, HW_ASSUME_ROLE_ID_TOKEN: idp.idToken },
    };
    const assumptions: Record<string, number> = {};
    for (const [name, base] of Object.entries(bases)) {
      emulator.requests.length = 0;
      expect(ids(await list({ ...where, ...base, ...assumed }))).toEqual(images);
      assumptions[name] = asked(emulator, "iam").filter((request) => request === ASSUME).length;
    }
    // OIDC exchanges its token by the same call first.
    expect(assumptions).toEqual({
      token: 1,
      accessKey: 1,
      password: 1,
      sharedFile: 1,
      metadata: 1,
      oidc: 2,
    });
  });

  test("may be named by its domain's ID", async () => {
    const variables = {
      HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
      HW_ASSUME_ROLE_DOMAIN_ID: agency.domainId,
    };
    expect(ids(await list({ ...keys, ...variables }))).toEqual(images);
  });

  test("that the account may not assume is refused in IAM's words", async () => {
    const error = await rejection(list({ ...keys, ...assumed, HW_ASSUME_ROLE_AGENCY_NAME: "other" }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 403, code: "IAM.403" });
    expect(error.message).toContain("You are not authorized to assume this agency");
  });

  describe("of a profile and another one by variables", () => {
    const profile = (agencyName: string) =>
      sharedFile({
        current: "a",
        profiles: [
          {
            name: "a",
            accessKeyId: accessKey,
            secretAccessKey: secretKey,
            agencyName,
            agencyDomainName: agency.domainName,
            agencyDomainId: agency.domainId,
          },
        ],
      });

    test("are assumed one with the other's keys", async () => {
      profile(agency.agencyName);
      expect(ids(await list({ ...where, ...assumed }))).toEqual(images);
      expect(asked(emulator, "iam")).toEqual([ASSUME, ASSUME, "GET /v3/projects"]);
      // The second is refused where the keys of the first have ended: it was asked for with them.
      let calls = 0;
      emulator.inject({
        on: ({ path }) => path.endsWith("/securitytokens"),
        before: () => ++calls === 2 && emulator.expireCredentials(),
      });
      expect(await rejection(list({ ...where, ...assumed }))).toMatchObject({ status: 401 });
    });

    test("are assumed in this order", async () => {
      profile("of-the-profile");
      expect(await rejection(list({ ...where, ...assumed }))).toMatchObject({ status: 403 });
      expect(asked(emulator, "iam")).toEqual([ASSUME]);
      emulator.requests.length = 0;
      profile(agency.agencyName);
      const other = { ...assumed, HW_ASSUME_ROLE_AGENCY_NAME: "of-the-variables" };
      expect(await rejection(list({ ...where, ...other }))).toMatchObject({ status: 403 });
      expect(asked(emulator, "iam")).toEqual([ASSUME, ASSUME]);
    });
  });
});

describe("the order of sources", () => {
  /** Every source; each that is asked is the emulator's or fails. */
  const all = async () => ({
    ...where,
    HW_AUTH_TOKEN: await token(),
    HW_ACCESS_KEY: accessKey,
    HW_SECRET_KEY: secretKey,
    HW_USER_NAME: user.name,
    HW_USER_PASSWORD: user.password,
    HW_DOMAIN_NAME: user.domainName,
    HW_SHARED_CONFIG_FILE: sharedFile({
      current: "a",
      profiles: [
        // An agency shows in the emulator's requests that this source was used.
        {
          name: "a",
          accessKeyId: accessKey,
          secretAccessKey: secretKey,
          agencyName: agency.agencyName,
          agencyDomainName: agency.domainName,
        },
      ],
    }),
    WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url,
  });

  test("is the provider's: token, access key, password, shared file, metadata", async () => {
    let variables: Variables = await all();
    const without = (...names: string[]) => {
      variables = { ...variables, ...Object.fromEntries(names.map((name) => [name, undefined])) };
    };
    const askedFor = async () => {
      emulator.requests.length = 0;
      expect(ids(await list(variables))).toEqual(images);
      return [...asked(emulator, "metadata"), ...asked(emulator, "iam")];
    };
    // The token is the first: once it has ended, nothing else is tried.
    expect(await askedFor()).toEqual(["GET /v3/projects"]);
    emulator.expireCredentials();
    expect(await rejection(list(variables))).toMatchObject({ status: 401 });
    without("HW_AUTH_TOKEN");
    expect(await askedFor()).toEqual(["GET /v3/projects"]);
    without("HW_ACCESS_KEY", "HW_SECRET_KEY");
    expect(await askedFor()).toEqual(["POST /v3/auth/tokens", "GET /v3/projects"]);
    without("HW_USER_NAME", "HW_USER_PASSWORD");
    expect(await askedFor()).toEqual([ASSUME, "GET /v3/projects"]);
    without("HW_SHARED_CONFIG_FILE", "HOME");
    variables = { ...variables, HOME: mkdtempSync(join(tmpdir(), "workspace-images-home-")) };
    expect(await askedFor()).toEqual(["GET /openstack/latest/securitykey", "GET /v3/projects"]);
  });

  test("puts an identity provider between a token and the access key that it replaces", async () => {
    const variables = {
      ...(await all()),
      HW_ASSUME_ROLE_IDP_ID: idp.id,
      HW_ASSUME_ROLE_ID_TOKEN: idp.idToken,
    };
    await list(variables);
    expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
    emulator.requests.length = 0;
    await list({ ...variables, HW_AUTH_TOKEN: undefined });
    expect(asked(emulator, "iam")[0]).toBe("POST /v3.0/OS-AUTH/id-token/tokens");
  });
});

describe("unusable credentials", () => {
  const refused = async (variables: Variables, config = {}) => {
    const error = await rejection(list({ ...where, ...variables }, config));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.code).toBe("CREDENTIALS");
    expect(emulator.requests).toEqual([]);
    return error.message;
  };

  test.each([
    [
      "an access key without its secret",
      { HW_ACCESS_KEY: "A" },
      "HW_ACCESS_KEY is set, but HW_SECRET_KEY is not",
    ],
    [
      "a secret without its access key",
      { HW_SECRET_KEY: "S" },
      "HW_SECRET_KEY is set, but HW_ACCESS_KEY is not",
    ],
    ["a user without a password", { HW_USER_NAME: "u" }, "HW_USER_NAME is set, but HW_USER_PASSWORD is not"],
    [
      "a password without a user",
      { HW_USER_PASSWORD: "p" },
      "HW_USER_PASSWORD is set, but HW_USER_NAME is not",
    ],
    [
      "a user without a domain",
      { HW_USER_NAME: "u", HW_USER_PASSWORD: "p" },
      "HW_USER_NAME is set, but HW_DOMAIN_NAME is not",
    ],
    [
      "an identity provider without a token",
      { HW_ASSUME_ROLE_IDP_ID: "i" },
      "neither HW_ASSUME_ROLE_ID_TOKEN nor HW_ASSUME_ROLE_ID_TOKEN_FILE",
    ],
    [
      "a token file that does not exist",
      { HW_ASSUME_ROLE_IDP_ID: "i", HW_ASSUME_ROLE_ID_TOKEN_FILE: "/nowhere/eyJ.canary" },
      "HW_ASSUME_ROLE_ID_TOKEN_FILE names does not exist",
    ],
    [
      "a shared file that does not exist",
      { HW_SHARED_CONFIG_FILE: "/nowhere/config.json" },
      "/nowhere/config.json does not exist, but HW_SHARED_CONFIG_FILE names it",
    ],
    ["a device as shared file", { HW_SHARED_CONFIG_FILE: "/dev/zero" }, "is neither a file nor a pipe"],
    ["a folder as shared file", { HW_SHARED_CONFIG_FILE: "/" }, "is neither a file nor a pipe"],
    [
      "a device as token file",
      { HW_ASSUME_ROLE_IDP_ID: "i", HW_ASSUME_ROLE_ID_TOKEN_FILE: "/dev/zero" },
      "is neither a file nor a pipe",
    ],
  ])("%s", async (_, variables, message) => {
    const text = await refused(variables);
    expect(text).toContain(message);
    expect(text).not.toContain("canary");
  });

  test.each([
    ["nowhere", "is not a URL"],
    ["http://user:canary@127.0.0.1/", "must not contain a user name or password"],
    ["http://127.0.0.1/?canary", "must not contain a query or fragment"],
    ["http://metadata.example.com", "is plain http, which is allowed to loopback only"],
  ])("a metadata endpoint that no base URL is: %s", async (endpoint, message) => {
    const error = await rejection(list({ ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: endpoint }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("WORKSPACE_IMAGES_METADATA_ENDPOINT");
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("canary");
  });

  test("a shared file that is too large", async () => {
    sharedFile(" ".repeat(1024 * 1024 + 1));
    expect(await refused({})).toContain("is larger than 1 MB");
  });

  describe("of a pipe", () => {
    const pipe = (name = "pipe") => {
      const path = join(String(where.HOME), name);
      execFileSync("mkfifo", [path]);
      return path;
    };

    test("that nobody writes to, or that never ends, are not waited for without end", async () => {
      const silent = pipe();
      const endless = pipe("endless");
      const writer = openSync(endless, "r+");
      writeSync(writer, "{");
      try {
        for (const message of await Promise.all([
          refused({ HW_SHARED_CONFIG_FILE: silent }),
          refused({ HW_SHARED_CONFIG_FILE: endless }),
        ])) {
          expect(message).toContain("did not end within 10 s");
        }
      } finally {
        closeSync(writer);
      }
    }, 60_000);

    test("that gives more than any token are not read to the end", async () => {
      const path = pipe();
      const writer = spawn("sh", ["-c", `exec cat /dev/zero > '${path}'`], { stdio: "ignore" });
      try {
        // The shell waits until someone reads.
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(await refused({ HW_ASSUME_ROLE_IDP_ID: "i", HW_ASSUME_ROLE_ID_TOKEN_FILE: path })).toContain(
          "is larger than 1 MB",
        );
      } finally {
        writer.kill();
      }
    }, 60_000);
  });

  describe("that no header can carry", () => {
    const damaged: Record<string, Variables> = {
      HW_AUTH_TOKEN: {},
      HW_ACCESS_KEY: { HW_SECRET_KEY: "secret" },
      HW_SECRET_KEY: { HW_ACCESS_KEY: "access" },
      HW_SECURITY_TOKEN: { HW_ACCESS_KEY: "access", HW_SECRET_KEY: "secret" },
      HW_ASSUME_ROLE_IDP_ID: { HW_ASSUME_ROLE_ID_TOKEN: "token" },
      HW_ASSUME_ROLE_ID_TOKEN: { HW_ASSUME_ROLE_IDP_ID: "idp" },
    };

    test.each(Object.entries(damaged))("in %s are named by it, and not repeated", async (name, others) => {
      for (const end of ["\n", "\r\n", " "]) {
        expect(await refused({ ...others, [name]: `canary${end}` })).toBe(
          `${name} ends with a line break or space, which may have come along from a file: remove it.`,
        );
      }
      for (const value of ["canary\ncanary", "canary密", "canaryü", "canary\u0000", " "]) {
        const message = await refused({ ...others, [name]: value });
        expect(message).toContain(`${name} has characters that no key or token has`);
        expect(message).not.toContain("canary");
      }
    });

    test("in a profile are named by it", async () => {
      for (const field of ["secretAccessKey", "securityToken"]) {
        const keys = { accessKeyId: "access", secretAccessKey: "secret", [field]: "canary\n" };
        sharedFile({ current: "a", profiles: [{ name: "a", ...keys }] });
        expect(await refused({})).toMatch(
          new RegExp(`^${field} of the profile "a" in .*config.json ends with a line break`),
        );
      }
    });

    test("in the file of an ID token are named by its variable", async () => {
      const HW_ASSUME_ROLE_ID_TOKEN_FILE = sharedFile("canary\ncanary", "id-token");
      const message = await refused({ HW_ASSUME_ROLE_IDP_ID: "idp", HW_ASSUME_ROLE_ID_TOKEN_FILE });
      expect(message).toContain("The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names has characters");
      expect(message).not.toContain("canary");
    });

    test("in an answer of IAM are named by their field", async () => {
      emulator.inject({
        on: ({ path }) => path.endsWith("/securitytokens"),
        edit: (json) => {
          const { credential } = json as { credential: object };
          return { credential: { ...credential, securitytoken: "canary\ncanary" } };
        },
      });
      const error = await rejection(
        list({
          ...keys,
          HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
          HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
        }),
      );
      expect(error).toBeInstanceOf(ResponseError);
      expect(error.message).toContain("credential.securitytoken is wrong");
      expect(error.message).not.toContain("canary");
    });
  });

  test("a profile that does not exist: the error names those that do", async () => {
    sharedFile({ current: "a", profiles: [{ name: "a" }, { name: "b" }] });
    expect(await refused({}, { profile: "prod" })).toMatch(/no usable profile "prod"\. Profiles: a, b\./);
  });

  test("a profile that is asked for where there is no shared file", async () => {
    expect(await refused({}, { profile: "prod" })).toContain('the profile "prod" is asked for');
  });

  test.each([
    ["{", "is not complete JSON"],
    ["[]", 'has no list "profiles"'],
    ['{"profiles":7}', 'has no list "profiles"'],
    ['{"current":"a","profiles":[{"name":"a","accessKeyId":7}]}', 'no usable profile "a"'],
  ])("a damaged shared file: %s", async (content, message) => {
    sharedFile(content);
    expect(await refused({})).toContain(message);
  });

  test("an encrypted shared file: the error names the command that stops encrypting", async () => {
    sharedFile({
      current: "default",
      profiles: [
        {
          name: "default",
          mode: "AKSK",
          accessKeyId: "7f3a9c1be0d24c5f8a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b",
          secretAccessKey: "canary+/==",
        },
      ],
    });
    const message = await refused({});
    expect(message).toContain("hcloud configure set --cli-auth-encrypt=false");
    expect(message).not.toContain("canary");
  });
});

describe("where nothing is found", () => {
  test("the error lists every source and why it gave nothing", async () => {
    const error = await rejection(list(where));
    expect(error).toBeInstanceOf(NoCredentialsError);
    expect(error.code).toBe("NO_CREDENTIALS");
    const lines = error.message.split("\n").map((line) => line.trim());
    expect(lines[0]).toBe("No credentials were found. Tried, in the provider's order:");
    expect(lines.slice(1, 6)).toEqual([
      "token: HW_AUTH_TOKEN is not set",
      "OIDC: HW_ASSUME_ROLE_IDP_ID is not set",
      "access key: HW_ACCESS_KEY and HW_SECRET_KEY are not set",
      "password: HW_USER_NAME and HW_USER_PASSWORD are not set",
      `shared file: there is no ${where.HOME}/.hcloud/config.json`,
    ]);
    expect(lines[6]).toMatch(/^ECS metadata: this is no ECS instance with an agency \(.*refused/);
    expect(lines[7]).toMatch(/^Set HW_ACCESS_KEY and HW_SECRET_KEY/);
  });

  test("a profile without a key gives way to the next source", async () => {
    sharedFile({ current: "ecs", profiles: [{ name: "ecs", mode: "ecsAgency" }] });
    expect((await rejection(list(where))).message).toContain(
      'shared file: the profile "ecs" in ' +
        `${where.HOME}/.hcloud/config.json has no access key (mode ecsAgency)`,
    );
    const variables = { ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url };
    expect(ids(await list(variables))).toEqual(images);
  });

  test("a shared file without a current profile gives way too", async () => {
    sharedFile({ profiles: [] });
    expect((await rejection(list(where))).message).toContain(
      "has no current profile, and HW_PROFILE is not set",
    );
  });

  test("the metadata service is waited for briefly, and asked once", async () => {
    let calls = 0;
    await withServer(
      () => {
        calls++;
      },
      async (url) => {
        const started = Date.now();
        const error = await rejection(list({ ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: url }));
        expect(error).toBeInstanceOf(NoCredentialsError);
        expect(error.message).toContain("no answer within 1 s");
        expect(Date.now() - started).toBeLessThan(15_000);
      },
    );
    expect(calls).toBe(1);
  });

  test("the metadata service is not asked where anything else is set", async () => {
    await list({ ...keys, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url });
    expect(asked(emulator, "metadata")).toEqual([]);
  });
});

describe("through prefetch", () => {
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

  test("a profile that a variable overrides makes no account of its own", async () => {
    Object.assign(process.env, keys, {
      HW_ASSUME_ROLE_AGENCY_NAME: agency.agencyName,
      HW_ASSUME_ROLE_DOMAIN_NAME: agency.domainName,
    });
    await prefetch({ dev: { region: REGION, profile: "a" }, prod: { region: REGION, profile: "b" } });
    expect(asked(emulator, "iam").filter((request) => request === ASSUME)).toHaveLength(1);
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
    sharedFile({
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

describe("the project of a profile", () => {
  const profileOf = (region: string | undefined) => {
    const key = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const projectId = emulator.projectId("cn-north-4");
    sharedFile({ current: "a", profiles: [{ name: "a", ...key, projectId, ...(region && { region }) }] });
  };

  test.each([
    ["the profile's region", "cn-north-4", "cn-north-4"],
    ["any region where the profile has none", undefined, "cn-north-4"],
  ])("is that of an environment in %s", async (_, ofProfile, region) => {
    profileOf(ofProfile);
    expect(ids(await list(where, { region }))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual([]);
  });

  test("is not that of an environment in another region, for which IAM is asked", async () => {
    profileOf("cn-north-4");
    expect(ids(await list(where, { region: "cn-south-1" }))).toEqual(ids(emulator.images("cn-south-1")));
    expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
    expect(asked(emulator, "images")[0]).toBe(`GET /v2/${emulator.projectId("cn-south-1")}/images`);
  });
});

describe("credentials that end during a run", () => {
  const password = () => ({
    ...where,
    HW_USER_NAME: user.name,
    HW_USER_PASSWORD: user.password,
    HW_DOMAIN_NAME: user.domainName,
  });

  test("are renewed once for all requests when the service refuses them", async () => {
    emulator.inject({ on: "images", times: 1, before: () => emulator.expireCredentials() });
    expect(ids(await list(password()))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual([
      "POST /v3/auth/tokens",
      "GET /v3/projects",
      "POST /v3/auth/tokens",
    ]);
    expect(emulator.requests.filter(({ status }) => status === 401)).toHaveLength(1);
  });

  test("are renewed once where several pages are refused side by side", async () => {
    const paged = await WorkspaceEmulator.start({ maxLimit: 10, latencyMs: 20 });
    paged.inject({
      on: ({ query }) => Number(query.offset) > 0,
      times: 1,
      before: () => paged.expireCredentials(),
    });
    const variables = {
      ...password(),
      HW_AUTH_URL: `${paged.url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: paged.url,
    };
    expect(ids(await list(variables))).toEqual(images);
    expect(paged.requests.filter(({ status }) => status === 401)).toHaveLength(2);
    expect(asked(paged, "iam").filter((request) => request.startsWith("POST"))).toHaveLength(2);
    await paged.close();
  });

  describe("and are about to", () => {
    const issued = () => asked(emulator, "iam").filter((request) => request.startsWith("POST")).length;
    let api: WorkspaceApi;
    let client: WorkspaceClient;
    let later: number;
    let clock: jest.SpyInstance;
    beforeEach(async () => {
      emulator.setLifetime(120_000);
      api = new WorkspaceApi({ variables: { ...password(), HW_MAX_RETRIES: "0" }, limits: LIMITS });
      client = api.client(locate({ name: "dev", region: REGION }, password()));
      await client.listImages();
      expect(issued()).toBe(1);
      const start = Date.now();
      later = 0;
      clock = jest.spyOn(Date, "now").mockImplementation(() => start + later);
    });
    afterEach(async () => {
      clock.mockRestore();
      await api.close();
    });

    test("are renewed once before, so that no request is refused", async () => {
      later = 61_000;
      const listings = await Promise.all([1, 2, 3].map(() => client.listImages()));
      for (const listing of listings) expect(ids(listing)).toEqual(images);
      while (issued() < 2) await new Promise((resolve) => setImmediate(resolve));
      // When the first have ended, the second are there.
      later = 120_500;
      expect(ids(await client.listImages())).toEqual(images);
      expect(issued()).toBe(2);
      expect(emulator.requests.filter(({ status }) => status === 401)).toEqual([]);
    });

    test("are used to their end where there are no others, without waiting for them", async () => {
      later = 61_000;
      emulator.inject({ on: "iam", delayHeadersMs: 60_000 });
      expect(ids(await client.listImages())).toEqual(images);
      emulator.heal();
    });

    test("are obtained again when what failed has passed", async () => {
      emulator.inject({ on: "iam", status: 503, shape: "iam" });
      later = 61_000;
      expect(ids(await client.listImages())).toEqual(images);
      later = 121_000;
      expect(await rejection(client.listImages())).toMatchObject({ code: "IAM.503" });
      emulator.heal();
      expect(ids(await client.listImages())).toEqual(images);
    });
  });

  test("are asked for again where what failed may have passed, and not where they were refused", async () => {
    for (const [fault, times] of [
      [{ status: 503, shape: "iam" }, 2],
      [{ status: 401, shape: "iam" }, 1],
    ] as const) {
      emulator.requests.length = 0;
      emulator.inject({ ...fault, on: "iam" });
      const api = new WorkspaceApi({ variables: { ...password(), HW_MAX_RETRIES: "0" } });
      for (const name of ["dev", "prod"]) {
        const client = api.client(locate({ name, region: REGION }, password()));
        expect(await rejection(client.listImages())).toMatchObject({ status: fault.status });
      }
      await api.close();
      expect(asked(emulator, "iam")).toHaveLength(times);
      emulator.heal();
    }
  });

  test("are not let go of when those before them are refused late", async () => {
    let count = 0;
    const source = new CredentialSource(async () => ({
      accessKey: `${++count}`,
      secretKey: new Secret("secret"),
      expiresAt: Date.now() + 3600_000,
    }));
    const first = await source.get();
    await source.renew(first);
    const second = await source.get();
    expect(second).toMatchObject({ accessKey: "2" });
    expect(await source.renew(first)).toBe(true);
    expect(await source.get()).toBe(second);
  });

  test("are not asked for with every request while their renewal fails and they still hold", async () => {
    const held = { accessKey: "held", secretKey: new Secret("secret"), expiresAt: Date.now() + 30_000 };
    let count = 0;
    const source = new CredentialSource(async () => {
      if (count++ > 0) throw new ConnectionError("IAM is down");
      return { ...held, renewAt: Date.now() };
    });
    for (let request = 0; request < 20; request++) {
      expect(await source.get()).toMatchObject({ accessKey: "held" });
      await new Promise(setImmediate);
    }
    expect(count).toBe(2);
  });

  test("are used for half their life where that is short", async () => {
    emulator.setLifetime(40_000);
    expect(ids(await list(password()))).toEqual(images);
    expect(asked(emulator, "iam")).toEqual(["POST /v3/auth/tokens", "GET /v3/projects"]);
  });

  test("are tried anew once, and no more", async () => {
    emulator.inject({ on: "images", before: () => emulator.expireCredentials() });
    expect(await rejection(list(password()))).toMatchObject({ status: 401, code: "APIGW.0301" });
    expect(asked(emulator, "images").length).toBeLessThanOrEqual(2);
  });

  test("of an access key, which cannot end, are not asked for again", async () => {
    emulator.inject({ on: "images", status: 401, shape: "gateway" });
    expect(await rejection(list(keys))).toMatchObject({ status: 401 });
    expect(asked(emulator, "images")).toHaveLength(1);
  });
});
