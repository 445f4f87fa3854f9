import { BlockList, isIP } from "node:net";
import { ConfigurationError } from "../errors";
import { isLoopback } from "../project/loopback";
import type { Variables } from "../project/provider-variables";
import { remember } from "./redact";

/** The proxy that leads to an endpoint. */
export interface NamedProxy {
  readonly url: string;
  /** The variable that names it. */
  readonly from: string;
}

/**
 * The proxy for a URL after the rules of Go, in which the provider is written: upper case before lower case, empty is
 * not set, `http://` before one without a scheme, never for loopback or what NO_PROXY names.
 * @throws ConfigurationError if it is none that can be spoken to, without repeating its password
 */
export function proxyFor(url: URL, variables: Variables): NamedProxy | undefined {
  // Plain http is spoken to loopback and to the metadata service of this machine alone.
  if (url.protocol !== "https:" || isLoopback(hostOf(url))) return undefined;
  const proxy = first(variables, "HTTPS_PROXY", "https_proxy");
  if (!proxy || isExcepted(url, first(variables, "NO_PROXY", "no_proxy")?.value ?? "")) return undefined;
  const { value, from } = proxy;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  let parsed: URL;
  try {
    parsed = new URL(text);
    // It may repeat its password, as a server may a key.
    remember(decodeURIComponent(parsed.password));
  } catch {
    throw new ConfigurationError(`${from} is not a proxy's URL, such as http://proxy.example.com:3128.`);
  }
  if (parsed.protocol === "http:" || parsed.protocol === "https:") return { url: text, from };
  throw new ConfigurationError(
    `${from} names a proxy of the kind ${parsed.protocol}//, which is not supported: name one with http:// or https://, or the endpoints in NO_PROXY.`,
  );
}

function first(variables: Variables, ...names: string[]): { value: string; from: string } | undefined {
  for (const from of names) {
    const value = variables[from];
    if (value) return { value, from };
  }
  return undefined;
}

/** The host of a URL; an IPv4 address that is written as one of IPv6 (`[::ffff:7f00:1]`) as what it is. */
function hostOf({ hostname }: URL): string {
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? [];
  if (!high || !low) return hostname;
  return [high, low]
    .flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255])
    .join(".");
}

/** Whether NO_PROXY names a host: by name (with its subdomains), IP address or range, each with or without a port. */
function isExcepted(url: URL, noProxy: string): boolean {
  const host = hostOf(url).replace(/^\[|\]$/g, "");
  return noProxy
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => matches(entry, host, url.port || "443"));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const family = isIP(host);
  const range = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (range?.[1] && range[2]) return family !== 0 && isInRange(host, range[1], Number(range[2]));
  // An IPv6 address has colons of its own: a port stands behind brackets, which mean nothing without one.
  const [, name = "", ofPort] =
    /^\[([^\]]+)\]:(\d*)$/.exec(entry) ??
    (isIP(entry) ? [entry, entry] : (/^([^:]*)(?::(\d*))?$/.exec(entry) ?? []));
  if (name === "" || (ofPort && ofPort !== port)) return false;
  if (isIP(name)) return family !== 0 && isInRange(host, name, isIP(name) === 4 ? 32 : 128);
  const suffix = name.replace(/^\*\./, ".");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInRange(host: string, network: string, bits: number): boolean {
  // Otherwise every IPv4 address would be in ::/0.
  if (isIP(host) === 4 && isIP(network) === 6 && !/^::ffff:/i.test(network)) return false;
  const list = new BlockList();
  try {
    list.addSubnet(network, bits, isIP(network) === 6 ? "ipv6" : "ipv4");
  } catch {
    return false;
  }
  return list.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}
