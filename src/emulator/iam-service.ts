import v = require("valibot");

import type { Accounts } from "./accounts";
import { projectIdOf } from "./built-in-images";
import { type EmulatedAnswer, errorAnswer } from "./faults";

const passwordSchema = v.object({
  auth: v.object({
    identity: v.object({
      methods: v.tuple([v.literal("password")]),
      password: v.object({
        user: v.union([
          v.object({ id: v.string(), password: v.string() }),
          v.object({
            name: v.string(),
            password: v.string(),
            domain: v.union([v.object({ name: v.string() }), v.object({ id: v.string() })]),
          }),
        ]),
      }),
    }),
    scope: v.object({ project: v.object({ name: v.string() }) }),
  }),
});
const assumeSchema = v.object({
  auth: v.object({
    identity: v.object({
      methods: v.tuple([v.literal("assume_role")]),
      assume_role: v.object({
        agency_name: v.string(),
        domain_name: v.optional(v.string()),
        domain_id: v.optional(v.string()),
        duration_seconds: v.optional(v.number()),
      }),
    }),
  }),
});
const tokenSchema = v.object({
  auth: v.object({
    identity: v.object({ methods: v.tuple([v.literal("token")]), token: v.object({ id: v.string() }) }),
  }),
});
const stsSchema = v.object({
  agency_urn: v.string(),
  agency_session_name: v.string(),
  duration_seconds: v.optional(v.number()),
});
const idTokenSchema = v.object({ auth: v.object({ id_token: v.object({ id: v.string() }) }) });

/** A request to IAM. */
export interface IamRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Why the request's own credentials are refused; undefined where they are good. */
  readonly refusal: () => string | undefined;
}

/** Answers the calls of IAM, OIDC and the ECS metadata service. */
export function answerIam(
  request: IamRequest,
  accounts: Accounts,
  projects: readonly string[],
): EmulatedAnswer {
  const { method, path, query, headers, body, refusal } = request;
  const unauthorized = (message: string) => errorAnswer(401, "iam", message);
  const malformed = () => errorAnswer(400, "iam", "The request body is invalid");
  const { user, agency, idp } = accounts.account;
  switch (`${method} ${path}`) {
    case "GET /v3/projects": {
      const refused = refusal();
      if (refused) return unauthorized(`The request you have made requires authentication: ${refused}`);
      const name = query.get("name");
      const found = projects
        .filter((project) => name === null || project === name)
        .map((project) => ({ id: projectIdOf(project), name: project, enabled: true }));
      return { status: 200, json: { projects: found } };
    }
    case "POST /v3/auth/tokens": {
      const parsed = v.safeParse(passwordSchema, parse(body));
      if (!parsed.success) return malformed();
      const given = parsed.output.auth.identity.password.user;
      const isUser =
        "id" in given
          ? given.id === user.id
          : given.name === user.name &&
            ("id" in given.domain
              ? given.domain.id === user.domainId
              : given.domain.name === user.domainName);
      if (!isUser || given.password !== user.password) {
        return unauthorized("The username or password is wrong.");
      }
      return tokenAnswer(accounts);
    }
    case "POST /v3.0/OS-AUTH/id-token/tokens": {
      const parsed = v.safeParse(idTokenSchema, parse(body));
      if (!parsed.success) return malformed();
      if (headers["x-idp-id"] !== idp.id || parsed.output.auth.id_token.id !== idp.idToken) {
        return unauthorized("The ID token is invalid.");
      }
      return tokenAnswer(accounts);
    }
    case "POST /v3.0/OS-CREDENTIAL/securitytokens": {
      const json = parse(body);
      const byToken = v.safeParse(tokenSchema, json);
      if (byToken.success) {
        if (!accounts.isTokenValid(byToken.output.auth.identity.token.id))
          return unauthorized("The token is invalid.");
        return { status: 201, json: { credential: accounts.issueKey() } };
      }
      const assumed = v.safeParse(assumeSchema, json);
      if (!assumed.success) return malformed();
      const refused = refusal();
      if (refused) return unauthorized(`The request you have made requires authentication: ${refused}`);
      const { agency_name, domain_name, domain_id } = assumed.output.auth.identity.assume_role;
      if (
        agency_name !== agency.agencyName ||
        (domain_name !== agency.domainName && domain_id !== agency.domainId)
      ) {
        return errorAnswer(403, "iam", "You are not authorized to assume this agency.");
      }
      return { status: 201, json: { credential: accounts.issueKey() } };
    }
    case "POST /v5/agencies/assume": {
      const assumed = v.safeParse(stsSchema, parse(body));
      if (!assumed.success) return errorAnswer(400, "gateway", "The request body is invalid", "STS5.1001");
      const refused = refusal();
      if (refused) return errorAnswer(401, "gateway", `Incorrect IAM authentication information: ${refused}`);
      if (assumed.output.agency_urn !== `iam::${agency.domainId}:agency:${agency.agencyName}`) {
        return errorAnswer(403, "gateway", "You are not authorized to assume this agency.", "STS5.1004");
      }
      const { access, secret, securitytoken, expires_at } = accounts.issueKey();
      return {
        status: 200,
        json: {
          credentials: {
            access_key_id: access,
            secret_access_key: secret,
            security_token: securitytoken,
            expiration: expires_at,
          },
        },
      };
    }
    case "GET /openstack/latest/securitykey":
      return { status: 200, json: { credential: accounts.issueKey() } };
    default:
      return errorAnswer(404, "iam", "Could not find the requested resource.");
  }
}

function tokenAnswer(accounts: Accounts): EmulatedAnswer {
  const { token, expiresAt } = accounts.issueToken();
  return { status: 201, headers: { "x-subject-token": token }, json: { token: { expires_at: expiresAt } } };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
