import { ConfigurationError } from "../errors";
import { CLOUD, type Environment, REGION, settingName } from "./environment";

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

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The ECS metadata service of this machine: it has no certificate, and is sent no credentials. */
export const METADATA_HOST = "169.254.169.254";

/** The region that an environment is in, as far as configuration and variables state it. */
export function regionOf(
  { region }: Pick<Environment, "region">,
  variables: Variables = process.env,
): string | undefined {
  return region ?? (variables.HW_REGION_NAME || undefined);
}

/**
 * An environment's place on the network: what it configures, else the provider's variables, else the region's own.
 * @throws ConfigurationError if no region is set, or a region, cloud or endpoint is not usable
 */
export function locate(environment: Environment, variables: Variables = process.env): Location {
  const { name, endpoints } = environment;
  const region = regionOf(environment, variables);
  if (!region) {
    throw new ConfigurationError(
      `Environment "${name}" has no region: set ${settingName(environment, "region")}, or HW_REGION_NAME.`,
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
  const isVariablesRegion = [undefined, region].includes(regionOf({}, variables));
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
      `Environment "${name}": the Workspace endpoint (${endpoints?.workspace ? `endpoints.workspace in ${environment.source ?? "cdktf.json"}` : "WORKSPACE_IMAGES_ENDPOINT"})`,
    ),
    iamUrl: baseUrl(
      iam,
      `Environment "${name}": the IAM endpoint (${endpoints?.iam ? `endpoints.iam in ${environment.source ?? "cdktf.json"}` : "HW_AUTH_URL"})`,
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
