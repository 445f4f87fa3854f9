import type { RequestListener } from "node:http";
import type { Limits } from "../../src/api/exchange";
import { WorkspaceApi } from "../../src/api/workspace-client";
import type { EmulatedAccount, WorkspaceEmulator } from "../../src/emulator";
import type { WorkspaceImage } from "../../src/images/workspace-image";
import type { EnvironmentConfig } from "../../src/project/environment";
import { openServer } from "../support/server";

/** Limits under which a test need not wait long; a slow machine keeps within them. */
export const LIMITS: Partial<Limits> = {
  connect: 2000,
  headers: 2000,
  body: 2000,
  total: 20_000,
  backoff: 5,
};

export const REGION = "cn-north-4";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Lists one environment's images with the given variables, on connections of its own. */
export async function list(
  variables: Variables,
  { limits = {}, ...config }: EnvironmentConfig & { limits?: Partial<Limits> } = {},
): Promise<readonly WorkspaceImage[]> {
  const api = new WorkspaceApi({ variables, limits: { ...LIMITS, ...limits } });
  try {
    return await api
      .client(await api.locate({ name: "dev", region: REGION, ...config }))
      .listImages({}, { concurrency: 2 });
  } finally {
    await api.close();
  }
}

/** The IDs of images, sorted. */
export function ids(images: readonly { readonly id: string }[]): string[] {
  return images.map(({ id }) => id).sort();
}

/** What was asked of a service of the emulator, such as `GET /v3/projects`. */
export function asked(emulator: WorkspaceEmulator, service: "iam" | "metadata" | "images"): string[] {
  return emulator.requests
    .filter((request) => request.service === service)
    .map(({ method, path }) => `${method} ${path}`);
}

/** A server on loopback for `work`. */
export async function withServer<T>(
  listener: RequestListener,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = await openServer(listener);
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}

/** A token for a user of the emulator, as a person might have one. */
export async function tokenOf(emulator: WorkspaceEmulator, user: EmulatedAccount["user"]): Promise<string> {
  const { name, password, domainName } = user;
  const response = await fetch(`${emulator.url}/v3/auth/tokens`, {
    method: "POST",
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name, password, domain: { name: domainName } } },
        },
        scope: { project: { name: REGION } },
      },
    }),
  });
  return response.headers.get("x-subject-token") ?? "";
}

/** Temporary keys of the emulator, as a person might have them. */
export async function temporaryKeyOf(
  emulator: WorkspaceEmulator,
): Promise<{ access: string; secret: string; securitytoken: string }> {
  const response = await fetch(`${emulator.url}/openstack/latest/securitykey`);
  return ((await response.json()) as { credential: never }).credential;
}
