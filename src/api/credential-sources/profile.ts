import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";

import v = require("valibot");

import { CredentialsError } from "../../errors";
import type { ProfilePlace } from "../../project/location";
import {
  type ProviderArgument,
  type Setting,
  setting,
  type Variables,
} from "../../project/provider-variables";
import { readSmall } from "../small-file";

const optionalText = v.nullish(v.string());
const keys = { accessKeyId: optionalText, secretAccessKey: optionalText, securityToken: optionalText };
const profileSchema = v.object({
  name: v.string(),
  mode: optionalText,
  ...keys,
  region: optionalText,
  projectId: optionalText,
  domainId: optionalText,
  agencyDomainName: optionalText,
  agencyName: optionalText,
  ssoAuth: v.nullish(v.object({ stsToken: v.nullish(v.object(keys)) })),
});
const sharedFileSchema = v.object({ current: optionalText, profiles: v.array(v.unknown()) });

/** A profile of the shared configuration file of the hcloud command line, as the provider reads it. */
export interface Profile extends ProfilePlace {
  /** How errors name it. */
  readonly label: string;
  /** The arguments that it replaces; its keys also where it has none. */
  readonly settings: Readonly<Partial<Record<ProviderArgument, Setting | undefined>>>;
}

/** The profiles that a run asks for. The file is read once: it may be a pipe. */
export class Profiles {
  // They hold secrets: unlike private properties, these are not shown by util.inspect.
  readonly #files = new Map<string, Promise<string | undefined>>();
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /**
   * The profile of a name, else the current one; undefined where neither a profile nor a file is asked for, as the
   * provider looks at no file then.
   * @throws CredentialsError if the file or the profile is not there or unusable
   */
  async find(name: string | undefined): Promise<Profile | undefined> {
    const file = setting("sharedConfigFile", this.#variables);
    if (!name && !file) return undefined;
    const path = file ? this.expand(file.value) : join(this.home("a profile"), ".hcloud", "config.json");
    const reading = this.#files.get(path) ?? readSmall(path, `The shared configuration file ${path}`);
    this.#files.set(path, reading);
    const text = await reading;
    if (text === undefined) {
      throw new CredentialsError(
        `The shared configuration file ${path} does not exist, but ${file ? `${file.from} names it` : `the profile "${name}" is asked for`}: create it with hcloud configure, or correct the setting.`,
      );
    }
    return profileIn(text, path, name);
  }

  private expand(path: string): string {
    return path.startsWith("~/") ? join(this.home("~"), path.slice(2)) : path;
  }

  /** The user's home folder, and never the current one: in a checkout, others may have put keys. */
  private home(what: string): string {
    for (const find of [() => this.#variables.HOME, homedir, () => userInfo().homedir]) {
      try {
        const home = find();
        if (home && isAbsolute(home)) return home;
      } catch {
        // A user without an entry has no folder.
      }
    }
    throw new CredentialsError(
      `This user has no home folder, where ${what} would be looked up: set HOME, or HW_SHARED_CONFIG_FILE to the file's whole path.`,
    );
  }
}

function profileIn(text: string, file: string, wanted: string | undefined): Profile {
  const parsed = v.safeParse(sharedFileSchema, parseJson(text, file));
  if (!parsed.success)
    throw new CredentialsError(`${file} is no shared configuration file: it has no list "profiles".`);
  const name = wanted ?? parsed.output.current;
  if (!name) throw new CredentialsError(`${file} has no current profile: name one in HW_PROFILE.`);
  const profiles = parsed.output.profiles.map((profile) => v.safeParse(profileSchema, profile));
  const profile = profiles.find((candidate) => candidate.success && candidate.output.name === name)?.output;
  if (!profile || !v.is(profileSchema, profile)) {
    const known = profiles.flatMap((candidate) => (candidate.success ? [candidate.output.name] : []));
    throw new CredentialsError(
      `${file} has no usable profile "${name}". Profiles: ${known.join(", ") || "none"}.`,
    );
  }
  const label = `the profile "${name}" in ${file}`;
  const of = (field: string, value: string | null | undefined): Setting | undefined =>
    value ? { value, from: `${field} of ${label}` } : undefined;
  const isSso = profile.mode === "SSO";
  const key = isSso ? profile.ssoAuth?.stsToken : profile;
  const prefix = isSso ? "ssoAuth.stsToken." : "";
  const optional = {
    domainId: of("domainId", profile.domainId),
    agencyName: of("agencyName", profile.agencyName),
    agencyDomainName: of("agencyDomainName", profile.agencyDomainName),
  };
  return {
    label,
    region: of("region", profile.region),
    projectId: of("projectId", profile.projectId),
    settings: {
      accessKey: of(`${prefix}accessKeyId`, key?.accessKeyId),
      secretKey: of(`${prefix}secretAccessKey`, key?.secretAccessKey),
      securityToken: of(`${prefix}securityToken`, key?.securityToken),
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
    },
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    // A byte order mark is no part of it.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw new CredentialsError(
      `${file} is not complete JSON: mend it, or create it anew with hcloud configure.`,
    );
  }
}
