import * as v from "valibot";
import { ConfigurationError } from "../errors";
import { CDKTF_JSON, type Project, WORKSPACE_IMAGES_JSON } from "./project";

/** How an environment gets the images that another one has. */
export interface PromotionPolicy {
  /** The environment whose images it gets, by `promote` alone. */
  readonly from: string;
  /**
   * Least age in days: how long `from` must have had an image.
   * @default 0
   */
  readonly minAgeDays?: number;
}

/**
 * Where one environment's images are listed, and how its pins move: an entry of `environments` in
 * workspace-images.json, or of `workspaceImages.environments` in the context of cdktf.json.
 */
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
   * Where its images come from.
   * @default - its own listing
   */
  readonly promotion?: PromotionPolicy;
  /**
   * Age in days from which a pin counts as stale.
   * @default - pins do not grow stale
   */
  readonly maxPinAgeDays?: number;
}

/** Where environments are configured, as errors name it. */
export type EnvironmentSource =
  | typeof CDKTF_JSON
  | typeof WORKSPACE_IMAGES_JSON
  | "The app's context"
  | "The option environments";

/** An environment with its name. */
export interface Environment extends EnvironmentConfig {
  /** Name, as in the configuration. */
  readonly name: string;
  /** Where it is configured; left out where it is not, as in tests with given images. */
  readonly source?: EnvironmentSource;
}

/** How a region is spelt. */
export const REGION = /^[a-z0-9-]+$/;
/** How the domain of a cloud is spelt. */
export const CLOUD = /^[A-Za-z0-9.-]+$/;

/** The context key in cdktf.json that holds the environments. */
const CONTEXT_KEY = "workspaceImages";

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(1024, "must not be longer"));
const days = v.pipe(v.number(), v.finite("must be finite"), v.minValue(0, "must not be negative"));
const environmentName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][\w.-]{0,63}$/,
    "a name must have 1 to 64 letters, digits, dots, dashes or underscores",
  ),
);

const environmentSchema = v.strictObject({
  region: v.optional(v.pipe(text, v.regex(REGION, "must be a region such as cn-north-4"))),
  projectId: v.optional(v.pipe(text, v.regex(/^[\w-]+$/, "must be a project ID"))),
  projectName: v.optional(text),
  cloud: v.optional(v.pipe(text, v.regex(CLOUD, "must be a domain such as myhuaweicloud.com"))),
  profile: v.optional(text),
  endpoints: v.optional(v.strictObject({ workspace: v.optional(text), iam: v.optional(text) })),
  promotion: v.optional(v.strictObject({ from: environmentName, minAgeDays: v.optional(days) })),
  maxPinAgeDays: v.optional(days),
});

/**
 * The environments by name, wherever they stand.
 * @internal users need none of the types of the library that checks
 */
export const environmentsSchema = v.record(environmentName, environmentSchema);

const contextSchema = v.strictObject({ environments: environmentsSchema });

/** What valibot's records leave out without a word. */
const UNUSABLE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Checks environments that were given as an option or are configured.
 * @param context what holds `environments`; undefined where there is none
 * @param source where it stands
 * @throws ConfigurationError naming the environment and the key that is wrong, never its value
 */
export function parseEnvironments(context: unknown, source: EnvironmentSource): Map<string, Environment> {
  if (context === undefined) return new Map();
  const fail = (path: readonly PropertyKey[], what: string) => {
    const root = source === WORKSPACE_IMAGES_JSON ? [] : [CONTEXT_KEY];
    return new ConfigurationError(`${source}: ${[...root, ...path].map(String).join(".")} ${what}`);
  };
  checkShape(context, [], fail);
  const result = v.safeParse(contextSchema, context);
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => key as PropertyKey);
    if (issue.type === "strict_object" && issue.expected === "never")
      throw fail(path, `is not a known key. ${knownKeys(path, source)}`);
    const why =
      issue.kind === "validation"
        ? issue.message
        : issue.received === "undefined"
          ? "it is missing"
          : `expected ${issue.expected}`;
    throw fail(path, `is wrong (${why}).`);
  }
  const { environments } = result.output;
  for (const name of Object.keys(environments)) checkPromotion(name, environments, fail);
  return new Map(
    Object.entries(environments).map(([name, config]) => [name, { name, ...config, source } as Environment]),
  );
}

type Fail = (path: readonly PropertyKey[], what: string) => ConfigurationError;

