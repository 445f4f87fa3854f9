import { CredentialsError } from "../../errors";
import type { Location } from "../../project/location";
import type { Credentials } from "../authentication";
import type { Http } from "../http";
import { assumeAgency, assumeAgencyBySts } from "../iam";
import type { Settings } from "./settings";

/** The keys of the one agency that is asked for, on top of whatever else was found; those credentials where none is. */
export async function withAgency(
  http: Http,
  location: Location,
  settings: Settings,
  base: Credentials,
): Promise<Credentials> {
  const name = settings.get("agencyName");
  if (!name) return base;
  const domainId = settings.get("agencyDomainId");
  const seconds = durationOf(settings);
  const from = `the agency in ${name.from}, assumed with ${base.from}`;
  const keys = domainId
    ? await assumeAgencyBySts(http, location, base, { name: name.value, domainId: domainId.value, seconds })
    : await assumeAgency(http, location, base, {
        name: name.value,
        domainName: settings.get("agencyDomainName")?.value,
        seconds,
      });
  return { ...keys, from };
}

function durationOf(settings: Settings): number | undefined {
  const duration = settings.get("agencyDuration");
  if (!duration) return undefined;
  if (/^[1-9]\d{0,5}$/.test(duration.value)) return Number(duration.value);
  throw new CredentialsError(`${duration.from} is no whole number of seconds: set it anew, or not at all.`);
}
