import { NoCredentialsError } from "../../errors";
import type { Location, Variables } from "../../project/location";
import { CredentialSource, type Credentials } from "../authentication";
import type { Http } from "../http";
import { assumeAgency } from "../iam";
import { fromAccessKey } from "./access-key";
import { fromIdToken } from "./id-token";
import { fromMetadata } from "./metadata";
import { fromPassword } from "./password";
import { fromSharedFile } from "./shared-file";
import type { Source } from "./source";
import { fromToken } from "./token";

/** The provider's order: the first that has anything decides. */
const SOURCES: readonly Source[] = [
  fromToken,
  fromIdToken,
  fromAccessKey,
  fromPassword,
  fromSharedFile,
  fromMetadata,
];
/** Credentials that are about to end are renewed this long before, ms; the short-lived after half their life. */
const RENEWAL_MARGIN = 60_000;

/** The credentials of a run: obtained once for an account, however many environments use them. */
export class CredentialSources {
  private readonly sources = new Map<string, CredentialSource>();
  /** They hold secrets: unlike a private property, this one is not shown by util.inspect. */
  readonly #variables: Variables;

  constructor(
    private readonly http: Http,
    variables: Variables = process.env,
  ) {
    this.#variables = variables;
  }

  /** The credentials for a place. */
  of(location: Location): CredentialSource {
    const source = this.#variables;
    const decided = source.HW_AUTH_TOKEN || source.HW_ASSUME_ROLE_IDP_ID || source.HW_ACCESS_KEY;
    // A password's token holds for one project; everything else holds for the account in its cloud.
    const scope =
      !decided && source.HW_USER_NAME && !source.HW_ASSUME_ROLE_AGENCY_NAME
        ? [location.iamUrl, location.projectName]
        : [location.iamUrl.replace(location.region, "")];
    // The shared file is asked only where no variable decides.
    const profile = decided || source.HW_USER_NAME ? undefined : location.profile;
    const key = JSON.stringify([profile, ...scope]);
    const known =
      this.sources.get(key) ?? new CredentialSource(() => obtain(this.http, location, this.#variables));
    this.sources.set(key, known);
    return known;
  }
}

/** Asks the sources in the provider's order; the first that has anything decides. */
async function obtain(http: Http, location: Location, variables: Variables): Promise<Credentials> {
  const tried: string[] = [];
  for (const source of SOURCES) {
    const found = await source(http, location, variables);
    if ("nothing" in found) {
      tried.push(found.nothing);
      continue;
    }
    let { credentials } = found;
    const { HW_ASSUME_ROLE_AGENCY_NAME: agencyName, HW_ASSUME_ROLE_DOMAIN_NAME: domainName } = variables;
    const { HW_ASSUME_ROLE_DOMAIN_ID: domainId } = variables;
    for (const agency of [found.agency, agencyName ? { agencyName, domainName, domainId } : undefined]) {
      if (agency) credentials = await assumeAgency(http, location, credentials, agency);
    }
    const { projectId, region } = found.credentials;
    const { expiresAt } = credentials;
    if (expiresAt === undefined) return { projectId, region, ...credentials };
    const margin = Math.min(RENEWAL_MARGIN, Math.max(0, (expiresAt - Date.now()) / 2));
    return { projectId, region, ...credentials, renewAt: expiresAt - margin };
  }
  throw new NoCredentialsError(
    `No credentials were found. Tried, in the provider's order:\n${tried.map((line) => `  ${line}`).join("\n")}\nSet HW_ACCESS_KEY and HW_SECRET_KEY, or whatever else terraform apply is run with.`,
  );
}
