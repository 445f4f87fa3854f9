import { CredentialsError } from "../../errors";
import { keysForToken, tokenForIdToken } from "../iam";
import { Secret } from "../secret";
import { readSmall } from "../small-file";
import { checkVisible, type Source } from "./source";

/** Temporary keys for the ID token of an identity provider (OIDC). */
export const fromIdToken: Source = async (http, location, variables) => {
  const {
    HW_ASSUME_ROLE_IDP_ID: id,
    HW_ASSUME_ROLE_ID_TOKEN: text,
    HW_ASSUME_ROLE_ID_TOKEN_FILE: file,
  } = variables;
  if (!id) return { nothing: "OIDC: HW_ASSUME_ROLE_IDP_ID is not set" };
  if (!text && !file) {
    throw new CredentialsError(
      "HW_ASSUME_ROLE_IDP_ID is set, but neither HW_ASSUME_ROLE_ID_TOKEN nor HW_ASSUME_ROLE_ID_TOKEN_FILE: set one of them.",
    );
  }
  checkVisible(id, "HW_ASSUME_ROLE_IDP_ID");
  const idToken = new Secret(
    text ? checkVisible(text, "HW_ASSUME_ROLE_ID_TOKEN") : await readIdToken(file ?? ""),
  );
  const issued = await tokenForIdToken(http, location, { id, idToken });
  return { credentials: "token" in issued ? await keysForToken(http, location, issued.token) : issued };
};

async function readIdToken(file: string): Promise<string> {
  // Its name is not repeated: it may be the token itself, put into the wrong variable.
  const text = await readSmall(file, "The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names");
  if (text?.trim()) return checkVisible(text.trim(), "The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names");
  throw new CredentialsError(
    `The file that HW_ASSUME_ROLE_ID_TOKEN_FILE names ${text === undefined ? "does not exist" : "is empty"}: write the ID token there, or set HW_ASSUME_ROLE_ID_TOKEN.`,
  );
}
