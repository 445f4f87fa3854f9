import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials";
import { ClientBuilder } from "@huaweicloud/huaweicloud-sdk-core/ClientBuilder";
import type { HcClient } from "@huaweicloud/huaweicloud-sdk-core/HcClient";
import { Logger4jInstance } from "@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger";
import type { WorkspaceEmulator } from "../../src/emulator";
import { DEFAULT_ACCOUNT } from "../../src/emulator";

// It would print every refusal, with the signed request.
Logger4jInstance.level = "off";

/** What the vendor's client gets from the listing. */
export interface VendorPage {
  readonly images: { readonly id: string; readonly name?: string; readonly [field: string]: unknown }[];
  readonly total_count?: number;
}

/** Lists images with the vendor's own generic client, as an independent peer. */
export async function vendorListImages(
  emulator: WorkspaceEmulator,
  region: string,
  queryParams: Record<string, string | number> = {},
  {
    accessKey = DEFAULT_ACCOUNT.accessKey,
    secretKey = DEFAULT_ACCOUNT.secretKey,
    headers = {},
  }: { accessKey?: string; secretKey?: string; headers?: Record<string, string> } = {},
): Promise<VendorPage> {
  const credentials = new BasicCredentials()
    .withAk(accessKey)
    .withSk(secretKey)
    .withProjectId(emulator.projectId(region));
  const client = new ClientBuilder<HcClient>((hcClient: HcClient) => hcClient)
    .withEndpoint(emulator.url)
    .withCredential(credentials)
    .build();
  const request = {
    url: "/v2/{project_id}/images",
    method: "GET",
    pathParams: { project_id: emulator.projectId(region) },
    queryParams,
    headers,
    data: undefined,
  };
  return (await client.sendRequest(request as never)) as unknown as VendorPage;
}