/** Refuses what the schema would not see: lists, whose indices are keys, and names that it leaves out. */
function checkShape(value: unknown, path: readonly string[], fail: Fail): void {
  // No key stands deeper; what does is refused by the schema.
  if (typeof value !== "object" || value === null || path.length > 4) return;
  if (Array.isArray(value)) throw fail(path, "is wrong (expected Object, not a list).");
  // Inherited ones too: that is where `{ __proto__: {} }` of a program goes.
  for (const key in value) {
    if (UNUSABLE_NAMES.has(key) || !Object.hasOwn(value, key))
      throw fail([...path, key], "is a name that cannot be used: choose another one.");
    checkShape((value as Record<string, unknown>)[key], [...path, key], fail);
  }
}

/** Follows where an environment's images come from: over known environments, and never back to it. */
function checkPromotion(
  name: string,
  environments: v.InferOutput<typeof environmentsSchema>,
  fail: Fail,
): void {
  const way = [name];
  for (let from = environments[name]?.promotion?.from; from !== undefined; ) {
    const path = ["environments", way.at(-1)!, "promotion", "from"];
    if (!Object.hasOwn(environments, from))
      throw fail(path, `names no environment. Known: ${Object.keys(environments).join(", ")}.`);
    if (way.includes(from))
      throw fail(
        path,
        `leads back to where it began: ${[...way, from].reverse().join(" → ")}. Images must come from somewhere.`,
      );
    way.push(from);
    from = environments[from]?.promotion?.from;
  }
}

/** What may stand where an unknown key does. */
function knownKeys(path: readonly PropertyKey[], source: EnvironmentSource): string {
  if (/key|secret|token|password|user|access/i.test(String(path.at(-1) ?? "")))
    return "Credentials never stand there: they come from where the provider takes them.";
  const inEnvironment = environmentSchema.entries;
  const { entries } =
    path.length === 1
      ? contextSchema
      : path.length === 3
        ? environmentSchema
        : path[2] === "promotion"
          ? inEnvironment.promotion.wrapped
          : inEnvironment.endpoints.wrapped;
  const inFile = path.length === 1 && source === WORKSPACE_IMAGES_JSON;
  return `Known: ${[...(inFile ? ["$schema"] : []), ...Object.keys(entries), ...(inFile ? ["lookups"] : [])].join(", ")}.`;
}

/**
 * The environments of a project: from workspace-images.json, else from the app's context, else from cdktf.json.
 * @param context the app's context, which a CDK's command line fills from cdktf.json
 * @throws ConfigurationError naming what is wrong, or both places where they stand in two
 */
export function readEnvironments(project: Project, context?: unknown): Map<string, Environment> {
  const fromFile = (project.cdktfJson?.context as Record<string, unknown> | undefined)?.[CONTEXT_KEY];
  const isFromFile = context === undefined || JSON.stringify(context) === JSON.stringify(fromFile);
  const source = isFromFile ? CDKTF_JSON : "The app's context";
  const inContext = isFromFile ? fromFile : context;
  if (!project.configuration) return parseEnvironments(inContext, source);
  if (inContext !== undefined) {
    throw new ConfigurationError(
      `The environments stand in two places: in ${WORKSPACE_IMAGES_JSON}, and under ${CONTEXT_KEY} in ${isFromFile ? `the context of ${CDKTF_JSON}` : "the app's context"} (${project.directory}). Remove one of the two.`,
    );
  }
  const { environments, lookups: _, ...others } = project.configuration;
  const { $schema: __, ...unknown } = others as Record<string, unknown>;
  return parseEnvironments({ environments, ...unknown }, WORKSPACE_IMAGES_JSON);
}

/** What an error tells a user to set, such as `environments.dev.region in workspace-images.json`. */
export function settingName({ name, source }: Environment, key: keyof EnvironmentConfig): string {
  const path = `environments.${name}.${key}`;
  switch (source) {
    case WORKSPACE_IMAGES_JSON:
      return `${path} in ${WORKSPACE_IMAGES_JSON}`;
    case "The option environments":
      return `${path} in the options of WorkspaceImageCatalog.prefetch`;
    case "The app's context":
      return `${CONTEXT_KEY}.${path} in the app's context`;
    default:
      return `${CONTEXT_KEY}.${path} in ${CDKTF_JSON}`;
  }
}
