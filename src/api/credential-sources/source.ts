import { CredentialsError } from "../../errors";
import type { Location, Variables } from "../../project/location";
import type { Credentials } from "../authentication";
import type { Http } from "../http";
import type { Agency } from "../iam";
import { Secret } from "../secret";
import type { AccessKey } from "../signer";

/** A place where credentials may come from. */
export type Source = (http: Http, location: Location, variables: Variables) => Promise<Found> | Found;

/** What a source gives: credentials, perhaps with an agency to assume, or why it has none. */
export type Found =
  | { readonly credentials: Credentials; readonly agency?: Agency | undefined }
  | { readonly nothing: string };

/** An access key whose parts can be sent; `names` are the parts', for errors. */
export function accessKeyOf(
  { accessKey, secretKey, securityToken }: Partial<Record<keyof AccessKey, string | null | undefined>>,
  names: Readonly<Record<keyof AccessKey, string>>,
): AccessKey {
  return {
    accessKey: checkVisible(accessKey ?? "", names.accessKey),
    secretKey: new Secret(checkVisible(secretKey ?? "", names.secretKey)),
    ...(securityToken && { securityToken: new Secret(checkVisible(securityToken, names.securityToken)) }),
  };
}

/** A text as keys and tokens are, so that it can be sent in a header; nothing of any other is repeated. */
export function checkVisible(text: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CredentialsError(
    /^[\x21-\x7e]+\s+$/.test(text)
      ? `${what} ends with a line break or space, which may have come along from a file: remove it.`
      : `${what} has characters that no key or token has, such as a space, a line break or a letter with an accent: set it anew.`,
  );
}

export function allOrNone(variables: Variables): boolean {
  const names = Object.keys(variables);
  const missing = names.filter((name) => !variables[name]);
  if (missing.length === 0) return true;
  if (missing.length === names.length) return false;
  const present = names.filter((name) => variables[name]);
  throw new CredentialsError(
    `${present.join(", ")} is set, but ${missing.join(", ")} is not: set both or neither.`,
  );
}
