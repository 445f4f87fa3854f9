import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { ConfigurationError } from "../errors";
import { type ProviderArgument, setting, type Variables } from "../project/provider-variables";
import { readBounded } from "../project/read-file";

const MAX_PEM = 1024 * 1024;

/** How servers are trusted, and this client shows who it is. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * What the variables say of TLS. As in the provider, an authority of one's own stands in for all others.
 * @throws ConfigurationError if one of them is malformed
 */
export function tlsOptions(variables: Variables): TlsOptions {
  const [ca, cert, key] = (["caCertFile", "cert", "key"] as const).map((name) => pem(name, variables));
  const options = {
    rejectUnauthorized: !isInsecure(variables),
    ...(ca && { ca: ca.text }),
    ...(cert && key && { cert: cert.text, key: key.text }),
  };
  try {
    for (const one of [ca, cert]) if (one) checkCertificates(one.text);
    if (ca || cert) createSecureContext(options);
  } catch {
    const names = [ca, ...(cert && key ? [cert, key] : [])].map((one) => one?.from).filter(Boolean);
    throw new ConfigurationError(
      `${names.join(" or ")} cannot be used: each must be a file, or the text, in PEM; a key belongs to its certificate.`,
    );
  }
  return options;
}

function pem(argument: ProviderArgument, variables: Variables): { text: string; from: string } | undefined {
  const given = setting(argument, variables);
  if (!given) return undefined;
  const { value, from } = given;
  if (value.includes("-----BEGIN ")) return { text: value, from };
  // The path is not repeated: it may be a key that was put there in a wrong form.
  let text: string | undefined;
  try {
    text = readBounded(value, MAX_PEM);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(`The file that ${from} names cannot be read: ${code ?? message}.`);
  }
  if (text === undefined) throw new ConfigurationError(`The file that ${from} names does not exist.`);
  return { text, from };
}

/** OpenSSL takes a text without any as no authorities at all. */
function checkCertificates(text: string): void {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!found) throw new TypeError("There is no certificate.");
  for (const certificate of found) new X509Certificate(certificate);
}

function isInsecure(variables: Variables): boolean {
  const { value, from } = setting("insecure", variables) ?? { value: "false", from: "" };
  if (/^(0|f|false)$/i.test(value)) return false;
  if (/^(1|t|true)$/i.test(value)) return true;
  throw new ConfigurationError(`${from} is ${JSON.stringify(value.slice(0, 20))}: it must be true or false.`);
}
