/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The variables that the Terraform provider takes its arguments from where its block is silent. The first that is set
 * decides; an empty one counts as not set.
 */
export const PROVIDER_VARIABLES = {
  region: ["HW_REGION_NAME", "OS_REGION_NAME"],
  accessKey: ["HW_ACCESS_KEY", "OS_ACCESS_KEY"],
  secretKey: ["HW_SECRET_KEY", "OS_SECRET_KEY"],
  securityToken: ["HW_SECURITY_TOKEN"],
  token: ["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"],
  userName: ["HW_USER_NAME", "OS_USERNAME"],
  userId: ["HW_USER_ID", "OS_USER_ID"],
  password: ["HW_USER_PASSWORD", "OS_PASSWORD"],
  domainName: ["HW_DOMAIN_NAME", "OS_DOMAIN_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"],
  domainId: ["HW_DOMAIN_ID", "OS_DOMAIN_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID"],
  projectId: ["HW_PROJECT_ID", "OS_PROJECT_ID", "OS_TENANT_ID"],
  projectName: ["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"],
  authUrl: ["HW_AUTH_URL", "OS_AUTH_URL"],
  cloud: ["HW_CLOUD"],
  insecure: ["HW_INSECURE", "OS_INSECURE"],
  caCertFile: ["OS_CACERT"],
  cert: ["OS_CERT"],
  key: ["OS_KEY"],
  sharedConfigFile: ["HW_SHARED_CONFIG_FILE"],
  profile: ["HW_PROFILE"],
  idpId: ["HW_ASSUME_ROLE_IDP_ID"],
  idToken: ["HW_ASSUME_ROLE_ID_TOKEN"],
  idTokenFile: ["HW_ASSUME_ROLE_ID_TOKEN_FILE"],
  agencyName: ["HW_ASSUME_ROLE_AGENCY_NAME"],
  agencyDomainName: ["HW_ASSUME_ROLE_DOMAIN_NAME"],
  agencyDomainId: ["HW_ASSUME_ROLE_DOMAIN_ID"],
  agencyDuration: ["HW_ASSUME_ROLE_DURATION"],
  maxRetries: ["HW_MAX_RETRIES"],
  signingAlgorithm: ["HW_SIGNING_ALGORITHM"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** An argument of the provider. */
export type ProviderArgument = keyof typeof PROVIDER_VARIABLES;

/** A value with where it comes from, for errors. */
export interface Setting {
  readonly value: string;
  /** The variable, or the field of a profile. */
  readonly from: string;
}

/** An argument's value, and the variable that has it. */
export function setting(argument: ProviderArgument, variables: Variables): Setting | undefined {
  for (const from of PROVIDER_VARIABLES[argument]) {
    const value = variables[from];
    if (value) return { value, from };
  }
  return undefined;
}

/** The name that errors use for an argument: the variable that is set, else the first that may be. */
export function variableOf(argument: ProviderArgument, variables: Variables): string {
  return setting(argument, variables)?.from ?? PROVIDER_VARIABLES[argument][0];
}
