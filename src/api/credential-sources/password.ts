import { CredentialsError } from "../../errors";
import { tokenForPassword } from "../iam";
import { Secret } from "../secret";
import { allOrNone, type Source } from "./source";

/** A token for a user's name and password. */
export const fromPassword: Source = async (http, location, variables) => {
  const { HW_USER_NAME: name, HW_USER_PASSWORD: password, HW_DOMAIN_NAME: domainName } = variables;
  const given = { HW_USER_NAME: name, HW_USER_PASSWORD: password };
  if (!allOrNone(given)) return { nothing: "password: HW_USER_NAME and HW_USER_PASSWORD are not set" };
  if (!domainName)
    throw new CredentialsError(
      "HW_USER_NAME is set, but HW_DOMAIN_NAME is not: set it to the account's name.",
    );
  const user = { name: name ?? "", password: new Secret(password ?? ""), domainName };
  return { credentials: await tokenForPassword(http, location, user) };
};
