import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { CredentialsError } from "../../errors";
import { readSmall } from "../small-file";
import { accessKeyOf, type Source } from "./source";

const optionalText = v.nullish(v.string());
const profileSchema = v.object({
  name: v.string(),
  mode: optionalText,
  accessKeyId: optionalText,
  secretAccessKey: optionalText,
  securityToken: optionalText,
  region: optionalText,
  projectId: optionalText,
  agencyDomainId: optionalText,
  agencyDomainName: optionalText,
  agencyName: optionalText,
  ssoAuth: v.nullish(
    v.object({
      stsToken: v.nullish(
        v.object({ accessKeyId: optionalText, secretAccessKey: optionalText, securityToken: optionalText }),
      ),
    }),
  ),
});
const sharedFileSchema = v.object({ current: optionalText, profiles: v.array(v.unknown()) });

/** The keys of a profile in the shared configuration file of the hcloud command line. */
export const fromSharedFile: Source = async (_http, location, variables) => {
  const configured = variables.HW_SHARED_CONFIG_FILE;
  const home = variables.HOME || homedir();
  const file = configured?.replace(/^~(?=\/)/, () => home) || join(home, ".hcloud", "config.json");
  const text = await readSmall(file, `The shared configuration file ${file}`);
  if (text === undefined) {
    if (!location.profile && !configured) return { nothing: `shared file: there is no ${file}` };
    throw new CredentialsError(
      `The shared configuration file ${file} does not exist, but ${configured ? "HW_SHARED_CONFIG_FILE names it" : `the profile "${location.profile}" is asked for`}: create it with hcloud configure, or correct the setting.`,
    );
  }
  const parsed = v.safeParse(sharedFileSchema, parseJson(text, file));
  if (!parsed.success)
    throw new CredentialsError(`${file} is no shared configuration file: it has no list "profiles".`);
  const name = location.profile ?? parsed.output.current;
  const profiles = parsed.output.profiles.map((profile) => v.safeParse(profileSchema, profile));
  const profile = profiles.find((candidate) => candidate.success && candidate.output.name === name)?.output;
  if (!profile || !v.is(profileSchema, profile)) {
    if (!name) return { nothing: `shared file: ${file} has no current profile, and HW_PROFILE is not set` };
    const known = profiles.flatMap((candidate) => (candidate.success ? [candidate.output.name] : []));
    throw new CredentialsError(
      `${file} has no usable profile "${name}". Profiles: ${known.join(", ") || "none"}.`,
    );
  }
  // The CLI writes every field, also those that its mode does not use, empty or left over.
  const keys = [profile, profile.ssoAuth?.stsToken];
  const key = (profile.mode === "SSO" ? keys.reverse() : keys).find((candidate) => candidate?.accessKeyId);
  if (!key?.accessKeyId || !key.secretAccessKey) {
    return {
      nothing: `shared file: the profile "${name}" in ${file} has no access key (mode ${profile.mode ?? "unknown"})`,
    };
  }
  // A plain access key is short and alphanumeric; what the CLI encrypted is not.
  if (!/^[\w-]{1,40}$/.test(key.accessKeyId)) {
    throw new CredentialsError(
      `The profile "${name}" in ${file} is encrypted, as the hcloud CLI does by default. Run: hcloud configure set --cli-auth-encrypt=false`,
    );
  }
  const ofProfile = `of the profile "${name}" in ${file}`;
  const { agencyName, agencyDomainName, agencyDomainId } = profile;
  return {
    credentials: {
      ...accessKeyOf(
        { accessKey: key.accessKeyId, secretKey: key.secretAccessKey, securityToken: key.securityToken },
        {
          accessKey: `accessKeyId ${ofProfile}`,
          secretKey: `secretAccessKey ${ofProfile}`,
          securityToken: `securityToken ${ofProfile}`,
        },
      ),
      ...(profile.projectId && { projectId: profile.projectId }),
      ...(profile.region && { region: profile.region }),
    },
    agency: agencyName
      ? { agencyName, domainName: agencyDomainName ?? undefined, domainId: agencyDomainId ?? undefined }
      : undefined,
  };
};

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    throw new CredentialsError(
      `${file} is not complete JSON: mend it, or create it anew with hcloud configure.`,
    );
  }
}
