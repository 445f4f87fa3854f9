import { NoCredentialsError, ResponseError } from "../../../src";
import { rejection } from "../../support/errors";
import { list, type Variables } from "../support";
import { agency, emulator, homeFile, keys, refused, where } from "./support";

describe("unusable credentials", () => {
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
        const file = homeFile({ current: "a", profiles: [{ name: "a", ...keys }] });
        expect(await refused({ HW_SHARED_CONFIG_FILE: file })).toMatch(
          new RegExp(`^${field} of the profile "a" in .*config.json ends with a line break`),
        );
      }
    });

    test("in the file of an ID token are named by its variable", async () => {
      const HW_ASSUME_ROLE_ID_TOKEN_FILE = homeFile("canary\ncanary", "id-token");
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
});

describe("where nothing is found", () => {
  test("the error lists every source and why it gave nothing", async () => {
    const error = await rejection(list(where));
    expect(error).toBeInstanceOf(NoCredentialsError);
    expect(error.code).toBe("NO_CREDENTIALS");
    const lines = error.message.split("\n").map((line) => line.trim());
    expect(lines[0]).toBe("No credentials were found. Tried, in the provider's order:");
    expect(lines.slice(1, 6)).toEqual([
      "shared file: neither HW_PROFILE nor HW_SHARED_CONFIG_FILE is set",
      "token: HW_AUTH_TOKEN is not set",
      "OIDC: HW_ASSUME_ROLE_IDP_ID is not set",
      "access key: HW_ACCESS_KEY and HW_SECRET_KEY are not set",
      "password: HW_USER_NAME and HW_USER_PASSWORD are not set",
    ]);
    expect(lines[6]).toMatch(/^ECS metadata: this is no ECS instance with an agency \(.*refused/);
    expect(lines[7]).toMatch(/^Set HW_ACCESS_KEY and HW_SECRET_KEY/);
  });
});
