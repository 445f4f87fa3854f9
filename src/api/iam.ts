import v = require("valibot");

import { ConfigurationError, ResponseError } from "../errors";
import type { Location } from "../project/location";
import { authenticated, type CredentialSource, type Credentials } from "./authentication";
import type { HttpResponse } from "./exchange";
import type { Http } from "./http";
import { Secret } from "./secret";
import { encode } from "./signer";

/** How long assumed credentials are asked for, in seconds. */
const ASSUMED_SECONDS = 3600;

const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(64 * 1024));
/** What is sent in a header later. */
const visible = v.pipe(text, v.regex(/^[\x21-\x7e]+$/));
const projectsSchema = v.object({
  projects: v.array(v.object({ id: text, name: v.nullish(v.string()), enabled: v.nullish(v.boolean()) })),
});
const tokenSchema = v.object({ token: v.object({ expires_at: text }) });
const securityTokenSchema = v.object({
  credential: v.object({ access: visible, secret: visible, securitytoken: visible, expires_at: text }),
});

const stsSchema = v.object({
  credentials: v.object({
    access_key_id: visible,
    secret_access_key: visible,
    security_token: visible,
    expiration: v.nullish(text),
  }),
});

/** Credentials as they were issued. */
type Issued = Issue<Credentials>;
type Issue<T> = T extends unknown ? Omit<T, "from"> : never;

/** Whose permissions are assumed, and for how long. */
interface Agency {
  readonly name: string;
  readonly seconds: number | undefined;
}

/**
 * The ID of the project with a name (`GET /v3/projects?name=`).
 * @throws ConfigurationError if the account has none, or cannot tell which
 * @throws ApiError, ConnectionError, ResponseError
 */
export async function findProjectId(
  http: Http,
  location: Location,
  source: CredentialSource,
): Promise<string> {
  const { region, iamUrl, projectName } = location;
  const url = `${iamUrl}/v3/projects?name=${encode(projectName)}`;
  const response = await http.send({ method: "GET", url, ...authenticated(source) });
  const { projects } = parse(projectsSchema, response, url, "a list of projects");
  // IAM may answer with others whose names are only alike, and with one that can be used no longer.
  const named = projects.filter(({ name }) => (name ?? projectName) === projectName);
  const [id, ...others] = new Set(
    named.filter(({ enabled }) => enabled !== false).map((project) => project.id),
  );
  if (id !== undefined && others.length === 0) return id;
  const found =
    id !== undefined
      ? `${others.length + 1} projects`
      : named.length > 0
        ? "only a disabled project"
        : "no project";
  throw new ConfigurationError(
    `The account has ${found} named "${projectName}", which is asked for in region ${region}. Set projectId or projectName of the environments there, or HW_PROJECT_ID.`,
  );
}

/** A token for a user's name and password (`POST /v3/auth/tokens`), for the place's project. */
export async function tokenForPassword(
  http: Http,
  { iamUrl, projectName }: Location,
  user: { readonly identity: object; readonly password: Secret; readonly from: string },
): Promise<Credentials> {
  const url = `${iamUrl}/v3/auth/tokens`;
  const body = JSON.stringify({
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { ...user.identity, password: user.password.reveal() } },
      },
      scope: { project: { name: projectName } },
    },
  });
  const { from } = user;
  const response = await http.send({
    method: "POST",
    url,
    body,
    confidential: true,
    credentials: () => from,
  });
  return { ...tokenOf(response, url), from };
}

/** A token for an identity provider's ID token (`POST /v3.0/OS-AUTH/id-token/tokens`). */
export async function tokenForIdToken(
  http: Http,
  { oidcUrl }: Location,
  idp: { readonly id: string; readonly idToken: Secret },
): Promise<Issued> {
  const url = `${oidcUrl}/v3.0/OS-AUTH/id-token/tokens`;
  const body = JSON.stringify({ auth: { id_token: { id: idp.idToken.reveal() } } });
  return tokenOf(
    await http.send({ method: "POST", url, body, headers: { "x-idp-id": idp.id }, confidential: true }),
    url,
  );
}

