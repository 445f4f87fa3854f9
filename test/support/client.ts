import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WorkspaceApi, type WorkspaceClient } from "../../src/api/workspace-client";
import type { WorkspaceEmulator } from "../../src/emulator";
import type { Environment } from "../../src/project/environment";
import { locate } from "../../src/project/location";

const opened: { close(): Promise<unknown> }[] = [];

/** Closes whatever was opened here: call it after every test. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

/** Has something closed after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}

/** A client of an environment, whose variables point at a server, without retries. */
export function clientOf(
  server: Pick<WorkspaceEmulator, "variables">,
  environment: Partial<Environment> = {},
  variables: Readonly<Record<string, string>> = {},
): WorkspaceClient {
  const all = { HW_MAX_RETRIES: "0", ...server.variables, ...variables };
  const api = closing(new WorkspaceApi({ variables: all }));
  return api.client(locate({ name: "dev", region: "cn-north-4", ...environment }, all));
}

/** A server on loopback that answers whatever a test wants, to whoever asks. */
export async function serve(
  answer: (url: URL, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ readonly url: string; readonly variables: Record<string, string> }> {
  const server = createServer((request, response) => {
    answer(new URL(request.url ?? "/", "http://server"), response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    variables: {
      HW_ACCESS_KEY: "AK",
      HW_SECRET_KEY: "SK-of-a-test",
      HW_AUTH_URL: `${url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: url,
    },
  };
}
