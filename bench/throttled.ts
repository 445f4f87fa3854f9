import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import { numbered } from "../test/support/images";
import type { Measurement } from "./harness";
import { listAll, regionsOf } from "./listings";

const ENVIRONMENTS = 30;
const COUNT = 1000;
/** Requests that the service answers in a second. */
const RATE = 20;

/** 30 environments of 1,000 images each, at a service that refuses more than 20 requests a second. */
export async function measure(): Promise<Measurement[]> {
  const regions = regionsOf(ENVIRONMENTS);
  const emulator = await WorkspaceEmulator.start({
    images: Object.fromEntries(regions.map((region) => [region, numbered(COUNT)])),
    requestsPerSecond: RATE,
  });
  Object.assign(process.env, emulator.variables);
  try {
    const started = performance.now();
    const { complete, problem } = await listAll(regions, COUNT);
    const seconds = (performance.now() - started) / 1000;
    const requests = emulator.requests.filter(({ service }) => service === "images").length;
    const needed = ENVIRONMENTS * (COUNT / 100);
    return [
      {
        what: "30 environments × 1,000 images at 20 requests a second, complete",
        measured: `${complete} of ${ENVIRONMENTS} in ${seconds.toFixed(0)} s${problem ? `: ${problem}` : ""}`,
        budget: String(ENVIRONMENTS),
        ok: complete === ENVIRONMENTS,
      },
      {
        what: "its requests, against those needed",
        measured: `${(requests / needed).toFixed(2)} × (${requests} / ${needed})`,
        budget: "1.3 ×",
        ok: requests / needed <= 1.3,
      },
    ];
  } finally {
    await emulator.close();
  }
}
