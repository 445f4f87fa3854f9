import { createHash, createHmac } from "node:crypto";
import { compare } from "../text/compare";
import type { Secret } from "./secret";

const ALGORITHM = "SDK-HMAC-SHA256";

/** A request as the signature covers it. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  /** Headers to sign; the signer adds `Host`, `X-Sdk-Date` and `X-Security-Token`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** An access key, with a security token where it is temporary. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: Secret;
  readonly securityToken?: Secret | undefined;
}

/**
 * Signs a request with SDK-HMAC-SHA256.
 * @param now the time of signing; the gateway refuses one that is more than 15 minutes off
 * @returns all headers to send, the signed ones included
 */
export function sign(request: SignableRequest, key: AccessKey, now = new Date()): Record<string, string> {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.url.host,
    "x-sdk-date": date,
    ...(key.securityToken && { "x-security-token": key.securityToken.reveal() }),
  };
  const signed = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => compare(a, b));
  const signedNames = signed.map(([name]) => name).join(";");
  const canonicalRequest = [
    request.method,
    canonicalUri(request.url),
    canonicalQuery(request.url),
    signed.map(([name, value]) => `${name}:${value}\n`).join(""),
    signedNames,
    sha256(request.body ?? ""),
  ].join("\n");
  const signature = createHmac("sha256", key.secretKey.reveal())
    .update([ALGORITHM, date, sha256(canonicalRequest)].join("\n"))
    .digest("hex");
  return {
    ...headers,
    authorization: `${ALGORITHM} Access=${key.accessKey}, SignedHeaders=${signedNames}, Signature=${signature}`,
  };
}

/** Percent-encodes all but letters, digits and `-_.~`, as signatures and the requests they cover have it. */
export function encode(text: string): string {
  // Through a Buffer, a lone surrogate becomes U+FFFD instead of an exception.
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A `%` that begins no character stands for itself, as for whoever checks the signature. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function canonicalUri({ pathname }: URL): string {
  const path = pathname
    .split("/")
    .map((segment) => encode(decode(segment)))
    .join("/");
  return path.endsWith("/") ? path : `${path}/`;
}

function canonicalQuery({ search }: URL): string {
  return search
    .slice(1)
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [decode(name), decode(value.join("="))] as const;
    })
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
