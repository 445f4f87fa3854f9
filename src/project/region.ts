import type { Environment } from "./environment";
import { setting, type Variables } from "./provider-variables";

/** Whether a profile of the shared configuration file is asked for: only then the provider reads that file. */
function isProfileAskedFor(
  { profile }: Pick<Environment, "profile">,
  variables: Variables = process.env,
): boolean {
  return [profile, setting("profile", variables), setting("sharedConfigFile", variables)].some(Boolean);
}

/**
 * The region that an environment is in, as far as it is stated without reading a profile, whose region would replace
 * the variables'.
 */
export function regionOf(
  environment: Pick<Environment, "region" | "profile">,
  variables: Variables = process.env,
): string | undefined {
  const { region } = environment;
  return (
    region ?? (isProfileAskedFor(environment, variables) ? undefined : setting("region", variables)?.value)
  );
}
