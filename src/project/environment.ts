import * as v from "valibot";
import { ConfigurationError } from "../errors";
import type { Project } from "./project";

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

/** How a region is spelt. */
export const REGION = /^[a-z0-9-]+$/;
/** How the domain of a cloud is spelt. */
export const CLOUD = /^[a-z0-9.-]+$/i;

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
 * The environments of a project: from the app's context, else from cdktf.json.
 * @param context the app's context, which the cdktf CLI fills from cdktf.json
 * @throws ConfigurationError naming what is wrong
 */
export function readEnvironments(project: Project, context?: unknown): Map<string, Environment> {
  const { context: fromFile } = project.cdktfJson ?? {};
  const value = context ?? (fromFile as Record<string, unknown> | undefined)?.[CONTEXT_KEY];
  return parseEnvironments(value, "cdktf.json");
}
