import { accessKeyOf, allOrNone, type Source } from "./source";

/** An access key, temporary or not. */
export const fromAccessKey: Source = (_http, _location, variables) => {
  const { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey, HW_SECURITY_TOKEN: securityToken } = variables;
  const given = { HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey };
  if (!allOrNone(given)) return { nothing: "access key: HW_ACCESS_KEY and HW_SECRET_KEY are not set" };
  const names = {
    accessKey: "HW_ACCESS_KEY",
    secretKey: "HW_SECRET_KEY",
    securityToken: "HW_SECURITY_TOKEN",
  };
  return { credentials: accessKeyOf({ accessKey, secretKey, securityToken }, names) };
};
