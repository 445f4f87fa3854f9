import { BasicCredentials } from "@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials";
import { ClientBuilder } from "@huaweicloud/huaweicloud-sdk-core/ClientBuilder";
import type { HcClient } from "@huaweicloud/huaweicloud-sdk-core/HcClient";
import { WorkspaceImageCatalog } from "cdktf-huaweicloud-workspace-images";
import { DEFAULT_ACCOUNT, WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import { Agent, request } from "undici";
import { numbered } from "../test/support/images";
import { enterProject, type Measurement, medians, ms } from "./harness";
import { newApp, REGION } from "./pins";

const COUNT = 2000;

/** Lists page by page, as the vendor's generated clients do. */
async function byVendor(emulator: WorkspaceEmulator, projectId: string): Promise<number> {
  const credential = new BasicCredentials()
    .withAk(DEFAULT_ACCOUNT.accessKey)
    .withSk(DEFAULT_ACCOUNT.secretKey)
    .withProjectId(projectId);
  const client = new ClientBuilder<HcClient>((hcClient: HcClient) => hcClient)
    .withEndpoint(emulator.url)
    .withCredential(credential)
    .build();
  let count = 0;
  for (;;) {
    const asked = {
      url: "/v2/{project_id}/images",
      method: "GET",
      pathParams: { project_id: projectId },
      queryParams: { limit: 100, offset: count },
      headers: {},
      data: undefined,
    };
    const page = (await client.sendRequest(asked as never)) as unknown as {
      images: unknown[];
      total_count: number;
    };
    count += page.images.length;
    if (count >= page.total_count || page.images.length === 0) return count;
  }
}

/** Takes the first page, which says how many there are, and then all others at once. */
async function byUndici(emulator: WorkspaceEmulator, projectId: string, token: string): Promise<number> {
  const dispatcher = new Agent();
  const page = async (offset: number) => {
    const { body } = await request(`${emulator.url}/v2/${projectId}/images?limit=100&offset=${offset}`, {
      dispatcher,
      headers: { "x-auth-token": token },
    });
    const { images, total_count } = (await body.json()) as { images: unknown[]; total_count: number };
    return { count: images.length, total: total_count };
  };
  const first = await page(0);
  const offsets = Array.from({ length: first.total / 100 - 1 }, (_, index) => (index + 1) * 100);
  const others = await Promise.all(offsets.map(page));
  await dispatcher.close();
  return others.reduce((sum, { count }) => sum + count, first.count);
}

async function tokenOf(emulator: WorkspaceEmulator): Promise<string> {
  const { name, password, domainName } = DEFAULT_ACCOUNT.user;
  const identity = {
    methods: ["password"],
    password: { user: { name, password, domain: { name: domainName } } },
  };
  const { headers } = await fetch(`${emulator.url}/v3/auth/tokens`, {
    method: "POST",
    body: JSON.stringify({ auth: { identity, scope: { project: { name: REGION } } } }),
  });
  return headers.get("x-subject-token")!;
}

/** Listing 2,000 images, against the vendor's SDK core and against bare undici. */
export async function measure(): Promise<Measurement[]> {
  const emulator = await WorkspaceEmulator.start({ images: { [REGION]: numbered(COUNT) }, latencyMs: 50 });
  Object.assign(process.env, emulator.variables);
  try {
    const projectId = emulator.projectId(REGION);
    const token = await tokenOf(emulator);
    enterProject({ dev: { region: REGION, projectId } });
    const whole = async (listed: Promise<number>) => {
      if ((await listed) !== COUNT) throw new Error(`${await listed} images were listed`);
    };
    const { ours, vendor, undici } = await medians(7, {
      ours: () => WorkspaceImageCatalog.prefetch(newApp(), { mode: "auto" }),
      vendor: () => whole(byVendor(emulator, projectId)),
      undici: () => whole(byUndici(emulator, projectId, token)),
    });
    return [
      {
        what: "listing 2,000 images at 50 ms, against the vendor's SDK core",
        measured: `${(vendor / ours).toFixed(1)} × faster (${ms(ours)} / ${ms(vendor)})`,
        budget: "6 × faster",
        ok: vendor / ours >= 6,
      },
      {
        what: "the same, against bare undici taking a page, then all others at once",
        measured: `${(ours / undici).toFixed(2)} × (${ms(ours)} / ${ms(undici)})`,
        budget: "1.6 ×",
        ok: ours / undici <= 1.6,
      },
    ];
  } finally {
    await emulator.close();
  }
}
