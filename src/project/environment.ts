import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { ConfigurationError } from "../errors";

/** What happens at synth to a pin older than `maxPinAgeDays`. */
export type OnStalePin = "warn" | "error";

/** Where one environment's images are listed: an entry of `workspaceImages.environments` in cdktf.json. */
export interface EnvironmentConfig {
  /**
   * Region, such as `cn-north-4`; a region this version does not know is allowed.
   * @default - the variable HW_REGION_NAME
   */
  readonly region?: string;
  /**
   * Project ID.
   * @default - HW_PROJECT_ID, else the profile's, each unless it is of another region (HW_REGION_NAME, the profile's),
   * else IAM is asked for the project named `projectName`
   */
  readonly projectId?: string;
  /**
   * Project name.
   * @default - HW_PROJECT_NAME, unless HW_REGION_NAME is another region, else the region's name
   */
  readonly projectName?: string;
  /**
   * Domain of the cloud.
   * @default - HW_CLOUD, else `myhuaweicloud.eu` for regions that begin with `eu-west-1`, else `myhuaweicloud.com`
   */
  readonly cloud?: string;
  /**
   * Profile in the shared configuration file that this environment's credentials come from.
   * @default - HW_PROFILE, else the file's `current`
   */
  readonly profile?: string;
  /**
   * Base URLs without a version, as in the provider's `endpoints`. Plain http is allowed to loopback only.
   * @default - WORKSPACE_IMAGES_ENDPOINT and HW_AUTH_URL, else the region's own
   */
  readonly endpoints?: { readonly workspace?: string; readonly iam?: string };
  /**
   * Age in days from which a pin counts as stale.
   * @default - pins do not grow stale
   */
  readonly maxPinAgeDays?: number;
  /**
   * What a stale pin does to a synth.
   * @default "warn"
   */
  readonly onStalePin?: OnStalePin;
}

/** An environment with its name. */
export interface Environment extends EnvironmentConfig {
  /** Name, as in cdktf.json. */
  readonly name: string;
}

/** An environment's place on the network, after variables and defaults; several environments may be in one place. */
export interface Location {
  /** Region. */
  readonly region: string;
  /** Project ID, where configured. */
  readonly projectId?: string;
  /** Project name. */
  readonly projectName: string;
  /** Profile of the shared configuration file, where configured. */
  readonly profile?: string;
  /** Base URL of the Workspace service, without a version or a trailing slash. */
  readonly workspaceUrl: string;
  /** Base URL of IAM, without a version or a trailing slash. */
  readonly iamUrl: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const REGION = /^[a-z0-9-]+$/;
const CLOUD = /^[a-z0-9.-]+$/i;

/** The context key in cdktf.json that holds the environments. */
const CONTEXT_KEY = "workspaceImages";

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(1024, "must not be longer"));

const environmentSchema = v.strictObject({
  region: v.optional(v.pipe(text, v.regex(REGION, "must be a region such as cn-north-4"))),
  projectId: v.optional(v.pipe(text, v.regex(/^[\w-]+$/, "must be a project ID"))),
  projectName: v.optional(text),
  cloud: v.optional(v.pipe(text, v.regex(CLOUD, "must be a domain such as myhuaweicloud.com"))),
  profile: v.optional(text),
  endpoints: v.optional(v.strictObject({ workspace: v.optional(text), iam: v.optional(text) })),
  maxPinAgeDays: v.optional(
    v.pipe(v.number(), v.finite("must be finite"), v.minValue(0, "must not be negative")),
  ),
  onStalePin: v.optional(v.picklist(["warn", "error"])),
});

const contextSchema = v.strictObject({
  environments: v.record(
    v.pipe(
      v.string(),
      v.regex(
        /^[A-Za-z0-9][\w.-]{0,63}$/,
        "a name must have 1 to 64 letters, digits, dots, dashes or underscores",
      ),
    ),
    environmentSchema,
  ),
});

/** A CDKTF project on disk. */
export interface Project {
  /** Folder of cdktf.json, else the current folder. */
  readonly directory: string;
  /** The parsed cdktf.json; undefined where there is none. */
  readonly cdktfJson?: { readonly app?: unknown; readonly context?: unknown };
}

/**
 * Finds the nearest cdktf.json at or above `from`.
 * @throws ConfigurationError if it is not readable as JSON
 */
export function findProject(from = process.cwd()): Project {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const file = join(directory, "cdktf.json");
    if (existsSync(file)) {
      try {
        const cdktfJson: unknown = JSON.parse(readFileSync(file, "utf8"));
        if (typeof cdktfJson === "object" && cdktfJson !== null) return { directory, cdktfJson };
        throw new TypeError("not an object");
      } catch (cause) {
        throw new ConfigurationError(`${file} is not valid: ${(cause as Error).message}`, { cause });
      }
    }
    if (dirname(directory) === directory) return { directory: resolve(from) };
  }
}

/**
 * Checks environments that were given as an option or stand under `workspaceImages` in cdktf.json.
 * @param context the value of the context key, undefined where there is none
 * @param source where the value stands, for errors
 * @throws ConfigurationError naming the environment and the key that is wrong, never its value
 */
