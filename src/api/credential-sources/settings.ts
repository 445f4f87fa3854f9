import {
  type ProviderArgument,
  type Setting,
  setting,
  type Variables,
  variableOf,
} from "../../project/provider-variables";
import type { Profile } from "./profile";

/** The provider's arguments as it has them: a profile's values replace those of variables. */
export class Settings {
  /** They hold secrets: unlike a private property, these are not shown by util.inspect. */
  readonly #variables: Variables;
  readonly #profile: Profile | undefined;

  constructor(variables: Variables, profile: Profile | undefined) {
    this.#variables = variables;
    this.#profile = profile;
  }

  get(argument: ProviderArgument): Setting | undefined {
    const ofProfile = this.#profile?.settings;
    // The keys are replaced even where the profile has none.
    if (ofProfile && argument in ofProfile) return ofProfile[argument];
    return setting(argument, this.#variables);
  }

  /** What an error calls an argument: where it comes from, else where it may come from. */
  nameOf(argument: ProviderArgument): string {
    return this.get(argument)?.from ?? variableOf(argument, this.#variables);
  }

  /** A variable that only this library has. */
  variable(name: string): string | undefined {
    return this.#variables[name] || undefined;
  }

  /** The profile in use, as errors name it. */
  get profile(): string | undefined {
    return this.#profile?.label;
  }
}
