import { CredentialsError } from "../../errors";
import { tokenForPassword } from "../iam";
import { Secret } from "../secret";
import { missingOf, type Source } from "./source";

/** A token for a user and password. */
export const fromPassword: Source = async (http, location, settings) => {
  const [userId, userName, password] = [
    settings.get("userId"),
    settings.get("userName"),
    settings.get("password"),
  ];
  const user = userId ?? userName;
  if (!user || !password) {
    return missingOf(settings, "password", [userId ? "userId" : "userName", "password"]);
  }
  const [domainId, domainName] = [settings.get("domainId"), settings.get("domainName")];
  if (!userId && !domainId && !domainName) {
    throw new CredentialsError(
      `${user.from} is set, but ${settings.nameOf("domainName")} is not: set it to the account's name.`,
    );
  }
  const identity = userId
    ? { id: userId.value }
    : { name: user.value, domain: domainId ? { id: domainId.value } : { name: domainName?.value ?? "" } };
  const issued = await tokenForPassword(http, location, {
    identity,
    password: new Secret(password.value),
    from: `${user.from} and ${password.from}`,
  });
  return { credentials: issued };
};
