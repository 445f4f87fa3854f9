import { CredentialsError } from "../../errors";
import type { Location } from "../../project/location";
import type { ProviderArgument } from "../../project/provider-variables";
import type { Credentials } from "../authentication";
import type { Http } from "../http";
import type { Settings } from "./settings";

/** A place where credentials may come from. */
export type Source = (http: Http, location: Location, settings: Settings) => Promise<Found> | Found;

/** What a source gives: credentials, or why it has none. */
export type Found =
  | { readonly credentials: Credentials }
  | {
      readonly nothing: string;
      /** Something of it is set, which is a mistake if no other source has anything. */
      readonly isIncomplete?: boolean;
    };

/** A text as keys and tokens are, so that it can be sent in a header; nothing of any other is repeated. */
export function checkVisible(text: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CredentialsError(
    /^[\x21-\x7e]+\s+$/.test(text)
      ? `${what} ends with a line break or space, which may have come along from a file: remove it.`
      : `${what} has characters that no key or token has, such as a space, a line break or a letter with an accent: set it anew.`,
  );
}

/** What is missing of two arguments that belong together. */
export function missingOf(
  settings: Settings,
  kind: string,
  pair: readonly [ProviderArgument, ProviderArgument],
): Found {
  const names = pair.map((argument) => settings.nameOf(argument));
  const isSet = pair.map((argument) => settings.get(argument) !== undefined);
  if (!isSet.includes(true)) return { nothing: `${kind}: ${names.join(" and ")} are not set` };
  const [present, absent] = isSet[0] ? names : names.toReversed();
  return { nothing: `${present} is set, but ${absent} is not: set both or neither.`, isIncomplete: true };
}
