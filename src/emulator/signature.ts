import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const MAX_SKEW_MS = 15 * 60 * 1000;

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An access key that the emulator knows. */
export interface KnownKey {
  readonly secretKey: string;
  /** What must be sent along, where the key is temporary. */
  readonly securityToken?: string;
  /** When it ends, ms since the epoch. */
  readonly expiresAt?: number;
}

/**
 * Checks a signature by computing it anew from what arrived.
 * @param now ms since the epoch
 * @returns why the request is refused, undefined where it is not
 */
export function refuseSignature(
  request: ReceivedRequest,
  keyOf: (accessKey: string) => KnownKey | undefined,
  now: number,
): string | undefined {
  const parts = /^SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    request.headers.authorization ?? "",
  );
  if (!parts) return "the Authorization header is missing or malformed";
  const [, accessKey = "", signedHeaders = "", signature = ""] = parts;
  const key = keyOf(accessKey);
  if (!key) return "the access key does not exist";
  const date = header(request, "x-sdk-date");
  const basicFormat = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  const sentAt = Date.parse(date.replace(basicFormat, "$1-$2-$3T$4:$5:$6Z"));
  if (!basicFormat.test(date) || Number.isNaN(sentAt)) return "X-Sdk-Date is missing or malformed";
  if (Math.abs(now - sentAt) > MAX_SKEW_MS)
    return "the request is expired: X-Sdk-Date is more than 15 minutes off";
  const names = signedHeaders.split(";");
  if (!names.includes("x-sdk-date") || !names.includes("host"))
    return "the headers Host and X-Sdk-Date must be signed";
  const canonical = [
    request.method,
    canonicalPath(request.target),
    canonicalQuery(request.target),
    ...names.map((name) => `${name}:${header(request, name).trim()}`),
    "",
    signedHeaders,
    sha256(request.body),
  ].join("\n");
  const expected = createHmac("sha256", key.secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${sha256(canonical)}`)
    .digest("hex");
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return "the signature does not match";
  if (key.securityToken !== undefined && header(request, "x-security-token") !== key.securityToken) {
    return "the security token is missing or wrong";
  }
  if (key.expiresAt !== undefined && key.expiresAt <= now) return "the security token has expired";
  return undefined;
}

function header({ headers }: ReceivedRequest, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

function canonicalPath(target: string): string {
  const path = target
    .split("?")[0]!
    .split("/")
    .map((segment) => percentEncode(percentDecode(segment)))
    .join("/");
  return path.endsWith("/") ? path : `${path}/`;
}

function canonicalQuery(target: string): string {
  const query = target.slice(target.indexOf("?") + 1);
  if (!target.includes("?")) return "";
  const byName = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.includes("=") ? pair.indexOf("=") : pair.length;
    const name = percentDecode(pair.slice(0, equals).replaceAll("+", " "));
    const value = percentDecode(pair.slice(equals + 1).replaceAll("+", " "));
    byName.set(name, [...(byName.get(name) ?? []), value]);
  }
  return [...byName.keys()]
    .sort()
    .flatMap((name) =>
      byName
        .get(name)!
        .sort()
        .map((value) => `${percentEncode(name)}=${percentEncode(value)}`),
    )
    .join("&");
}

/** Byte by byte, for whatever was sent; what cannot be decoded stays. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function percentEncode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-_.~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
