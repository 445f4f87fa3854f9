import { Secret } from "../secret";
import { checkVisible, type Source } from "./source";

/** A token that the user has. */
export const fromToken: Source = (_http, _location, settings) => {
  const token = settings.get("token");
  if (!token) return { nothing: `token: ${settings.nameOf("token")} is not set` };
  return { credentials: { token: new Secret(checkVisible(token.value, token.from)), from: token.from } };
};