/** Temporary keys of an agency (`POST /v3.0/OS-CREDENTIAL/securitytokens`), for whoever `base` is. */
export async function assumeAgency(
  http: Http,
  { iamUrl }: Location,
  base: Credentials,
  { name, domainName, seconds = ASSUMED_SECONDS }: Agency & { readonly domainName: string | undefined },
): Promise<Issued> {
  const url = `${iamUrl}/v3.0/OS-CREDENTIAL/securitytokens`;
  const body = JSON.stringify({
    auth: {
      identity: {
        methods: ["assume_role"],
        assume_role: {
          agency_name: name,
          ...(domainName && { domain_name: domainName }),
          duration_seconds: seconds,
        },
      },
    },
  });
  return securityTokenOf(await sendAs(base, http, url, body), url);
}

/** Temporary keys of an agency from STS (`POST /v5/agencies/assume`), for whoever `base` is. */
export async function assumeAgencyBySts(
  http: Http,
  { stsUrl }: Location,
  base: Credentials,
  { name, domainId, seconds }: Agency & { readonly domainId: string },
): Promise<Issued> {
  const url = `${stsUrl}/v5/agencies/assume`;
  const body = JSON.stringify({
    agency_urn: `iam::${domainId}:agency:${name}`,
    agency_session_name: name,
    ...(seconds !== undefined && { duration_seconds: seconds }),
  });
  const response = await sendAs(base, http, url, body);
  const { credentials } = parse(stsSchema, response, url, "temporary credentials");
  return {
    accessKey: credentials.access_key_id,
    secretKey: new Secret(credentials.secret_access_key),
    securityToken: new Secret(credentials.security_token),
    expiresAt: credentials.expiration
      ? expiry(credentials.expiration, url, response)
      : Date.now() + (seconds ?? ASSUMED_SECONDS) * 1000,
  };
}

function sendAs(base: Credentials, http: Http, url: string, body: string): Promise<HttpResponse> {
  const source = { get: async () => base, renew: async () => false };
  return http.send({ method: "POST", url, body, ...authenticated(source), confidential: true });
}

/** Temporary keys for a token (`POST /v3.0/OS-CREDENTIAL/securitytokens`). */
export async function keysForToken(http: Http, { oidcUrl }: Location, token: Secret): Promise<Issued> {
  const url = `${oidcUrl}/v3.0/OS-CREDENTIAL/securitytokens`;
  const body = JSON.stringify({
    auth: {
      identity: { methods: ["token"], token: { id: token.reveal(), duration_seconds: ASSUMED_SECONDS } },
    },
  });
  return securityTokenOf(await http.send({ method: "POST", url, body, confidential: true }), url);
}

/** Temporary keys from an answer of IAM or of the ECS metadata service. */
export function securityTokenOf(response: HttpResponse, url: string): Issued {
  const { access, secret, securitytoken, expires_at } = parse(
    securityTokenSchema,
    response,
    url,
    "temporary credentials",
  ).credential;
  return {
    accessKey: access,
    secretKey: new Secret(secret),
    securityToken: new Secret(securitytoken),
    expiresAt: expiry(expires_at, url, response),
  };
}

function tokenOf(response: HttpResponse, url: string): Issued & { readonly token: Secret } {
  const token = response.headers["x-subject-token"];
  const { expires_at } = parse(tokenSchema, response, url, "a token").token;
  if (!token) {
    throw new ResponseError(
      `POST ${url} answered without a token in X-Subject-Token. Check the endpoint.`,
      response.requestId,
    );
  }
  return { token: new Secret(token), expiresAt: expiry(expires_at, url, response) };
}

function expiry(value: string, url: string, { requestId }: HttpResponse): number {
  const time = Date.parse(value);
  if (!Number.isNaN(time)) return time;
  throw new ResponseError(
    `${url} answered with credentials whose expires_at is no time. Check the endpoint.`,
    requestId,
  );
}

/** What is wrong is named by its path alone: the value may be a secret. */
function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  { json, requestId }: HttpResponse,
  url: string,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]) ?? "the answer";
  throw new ResponseError(
    `${url} answered with JSON that is not ${what}: ${path} is wrong. Check the endpoint.`,
    requestId,
  );
}
