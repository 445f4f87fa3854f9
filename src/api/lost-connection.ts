import { ConnectionError } from "../errors";
import type { Exchange } from "./exchange";
import { excerpt } from "./quote";

/** Why an exchange came to no answer, in words that say what to check. */
export function connectionError({ what, url, limits, proxy }: Exchange, cause: unknown): ConnectionError {
  const code = codeOf(cause);
  const seconds = (ms: number) => `${ms / 1000} s`;
  const reasons: Record<string, string> = {
    ECONNREFUSED: `the connection was refused: does the service run, and is the endpoint${proxy ? `, or the proxy in ${proxy},` : ""} right?`,
    ENOTFOUND: "the name is unknown: check the region, the endpoint, and whether this machine is online.",
    EAI_AGAIN: "the name could not be looked up: check whether this machine is online.",
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${seconds(limits.connect)}: check the network, ${proxy ?? "HTTPS_PROXY"} and the endpoint.`,
    UND_ERR_HEADERS_TIMEOUT: `no answer within ${seconds(limits.headers)}: try again later.`,
    UND_ERR_BODY_TIMEOUT: `the answer stopped for ${seconds(limits.body)}: try again later.`,
    UND_ERR_HEADERS_OVERFLOW: "the answer's headers are too large: check the endpoint.",
    Z_BUF_ERROR: "the answer was cut off: try again later.",
    Z_DATA_ERROR: `the answer was damaged on its way and cannot be unpacked: check ${proxy ?? "HTTPS_PROXY"}, or try again later.`,
    TimeoutError: `no complete answer within ${seconds(limits.total)}: try again later.`,
  };
  const scrubbed = scrub(cause);
  const reason = reasons[code] ?? reasonOfKind(code, scrubbed.message, proxy);
  return new ConnectionError(`${what} failed: ${url.host}: ${reason}`, { cause: scrubbed });
}

/** The code of an error of a connection, or of what caused it. */
export function codeOf(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: string; cause?: unknown };
  if (typeof code === "string") return code;
  if (name === "TimeoutError" || name === "AbortError") return "TimeoutError";
  return cause ? codeOf(cause) : (name ?? "unknown");
}

function reasonOfKind(code: string, message: string, proxy: string | undefined): string {
  const refused = /Proxy response \((\d+)\)/.exec(message)?.[1];
  if (refused) {
    return `the proxy in ${proxy} did not let the connection through (${refused}): check it, and its user name and password.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "its certificate is another server's: check the endpoint.";
  }
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `its certificate is out of date (${code}): check this machine's clock.`;
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return `its certificate is not trusted (${code}): name your own authority's file in NODE_EXTRA_CA_CERTS.`;
  }
  if (/SSL|TLS|EPROTO/.test(code)) return `it does not speak TLS as it should (${code}): check the endpoint.`;
  if (/^HTTPParserError$|^HPE_|^ERR_ASSERTION$/.test(code) && code !== "HPE_INVALID_EOF_STATE")
    return `it does not answer in HTTP as it should (${code}): check the endpoint.`;
  return `the connection was lost (${code}): try again later.`;
}

/** The cause without what undici hangs on it: requests, and with them headers. */
function scrub(cause: unknown): Error {
  const { name, message } = cause as Error;
  return Object.assign(new Error(excerpt(`${name}: ${message}`)), { code: codeOf(cause) });
}
