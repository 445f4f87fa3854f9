import { Secret } from "../secret";
import { checkVisible, type Source } from "./source";

/** A token that the user has. */
export const fromToken: Source = (_http, _location, { HW_AUTH_TOKEN: token }) => {
  if (!token) return { nothing: "token: HW_AUTH_TOKEN is not set" };
  return { credentials: { token: new Secret(checkVisible(token, "HW_AUTH_TOKEN")) } };
};
