import { CredentialsError, NoCredentialsError } from "../../errors";
import type { Location } from "../../project/location";
import { setting, type Variables } from "../../project/provider-variables";
import { CredentialSource, type Credentials } from "../authentication";
import type { Http } from "../http";
import { fromAccessKey } from "./access-key";
import { withAgency } from "./agency";
import { fromIdToken } from "./id-token";
import { fromMetadata } from "./metadata";
import { fromPassword } from "./password";
import type { Profiles } from "./profile";
import { Settings } from "./settings";
import { SharedRefusals } from "./shared-refusals";
import type { Source } from "./source";
import { fromToken } from "./token";

/** The provider's order: the first that has anything decides. Keys for an ID token stand in for an access key. */
const SOURCES: readonly Source[] = [fromToken, fromIdToken, fromAccessKey, fromPassword, fromMetadata];
/** Credentials that are about to end are renewed this long before, ms; the short-lived after half their life. */
const RENEWAL_MARGIN = 60_000;

/** The credentials of a run: obtained once for an account, however many environments use them. */
export class CredentialSources {
  private readonly sources = new Map<string, CredentialSource>();
  private readonly refusals = new SharedRefusals();
  /** They hold secrets: unlike a private property, this one is not shown by util.inspect. */
  readonly #variables: Variables;

  constructor(
    private readonly http: Http,
    private readonly profiles: Profiles,
    variables: Variables,
  ) {
    this.#variables = variables;
  }

  /** The credentials for a place. */
  of(location: Location): CredentialSource {
    // Keys and tokens are good for the whole account in its cloud; only a token for a password is for one project.
    const account = JSON.stringify([location.profile, location.iamUrl.replace(location.region, "")]);
    const key = this.mayBePassword(location)
      ? JSON.stringify([account, location.iamUrl, location.projectName])
      : account;
    const known =
      this.sources.get(key) ??
      new CredentialSource(() => this.refusals.share(account, () => this.obtain(location)));
    this.sources.set(key, known);
    return known;
  }

  private mayBePassword({ profile }: Location): boolean {
    const has = (argument: Parameters<typeof setting>[0]) => setting(argument, this.#variables) !== undefined;
    // A profile, also an environment's own, takes the variables' key away.
    const isKeyOfVariables =
      has("accessKey") && has("secretKey") && profile === undefined && !has("sharedConfigFile");
    return has("password") && !has("token") && !has("idpId") && !has("agencyName") && !isKeyOfVariables;
  }

  /** Asks the sources in the provider's order, and assumes the agency on top. */
  private async obtain(location: Location): Promise<Credentials> {
    const settings = new Settings(this.#variables, await this.profiles.find(location.profile));
    const tried: string[] = [];
    const incomplete: string[] = [];
    if (!settings.profile) tried.push("shared file: neither HW_PROFILE nor HW_SHARED_CONFIG_FILE is set");
    for (const source of SOURCES) {
      const found = await source(this.http, location, settings);
      if ("nothing" in found) {
        tried.push(found.nothing);
        if (found.isIncomplete) incomplete.push(found.nothing);
        continue;
      }
      const credentials = await withAgency(this.http, location, settings, found.credentials);
      const { expiresAt } = credentials;
      if (expiresAt === undefined) return credentials;
      const margin = Math.min(RENEWAL_MARGIN, Math.max(0, (expiresAt - Date.now()) / 2));
      return { ...credentials, renewAt: expiresAt - margin };
    }
    if (incomplete.length > 0) throw new CredentialsError(incomplete.join(" "));
    throw new NoCredentialsError(
      `No credentials were found. Tried, in the provider's order:\n${tried.map((line) => `  ${line}`).join("\n")}\nSet HW_ACCESS_KEY and HW_SECRET_KEY, or whatever else terraform apply is run with.`,
    );
  }
}
