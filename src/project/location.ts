import { ConfigurationError } from "../errors";
import { CLOUD, type Environment, REGION, settingName } from "./environment";
import { isLoopback } from "./loopback";
import { type Setting, setting, type Variables, variableOf } from "./provider-variables";
import { checkTrusted, withScheme } from "./trusted-hosts";

/** An environment's place on the network, after variables and defaults; several environments may be in one place. */
export interface Location {
  /** Region. */
  readonly region: string;
  /** Project ID, where configured. */
  readonly projectId?: string;
  /** Project name. */
  readonly projectName: string;
  /** Profile of the shared configuration file, where one is named. */
  readonly profile?: string;
  /** Base URL of the Workspace service, without a version or a trailing slash. */
  readonly workspaceUrl: string;
  /** Base URL of IAM, without a version or a trailing slash. */
  readonly iamUrl: string;
  /** Base URL of what exchanges ID tokens, without a version or a trailing slash. */
  readonly oidcUrl: string;
  /** Base URL of STS, without a version or a trailing slash. */
  readonly stsUrl: string;
}

/** What a profile of the shared configuration file says of a place; its values replace those of variables. */
export interface ProfilePlace {
  readonly region?: Setting | undefined;
  readonly projectId?: Setting | undefined;
}

/** The ECS metadata service of this machine: it has no certificate, and is sent no credentials. */
export const METADATA_HOST = "169.254.169.254";
/** The provider exchanges ID tokens there, whatever else is set. */
const OIDC_CLOUD = "myhuaweicloud.com";

/**
 * An environment's place on the network: what it configures, else its profile, else the provider's variables, else
 * the region's own.
 * @param profile what its profile says, where one is asked for
 * @throws ConfigurationError if no region is set, a region, cloud or endpoint is not usable, or credentials must not
 * be sent there
 */
export function locate(
  environment: Environment,
  variables: Variables = process.env,
  profile: ProfilePlace = {},
): Location {
  const { name, endpoints } = environment;
  const subject = (what: string) => `Environment "${name}": ${what}`;
  // The provider's own region: a project that the profile or the variables name belongs there.
  const ofProvider = profile.region ?? setting("region", variables);
  const region = environment.region ?? ofProvider?.value;
  if (!region) {
    throw new ConfigurationError(
      `Environment "${name}" has no region: set ${settingName(environment, "region")}, or HW_REGION_NAME.`,
    );
  }
  if (!REGION.test(region)) {
    throw new ConfigurationError(subject(`${ofProvider?.from} must be a region such as cn-north-4.`));
  }
  const cloud = cloudOf(environment, region, variables);
  const isRegionOfProvider = ofProvider === undefined || ofProvider.value === region;
  const projectId =
    environment.projectId ??
    (isRegionOfProvider ? (profile.projectId ?? setting("projectId", variables))?.value : undefined);
  const projectName =
    environment.projectName ??
    (isRegionOfProvider ? setting("projectName", variables)?.value : undefined) ??
    region;
  const profileName = environment.profile ?? setting("profile", variables)?.value;

  const from = (key: "workspace" | "iam", variable: string) =>
    endpoints?.[key] ? settingName(environment, `endpoints.${key}`) : variable;
  const url = (service: string, endpoint: string | undefined, where: string) => {
    const what = subject(`the ${service} endpoint (${where})`);
    const base = baseUrl(withScheme(endpoint ?? `https://${service.toLowerCase()}.${region}.${cloud}`), what);
    checkTrusted(base, endpoint ? what : subject(settingName(environment, "cloud")), variables);
    return base;
  };
  const workspaceUrl = url(
    "Workspace",
    endpoints?.workspace ?? (variables.WORKSPACE_IMAGES_ENDPOINT || undefined),
    from("workspace", "WORKSPACE_IMAGES_ENDPOINT"),
  );
  const iamUrl = url(
    "IAM",
    endpoints?.iam ?? setting("authUrl", variables)?.value.replace(/\/v3(\.0)?\/?$/, ""),
    from("iam", variableOf("authUrl", variables)),
  );
  // No variable names STS or the exchange of ID tokens: where IAM is a server on this machine, it is these, too.
  const standIn = isLoopback(new URL(iamUrl).hostname) ? iamUrl : undefined;
  const stsUrl = standIn ?? `https://sts.${region}.${cloud}`;
  checkTrusted(stsUrl, subject(settingName(environment, "cloud")), variables);
  return {
    region,
    ...(projectId && { projectId }),
    projectName,
    ...(profileName && { profile: profileName }),
    workspaceUrl,
    iamUrl,
    oidcUrl: standIn ?? `https://iam.${region}.${OIDC_CLOUD}`,
    stsUrl,
  };
}

function cloudOf(environment: Environment, region: string, variables: Variables): string {
  const named = environment.cloud ?? setting("cloud", variables)?.value;
  if (named === undefined) return region.startsWith("eu-west-1") ? "myhuaweicloud.eu" : "myhuaweicloud.com";
  if (CLOUD.test(named)) return named;
  throw new ConfigurationError(
    `Environment "${environment.name}": HW_CLOUD must be a domain such as myhuaweicloud.com.`,
  );
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
