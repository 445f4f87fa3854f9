import { closeSync, constants, createReadStream, fstatSync, open } from "node:fs";
import { Socket } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { CredentialsError, NoCredentialsError, WorkspaceImagesError } from "../errors";
import { baseUrl, isLoopback, type Location } from "../project/location";
import { ApiError } from "./api-error";
import { type Http, METADATA_HOST } from "./http";
import {
  type Agency,
  assumeAgency,
  keysForToken,
  securityTokenOf,
  tokenForIdToken,
  tokenForPassword,
} from "./iam";
import { Secret } from "./secret";
import type { AccessKey } from "./signer";

/** What proves who asks: an access key, or a token. */
export type Credentials = (AccessKey | { readonly token: Secret }) & {
  /** When they end, in ms since the epoch. */
  readonly expiresAt?: number;
  /** When they are to be renewed, in ms since the epoch. */
  readonly renewAt?: number;
  /** The project that their source names, and its region where the source says it. */
  readonly projectId?: string | undefined;
  readonly region?: string | undefined;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** Credentials that are about to end are renewed this long before, ms; the short-lived after half their life. */
const RENEWAL_MARGIN = 60_000;
const MAX_FILE = 1024 * 1024;
/** How long after a renewal that failed none is tried, ms, while there are credentials that hold. */
const RENEWAL_PAUSE = 10_000;
/** How long a pipe is read, ms: whoever writes to it may first ask for the token. */
const PIPE_TIME = 10_000;
const METADATA_LIMITS = { headers: 1000, body: 1000, total: 2000 };

/** The credentials of a run: obtained once for an account, however many environments use them. */
export class CredentialSources {
  private readonly sources = new Map<string, CredentialSource>();
  /** They hold secrets: unlike a private property, this one is not shown by util.inspect. */
  readonly #variables: Variables;

  constructor(
    private readonly http: Http,
    variables: Variables = process.env,
  ) {
    this.#variables = variables;
  }

  /** The credentials for a place. */
  of(location: Location): CredentialSource {
    const source = this.#variables;
    const decided = source.HW_AUTH_TOKEN || source.HW_ASSUME_ROLE_IDP_ID || source.HW_ACCESS_KEY;
    // A password's token holds for one project; everything else holds for the account in its cloud.
    const scope =
      !decided && source.HW_USER_NAME && !source.HW_ASSUME_ROLE_AGENCY_NAME
        ? [location.iamUrl, location.projectName]
        : [location.iamUrl.replace(location.region, "")];
    // The shared file is asked only where no variable decides.
    const profile = decided || source.HW_USER_NAME ? undefined : location.profile;
    const key = JSON.stringify([profile, ...scope]);
    const known =
      this.sources.get(key) ?? new CredentialSource(() => obtain(this.http, location, this.#variables));
    this.sources.set(key, known);
    return known;
  }
}

/** Credentials that are obtained when first needed, and again when they end. */
export class CredentialSource {
  private held: Credentials | undefined;
  private coming: Promise<Credentials> | undefined;
  private pausedUntil = 0;

  constructor(private readonly obtain: () => Promise<Credentials>) {}

  /**
   * Credentials that hold. Where they are about to end, others are obtained meanwhile.
   * @throws NoCredentialsError if no source has any
   * @throws CredentialsError if a source is unusable
   * @throws ApiError, ConnectionError, ResponseError if IAM gives none
   */
  async get(): Promise<Credentials> {
    const { held } = this;
    const { renewAt = Number.POSITIVE_INFINITY, expiresAt = Number.POSITIVE_INFINITY } = held ?? {};
    const now = Date.now();
    if (held && now < expiresAt && now < Math.max(renewAt, this.pausedUntil)) return held;
    const coming = this.obtainOnce();
    if (!held || now >= expiresAt) return coming;
    // Those that are there still hold: it is no harm yet if there are no others.
    coming.catch(() => {});
    return held;
  }

  /** Lets credentials be obtained anew if `used`, which were refused, can end; whether there are others to try. */
  async renew(used: Credentials | undefined): Promise<boolean> {
    if (used?.expiresAt === undefined) return false;
    // Side by side, several requests see the end at once: the first lets go of them for all.
    if (this.held === used) this.held = undefined;
    return true;
  }

  /** Several that ask at once share what comes. */
  private obtainOnce(): Promise<Credentials> {
    this.coming ??= this.obtain().then(
      (credentials) => {
        this.held = credentials;
        this.coming = undefined;
        return credentials;
      },
      (error: unknown) => {
        // A refusal stays, because wrong passwords lock an account; anything else may pass.
        const isRefusal =
          error instanceof ApiError && error.status < 500 && ![408, 429].includes(error.status);
        this.pausedUntil = Date.now() + RENEWAL_PAUSE;
        if (!isRefusal) this.coming = undefined;
        throw error;
      },
    );
    return this.coming;
  }
}

/** What a source gives: credentials, perhaps with an agency to assume, or why it has none. */
type Found =
  | { readonly credentials: Credentials; readonly agency?: Agency | undefined }
  | { readonly nothing: string };

/** Asks the sources in the provider's order; the first that has anything decides. */
async function obtain(http: Http, location: Location, variables: Variables): Promise<Credentials> {
  const tried: string[] = [];
  for (const source of [fromToken, fromIdToken, fromAccessKey, fromPassword, fromSharedFile, fromMetadata]) {
    const found = await source(http, location, variables);
    if ("nothing" in found) {
      tried.push(found.nothing);
      continue;
    }
    let { credentials } = found;
    const { HW_ASSUME_ROLE_AGENCY_NAME: agencyName, HW_ASSUME_ROLE_DOMAIN_NAME: domainName } = variables;
    const { HW_ASSUME_ROLE_DOMAIN_ID: domainId } = variables;
    for (const agency of [found.agency, agencyName ? { agencyName, domainName, domainId } : undefined]) {
      if (agency) credentials = await assumeAgency(http, location, credentials, agency);
    }
    const { projectId, region } = found.credentials;
    const { expiresAt } = credentials;
    if (expiresAt === undefined) return { projectId, region, ...credentials };
    const margin = Math.min(RENEWAL_MARGIN, Math.max(0, (expiresAt - Date.now()) / 2));
    return { projectId, region, ...credentials, renewAt: expiresAt - margin };
  }
  throw new NoCredentialsError(
    `No credentials were found. Tried, in the provider's order:\n${tried.map((line) => `  ${line}`).join("\n")}\nSet HW_ACCESS_KEY and HW_SECRET_KEY, or whatever else terraform apply is run with.`,
  );
}

async function fromToken(
  _http: Http,
  _location: Location,
  { HW_AUTH_TOKEN: token }: Variables,
): Promise<Found> {
  if (!token) return { nothing: "token: HW_AUTH_TOKEN is not set" };
  return { credentials: { token: new Secret(checkVisible(token, "HW_AUTH_TOKEN")) } };
}

async function fromIdToken(http: Http, location: Location, variables: Variables): Promise<Found> {
  const {
    HW_ASSUME_ROLE_IDP_ID: id,
    HW_ASSUME_ROLE_ID_TOKEN: text,
    HW_ASSUME_ROLE_ID_TOKEN_FILE: file,
  } = variables;
  if (!id) return { nothing: "OIDC: HW_ASSUME_ROLE_IDP_ID is not set" };
  if (!text && !file) {
    throw new CredentialsError(
      "HW_ASSUME_ROLE_IDP_ID is set, but neither HW_ASSUME_ROLE_ID_TOKEN nor HW_ASSUME_ROLE_ID_TOKEN_FILE: set one of them.",
    );
  }
  checkVisible(id, "HW_ASSUME_ROLE_IDP_ID");
  const idToken = new Secret(
    text ? checkVisible(text, "HW_ASSUME_ROLE_ID_TOKEN") : await readIdToken(file ?? ""),
  );
  const issued = await tokenForIdToken(http, location, { id, idToken });
  return { credentials: "token" in issued ? await keysForToken(http, location, issued.token) : issued };
}

async function fromAccessKey(_http: Http, _location: Location, variables: Variables): Promise<Found> {
  const { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey, HW_SECURITY_TOKEN: securityToken } = variables;
  const given = { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey };
  if (!allOrNone(given)) return { nothing: "access key: HW_ACCESS_KEY and HW_SECRET_KEY are not set" };
  const names = {
    accessKey: "HW_ACCESS_KEY",
    secretKey: "HW_SECRET_KEY",
    securityToken: "HW_SECURITY_TOKEN",
  };
  return { credentials: accessKeyOf({ accessKey, secretKey, securityToken }, names) };
}

async function fromPassword(http: Http, location: Location, variables: Variables): Promise<Found> {
  const { HW_USER_NAME: name, HW_USER_PASSWORD: password, HW_DOMAIN_NAME: domainName } = variables;
  const given = { HW_USER_NAME: name, HW_USER_PASSWORD: password };
  if (!allOrNone(given)) return { nothing: "password: HW_USER_NAME and HW_USER_PASSWORD are not set" };
  if (!domainName)
    throw new CredentialsError(
      "HW_USER_NAME is set, but HW_DOMAIN_NAME is not: set it to the account's name.",
    );
  const user = { name: name ?? "", password: new Secret(password ?? ""), domainName };
  return { credentials: await tokenForPassword(http, location, user) };
}

const optionalText = v.nullish(v.string());
const profileSchema = v.object({
  name: v.string(),
  mode: optionalText,
  accessKeyId: optionalText,
  secretAccessKey: optionalText,
  securityToken: optionalText,
  region: optionalText,
  projectId: optionalText,
  agencyDomainId: optionalText,
  agencyDomainName: optionalText,
  agencyName: optionalText,
  ssoAuth: v.nullish(
    v.object({
      stsToken: v.nullish(
        v.object({ accessKeyId: optionalText, secretAccessKey: optionalText, securityToken: optionalText }),
      ),
    }),
  ),
});
const sharedFileSchema = v.object({ current: optionalText, profiles: v.array(v.unknown()) });

async function fromSharedFile(_http: Http, location: Location, variables: Variables): Promise<Found> {
  const configured = variables.HW_SHARED_CONFIG_FILE;
  const home = variables.HOME || homedir();
  const file = configured?.replace(/^~(?=\/)/, () => home) || join(home, ".hcloud", "config.json");
  const text = await readSmall(file, `The shared configuration file ${file}`);
  if (text === undefined) {
    if (!location.profile && !configured) return { nothing: `shared file: there is no ${file}` };
    throw new CredentialsError(
      `The shared configuration file ${file} does not exist, but ${configured ? "HW_SHARED_CONFIG_FILE names it" : `the profile "${location.profile}" is asked for`}: create it with hcloud configure, or correct the setting.`,
    );
  }
  const parsed = v.safeParse(sharedFileSchema, parseJson(text, file));
  if (!parsed.success)
    throw new CredentialsError(`${file} is no shared configuration file: it has no list "profiles".`);
  const name = location.profile ?? parsed.output.current;
  const profiles = parsed.output.profiles.map((profile) => v.safeParse(profileSchema, profile));
  const profile = profiles.find((candidate) => candidate.success && candidate.output.name === name)?.output;
  if (!profile || !v.is(profileSchema, profile)) {
    if (!name) return { nothing: `shared file: ${file} has no current profile, and HW_PROFILE is not set` };
    const known = profiles.flatMap((candidate) => (candidate.success ? [candidate.output.name] : []));
    throw new CredentialsError(
      `${file} has no usable profile "${name}". Profiles: ${known.join(", ") || "none"}.`,
    );
  }
  // The CLI writes every field, also those that its mode does not use, empty or left over.
  const keys = [profile, profile.ssoAuth?.stsToken];
  const key = (profile.mode === "SSO" ? keys.reverse() : keys).find((candidate) => candidate?.accessKeyId);
  if (!key?.accessKeyId || !key.secretAccessKey) {
    return {
      nothing: `shared file: the profile "${name}" in ${file} has no access key (mode ${profile.mode ?? "unknown"})`,
    };
  }
  // A plain access key is short and alphanumeric; what the CLI encrypted is not.
  if (!/^[\w-]{1,40}$/.test(key.accessKeyId)) {
    throw new CredentialsError(
      `The profile "${name}" in ${file} is encrypted, as the hcloud CLI does by default. Run: hcloud configure set --cli-auth-encrypt=false`,
    );
  }
  const ofProfile = `of the profile "${name}" in ${file}`;
  const { agencyName, agencyDomainName, agencyDomainId } = profile;
  return {
    credentials: {
      ...accessKeyOf(
        { accessKey: key.accessKeyId, secretKey: key.secretAccessKey, securityToken: key.securityToken },
        {
          accessKey: `accessKeyId ${ofProfile}`,
          secretKey: `secretAccessKey ${ofProfile}`,
          securityToken: `securityToken ${ofProfile}`,
        },
      ),
      ...(profile.projectId && { projectId: profile.projectId }),
      ...(profile.region && { region: profile.region }),
    },
    agency: agencyName
      ? { agencyName, domainName: agencyDomainName ?? undefined, domainId: agencyDomainId ?? undefined }
      : undefined,
  };
}

async function fromMetadata(http: Http, _location: Location, variables: Variables): Promise<Found> {
  const endpoint = baseUrl(
    variables.WORKSPACE_IMAGES_METADATA_ENDPOINT || `http://${METADATA_HOST}`,
    "WORKSPACE_IMAGES_METADATA_ENDPOINT",
    (host) => isLoopback(host) || host === METADATA_HOST,
  );
  const url = `${endpoint}/openstack/latest/securitykey`;
  try {
    const response = await http.send({
      method: "GET",
      url,
      retries: 0,
      limits: METADATA_LIMITS,
      confidential: true,
    });
    return { credentials: securityTokenOf(response, url) };
  } catch (error) {
    // Outside an ECS instance anything may answer there, or nothing.
    if (error instanceof WorkspaceImagesError) {
      return { nothing: `ECS metadata: this is no ECS instance with an agency (${error.message})` };
    }
    throw error;
  }
}

/** An access key whose parts can be sent; `names` are the parts', for errors. */
function accessKeyOf(
  { accessKey, secretKey, securityToken }: Partial<Record<keyof AccessKey, string | null | undefined>>,
  names: Readonly<Record<keyof AccessKey, string>>,
): AccessKey {
  return {
    accessKey: checkVisible(accessKey ?? "", names.accessKey),
    secretKey: new Secret(checkVisible(secretKey ?? "", names.secretKey)),
    ...(securityToken && { securityToken: new Secret(checkVisible(securityToken, names.securityToken)) }),
  };
}

/** A text as keys and tokens are, so that it can be sent in a header; nothing of any other is repeated. */
function checkVisible(text: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CredentialsError(
    /^[\x21-\x7e]+\s+$/.test(text)
      ? `${what} ends with a line break or space, which may have come along from a file: remove it.`
      : `${what} has characters that no key or token has, such as a space, a line break or a letter with an accent: set it anew.`,
  );
}

function allOrNone(variables: Variables): boolean {
  const names = Object.keys(variables);
  const missing = names.filter((name) => !variables[name]);
  if (missing.length === 0) return true;
  if (missing.length === names.length) return false;
  const present = names.filter((name) => variables[name]);
  throw new CredentialsError(
    `${present.join(", ")} is set, but ${missing.join(", ")} is not: set both or neither.`,
  );
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw new CredentialsError(
      `${file} is not complete JSON: mend it, or create it anew with hcloud configure.`,
    );
  }
}

async function readIdToken(file: string): Promise<string> {
  // Its name is not repeated: it may be the token itself, put into the wrong variable.
  const text = await readSmall(file, "The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names");
  if (text?.trim()) return checkVisible(text.trim(), "The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names");
  throw new CredentialsError(
    `The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names ${text === undefined ? "does not exist" : "is empty"}: write the ID token there, or set HW_ASSUME_ROLE_ID_TOKEN.`,
  );
}

/**
 * The text of a file, or of a pipe (`<(…)` of a shell), within limits of size and time; undefined where there is none.
 * @throws CredentialsError if it cannot be read, or is a folder or a device
 */
async function readSmall(path: string, what: string): Promise<string | undefined> {
  let file: number;
  try {
    // Otherwise a pipe that nobody writes to would never be opened, and the process never end.
    file = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CredentialsError(`${what} cannot be read (${code}).`);
  }
  const stats = fstatSync(file);
  if (!stats.isFile() && !stats.isFIFO()) {
    closeSync(file);
    throw new CredentialsError(`${what} is neither a file nor a pipe.`);
  }
  const stream = stats.isFIFO() ? new Socket({ fd: file }) : createReadStream("", { fd: file });
  const timer = setTimeout(
    () => stream.destroy(new CredentialsError(`${what} did not end within ${PIPE_TIME / 1000} s.`)),
    PIPE_TIME,
  );
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > MAX_FILE) throw new CredentialsError(`${what} is larger than ${MAX_FILE / 1024 / 1024} MB.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause;
    throw new CredentialsError(`${what} cannot be read (${(cause as NodeJS.ErrnoException).code}).`);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString();
}
