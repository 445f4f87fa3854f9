import { CredentialsError } from "../../errors";
import { Secret } from "../secret";
import { checkVisible, missingOf, type Source } from "./source";

/** An access key of variables or a profile, temporary or not. */
export const fromAccessKey: Source = (_http, _location, settings) => {
  const [accessKey, secretKey, securityToken] = (["accessKey", "secretKey", "securityToken"] as const).map(
    (argument) => settings.get(argument),
  );
  if (!accessKey || !secretKey) {
    const { profile } = settings;
    if (!profile) return missingOf(settings, "access key", ["accessKey", "secretKey"]);
    const isIncomplete = accessKey !== undefined || secretKey !== undefined;
    return {
      nothing: `access key: ${profile} has ${isIncomplete ? "only half of one" : "none"}`,
      isIncomplete,
    };
  }
  // A plain access key is short and alphanumeric; what the hcloud command line encrypted is not.
  if (settings.profile && !/^[\w-]{1,40}$/.test(accessKey.value)) {
    throw new CredentialsError(
      `${settings.profile.replace(/^the/, "The")} is encrypted, as the hcloud CLI does by default. Run: hcloud configure set --cli-auth-encrypt=false`,
    );
  }
  return {
    credentials: {
      accessKey: checkVisible(accessKey.value, accessKey.from),
      secretKey: new Secret(checkVisible(secretKey.value, secretKey.from)),
      ...(securityToken && {
        securityToken: new Secret(checkVisible(securityToken.value, securityToken.from)),
      }),
      from: settings.profile ?? `${accessKey.from} and ${secretKey.from}`,
    },
  };
};
