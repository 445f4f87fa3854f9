import { CredentialsError } from "../../errors";
import { keysForToken, tokenForIdToken } from "../iam";
import { Secret } from "../secret";
import { readSmall } from "../small-file";
import type { Settings } from "./settings";
import { checkVisible, type Source } from "./source";

/** Temporary keys for the ID token of an identity provider (OIDC). */
export const fromIdToken: Source = async (http, location, settings) => {
  const idp = settings.get("idpId");
  if (!idp) return { nothing: `OIDC: ${settings.nameOf("idpId")} is not set` };
  const id = checkVisible(idp.value, idp.from);
  const idToken = new Secret(await idTokenOf(settings));
  const issued = await tokenForIdToken(http, location, { id, idToken });
  const keys = "token" in issued ? await keysForToken(http, location, issued.token) : issued;
  return { credentials: { ...keys, from: `the identity provider in ${idp.from}` } };
};

async function idTokenOf(settings: Settings): Promise<string> {
  const [idToken, file] = [settings.get("idToken"), settings.get("idTokenFile")];
  if (idToken) return checkVisible(idToken.value, idToken.from);
  if (!file) {
    throw new CredentialsError(
      "HW_ASSUME_ROLE_IDP_ID is set, but neither HW_ASSUME_ROLE_ID_TOKEN nor HW_ASSUME_ROLE_ID_TOKEN_FILE: set one of them.",
    );
  }
  // Its name is not repeated: it may be the token itself, put into the wrong variable.
  const what = `The file that ${file.from} names`;
  const text = await readSmall(file.value, what);
  if (text?.trim()) return checkVisible(text.trim(), what);
  throw new CredentialsError(
    `${what} ${text === undefined ? "does not exist" : "is empty"}: write the ID token there, or set HW_ASSUME_ROLE_ID_TOKEN.`,
  );
}
