import { WorkspaceImagesError } from "../../errors";
import { baseUrl, METADATA_HOST } from "../../project/location";
import { isLoopback } from "../../project/loopback";
import { securityTokenOf } from "../iam";
import type { Source } from "./source";

const METADATA_LIMITS = { headers: 1000, body: 1000, total: 2000 };

/** Temporary keys of the agency of the ECS instance that this is. */
export const fromMetadata: Source = async (http, _location, settings) => {
  const endpoint = baseUrl(
    settings.variable("WORKSPACE_IMAGES_METADATA_ENDPOINT") ?? `http://${METADATA_HOST}`,
    "WORKSPACE_IMAGES_METADATA_ENDPOINT",
    (host) => isLoopback(host) || host === METADATA_HOST,
  );
  const url = `${endpoint}/openstack/latest/securitykey`;
  try {
    const response = await http.send({
      method: "GET",
      url,
      retries: 0,
      limits: METADATA_LIMITS,
      confidential: true,
    });
    return { credentials: { ...securityTokenOf(response, url), from: "the ECS instance's agency" } };
  } catch (error) {
    // Outside an ECS instance anything may answer there, or nothing.
    if (error instanceof WorkspaceImagesError) {
      return { nothing: `ECS metadata: this is no ECS instance with an agency (${error.message})` };
    }
    throw error;
  }
};