export function parseEnvironments(context: unknown, source: string): Map<string, Environment> {
  if (context === undefined) return new Map();
  const result = v.safeParse(contextSchema, context);
  if (!result.success) {
    const [issue] = result.issues;
    const unknownKey = issue.type === "strict_object" && issue.expected === "never";
    const path = [CONTEXT_KEY, v.getDotPath(issue)].filter(Boolean).join(".");
    const why = issue.kind === "validation" ? issue.message : `expected ${issue.expected}`;
    throw new ConfigurationError(
      `${source}: ${path} ${unknownKey ? "is not a known key" : `is wrong (${why})`}.` +
        (unknownKey ? ` ${knownKeys((issue.path ?? []).map(({ key }) => String(key)))}` : ""),
    );
  }
  return new Map(
    Object.entries(result.output.environments).map(([name, config]) => [
      name,
      { name, ...config } as Environment,
    ]),
  );
}

/** What may stand where an unknown key does: beside `environments`, in an environment, or in its endpoints. */
function knownKeys(path: readonly string[]): string {
  if (/key|secret|token|password|user|access/i.test(path.at(-1) ?? ""))
    return "Credentials never stand there: they come from where the provider takes them.";
  const { entries } =
    path.length === 1
      ? contextSchema
      : path.length === 3
        ? environmentSchema
        : environmentSchema.entries.endpoints.wrapped;
  return `Known: ${Object.keys(entries).join(", ")}.`;
}

/**
 * An environment's place on the network: what it configures, else the provider's variables, else the region's own.
 * @throws ConfigurationError if no region is set, or a region, cloud or endpoint is not usable
 */
export function locate(environment: Environment, variables: Variables = process.env): Location {
  const { name, endpoints } = environment;
  const region = environment.region ?? variables.HW_REGION_NAME;
  if (!region) {
    throw new ConfigurationError(
      `Environment "${name}" has no region: set workspaceImages.environments.${name}.region in cdktf.json, or HW_REGION_NAME.`,
    );
  }
  const cloud =
    environment.cloud ??
    (variables.HW_CLOUD || (region.startsWith("eu-west-1") ? "myhuaweicloud.eu" : "myhuaweicloud.com"));
  if (!REGION.test(region)) {
    throw new ConfigurationError(
      `Environment "${name}": HW_REGION_NAME must be a region such as cn-north-4.`,
    );
  }
  if (!CLOUD.test(cloud)) {
    throw new ConfigurationError(
      `Environment "${name}": HW_CLOUD must be a domain such as myhuaweicloud.com.`,
    );
  }
  const workspace =
    endpoints?.workspace ?? (variables.WORKSPACE_IMAGES_ENDPOINT || `https://workspace.${region}.${cloud}`);
  const iam =
    endpoints?.iam ??
    (variables.HW_AUTH_URL?.replace(/\/v3(\.0)?\/?$/, "") || `https://iam.${region}.${cloud}`);
  // A project belongs to one region: what the variables name is not the project of an environment elsewhere.
  const isVariablesRegion = !variables.HW_REGION_NAME || variables.HW_REGION_NAME === region;
  const { HW_PROJECT_ID: idFromVariable, HW_PROJECT_NAME: nameFromVariable } = isVariablesRegion
    ? variables
    : {};
  const projectId = environment.projectId ?? idFromVariable;
  const profile = environment.profile ?? variables.HW_PROFILE;
  return {
    region,
    ...(projectId && { projectId }),
    projectName: environment.projectName ?? (nameFromVariable || region),
    ...(profile && { profile }),
    workspaceUrl: baseUrl(
      workspace,
      `Environment "${name}": the Workspace endpoint (${endpoints?.workspace ? "endpoints.workspace in cdktf.json" : "WORKSPACE_IMAGES_ENDPOINT"})`,
    ),
    iamUrl: baseUrl(
      iam,
      `Environment "${name}": the IAM endpoint (${endpoints?.iam ? "endpoints.iam in cdktf.json" : "HW_AUTH_URL"})`,
    ),
  };
}

/**
 * A base URL without a trailing slash.
 * @param subject what it is, for errors
 * @param isPlainAllowed whether plain http may be spoken to a host
 * @throws ConfigurationError if it is not usable, without repeating secrets that it may hold
 */
export function baseUrl(value: string, subject: string, isPlainAllowed = isLoopback): string {
  const fail = (why: string) => new ConfigurationError(`${subject} ${why}.`);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw fail("is not a URL such as https://example.com");
  }
  if (url.username || url.password) throw fail("must not contain a user name or password");
  if (url.search || url.hash) throw fail("must not contain a query or fragment");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw fail(`must be https, not ${url.protocol}`);
  if (url.protocol === "http:" && !isPlainAllowed(url.hostname)) {
    throw fail(`${url.origin} is plain http, which is allowed to loopback only: use https`);
  }
  const base = url.href.replace(/\/+$/, "");
  if (/\/v\d[\d.]*$/.test(base)) throw fail("must not end in a version: it is added to each request");
  return base;
}

/** Whether a URL's host is this machine, the only one that plain http may be spoken to. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The environments of a project: from the app's context, else from cdktf.json.
 * @param context the app's context, which the cdktf CLI fills from cdktf.json
 * @throws ConfigurationError naming what is wrong
 */
export function readEnvironments(project: Project, context?: unknown): Map<string, Environment> {
  const { context: fromFile } = project.cdktfJson ?? {};
  const value = context ?? (fromFile as Record<string, unknown> | undefined)?.[CONTEXT_KEY];
  return parseEnvironments(value, "cdktf.json");
}
