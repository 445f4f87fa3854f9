import { serve, urlOf } from "../../support/server";
import type { Variables } from "../support";

/** A cloud on loopback that accepts whoever comes, and writes down who asked for what. */
export interface Recorder {
  readonly variables: Variables;
  /** Such as `GET /v3/projects by the key AK`. */
  readonly calls: string[];
  /** The parsed bodies of its POST requests. */
  readonly bodies: unknown[];
}

export async function record(): Promise<Recorder> {
  const calls: string[] = [];
  const bodies: unknown[] = [];
  let issued = 0;
  const server = await serve((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { authorization = "", "x-auth-token": token, "x-security-token": security } = request.headers;
      const key = /Access=([^,]+)/.exec(authorization)?.[1];
      const who = key
        ? ` by the key ${key}${security ? ` and ${security}` : ""}`
        : token
          ? ` by the token ${token}`
          : "";
      const { pathname: path, searchParams: query } = urlOf(request);
      calls.push(`${request.method} ${path}${who}`);
      if (body) bodies.push(JSON.parse(body));
      const n = ++issued;
      const expires_at = "2999-01-01T00:00:00Z";
      const answers: Record<string, object> = {
        "/v3/projects": { projects: [{ id: "p", name: query.get("name"), enabled: true }] },
        "/v3/auth/tokens": { token: { expires_at } },
        "/v3.0/OS-AUTH/id-token/tokens": { token: { expires_at } },
        "/v5/agencies/assume": {
          credentials: {
            access_key_id: `STS${n}`,
            secret_access_key: "secret-of-sts",
            security_token: `session${n}`,
          },
        },
        "/v3.0/OS-CREDENTIAL/securitytokens": {
          credential: {
            access: `IAM${n}`,
            secret: "secret-of-iam",
            securitytoken: `session${n}`,
            expires_at,
          },
        },
        "/openstack/latest/securitykey": {
          credential: { access: "ECS", secret: "secret-of-ecs", securitytoken: "ecs-session", expires_at },
        },
      };
      response.setHeader("x-subject-token", `issued${n}`);
      response.end(JSON.stringify(answers[path] ?? { images: [] }));
    });
  });
  const { url } = server;
  return {
    variables: {
      HOME: "/nowhere",
      HW_AUTH_URL: `${url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: url,
      WORKSPACE_IMAGES_METADATA_ENDPOINT: url,
    },
    calls,
    bodies,
  };
}
