import v = require("valibot");

import { CDKTF_JSON, WORKSPACE_IMAGES_JSON } from "./project";

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
   * @default - the profile's, else the variable HW_REGION_NAME
   */
  readonly region?: string;
  /**
   * Project ID.
   * @default - the profile's, else HW_PROJECT_ID, each unless it is of another region (the profile's, HW_REGION_NAME),
   * else IAM is asked for the project named `projectName`
   */
  readonly projectId?: string;
  /**
   * Project name.
   * @default - HW_PROJECT_NAME, unless it is of another region (the profile's, HW_REGION_NAME), else the region's name
   */
  readonly projectName?: string;
  /**
   * Domain of the cloud.
   * @default - HW_CLOUD, else `myhuaweicloud.eu` for regions that begin with `eu-west-1`, else `myhuaweicloud.com`
   */
  readonly cloud?: string;
  /**
   * Profile in the shared configuration file. Its keys come before those of variables.
   * @default - HW_PROFILE; where neither is set, no file is read unless HW_SHARED_CONFIG_FILE names one
   */
  readonly profile?: string;
  /**
   * Base URLs without a version, as in the provider's `endpoints`. Plain http is allowed to loopback only, and
   * credentials are sent to known clouds only, and to hosts that variables name (docs/credentials.md).
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
   * @default - pins do not become stale
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

/** How an environment may be called. */
export const ENVIRONMENT_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
/** How a region is spelt. */
export const REGION = /^[a-z0-9-]+$/;
/** How the domain of a cloud is spelt. */
export const CLOUD = /^[A-Za-z0-9.-]+$/;

/** The context key in cdktf.json that holds the environments. */
export const CONTEXT_KEY = "workspaceImages";

/** @internal users need none of the types of the library that checks */
export const text = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  v.maxLength(1024, "must not be longer"),
);
const days = v.pipe(v.number(), v.finite("must be finite"), v.minValue(0, "must not be negative"));
/** @internal users need none of the types of the library that checks */
export const environmentName = v.pipe(
  v.string(),
  v.regex(ENVIRONMENT_NAME, "a name must have 1 to 64 letters, digits, dots, dashes or underscores"),
);

/**
 * An environment as it is configured.
 * @internal users need none of the types of the library that checks
 */
export const environmentSchema = v.strictObject({
  region: v.optional(v.pipe(text, v.regex(REGION, "must be a region such as cn-north-4"))),
  projectId: v.optional(v.pipe(text, v.regex(/^[\w-]+$/, "must be a project ID"))),
  projectName: v.optional(text),
  cloud: v.optional(v.pipe(text, v.regex(CLOUD, "must be a domain such as myhuaweicloud.com"))),
  profile: v.optional(text),
  endpoints: v.optional(v.strictObject({ workspace: v.optional(text), iam: v.optional(text) })),
  promotion: v.optional(v.strictObject({ from: environmentName, minAgeDays: v.optional(days) })),
  maxPinAgeDays: v.optional(days),
});

/** What an error tells a user to set, such as `environments.dev.region in workspace-images.json`. */
export function settingName(
  { name, source }: Environment,
  key: keyof EnvironmentConfig | "endpoints.workspace" | "endpoints.iam",
): string {
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
