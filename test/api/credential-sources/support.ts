import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialsError } from "../../../src";
import { DEFAULT_ACCOUNT, WorkspaceEmulator } from "../../../src/emulator";
import { rejection } from "../../support/errors";
import { ids, list, REGION, temporaryKeyOf, tokenOf, type Variables } from "../support";

export const { accessKey, secretKey, user, agency, idp } = DEFAULT_ACCOUNT;
export const ASSUME = "POST /v3.0/OS-CREDENTIAL/securitytokens";

/** The emulator of the test that runs. */
export let emulator: WorkspaceEmulator;
/** Variables that say where it is, and nothing of who asks. */
export let where: Variables;
/** The same with its access key. */
export let keys: Variables;
/** The same with its user's password. */
export let password: Variables;
/** The IDs of a listing. */
export let images: string[];

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
  password = {
    ...where,
    HW_USER_NAME: user.name,
    HW_USER_PASSWORD: user.password,
    HW_DOMAIN_NAME: user.domainName,
  };
  images = ids(emulator.images(REGION));
});

afterEach(() => emulator.close());

/** A token, as a user might have one. */
export async function token(): Promise<string> {
  const issued = await tokenOf(emulator, user);
  emulator.requests.length = 0;
  return issued;
}

/** Temporary keys, as a user might have them. */
export async function temporaryKey(): ReturnType<typeof temporaryKeyOf> {
  const issued = await temporaryKeyOf(emulator);
  emulator.requests.length = 0;
  return issued;
}

/** Writes a file below the home folder, by default the shared configuration file, and gives its path. */
export function homeFile(content: unknown, name = ".hcloud/config.json"): string {
  const file = join(String(where.HOME), name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** A shared configuration file with one profile, as a variable names it. */
export function profile(fields: object, name = "config.json"): { HW_SHARED_CONFIG_FILE: string } {
  const content = { current: "work", profiles: [{ name: "work", mode: "AKSK", ...fields }] };
  return { HW_SHARED_CONFIG_FILE: homeFile(content, name) };
}

/** The error of credentials that are refused before anything is sent. */
export async function refused(variables: Variables, config = {}): Promise<string> {
  const error = await rejection(list({ ...where, ...variables }, config));
  expect(error).toBeInstanceOf(CredentialsError);
  expect(error.code).toBe("CREDENTIALS");
  expect(emulator.requests).toEqual([]);
  return error.message;
}
