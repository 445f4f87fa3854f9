import { ConfigurationError } from "../errors";
import { isLoopback } from "./loopback";
import { setting, type Variables } from "./provider-variables";

/** The clouds that this library knows. */
const KNOWN_CLOUDS = ["myhuaweicloud.com", "myhuaweicloud.eu"] as const;
/** Of other hosts below these domains, anyone can have one: buckets, for example. */
const SERVICE_HOST = /^(iam|sts|workspace)(\.[a-z]+-[a-z0-9-]+)?$/;

/**
 * Checks that credentials may be sent to a URL: to this machine, to the services of a known cloud, and to what the
 * user's own variables name. Configuration in a repository, which others may write, is not enough.
 * @param subject what leads there, for errors
 * @throws ConfigurationError naming the variable that allows it
 */
export function checkTrusted(url: string, subject: string, variables: Variables): void {
  const { hostname, host } = new URL(url);
  if (isLoopback(hostname) || isKnown(hostname) || isNamed(hostname, host, variables)) return;
  throw new ConfigurationError(
    `${subject} leads to ${host}, which is no service of a known cloud (${KNOWN_CLOUDS.join(", ")}). Credentials are sent there only where a variable of yours allows it: set WORKSPACE_IMAGES_TRUSTED_HOSTS=${host}, or HW_CLOUD to the cloud's domain.`,
  );
}

function isKnown(hostname: string): boolean {
  return KNOWN_CLOUDS.some(
    (cloud) => hostname.endsWith(`.${cloud}`) && SERVICE_HOST.test(hostname.slice(0, -cloud.length - 1)),
  );
}

function isNamed(hostname: string, host: string, variables: Variables): boolean {
  const cloud = setting("cloud", variables)?.value.toLowerCase();
  if (cloud && hostname.endsWith(`.${cloud}`)) return true;
  const endpoints = [setting("authUrl", variables)?.value, variables.WORKSPACE_IMAGES_ENDPOINT];
  if (endpoints.some((endpoint) => endpoint && hostOf(endpoint) === host)) return true;
  return (variables.WORKSPACE_IMAGES_TRUSTED_HOSTS ?? "")
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean)
    .some((entry) =>
      entry.startsWith("*.")
        ? hostname.endsWith(entry.slice(1))
        : entry === hostname || hostOf(entry) === host,
    );
}

function hostOf(endpoint: string): string | undefined {
  try {
    return new URL(withScheme(endpoint)).host;
  } catch {
    return undefined;
  }
}

/** An endpoint as the provider reads it, which puts https:// before one without a scheme. */
export function withScheme(endpoint: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
}
