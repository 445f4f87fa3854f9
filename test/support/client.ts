import { WorkspaceApi, type WorkspaceClient } from "../../src/api/workspace-client";
import type { WorkspaceEmulator } from "../../src/emulator";
import type { Environment } from "../../src/project/environment";
import { locate } from "../../src/project/location";
import { closing } from "./closing";

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
