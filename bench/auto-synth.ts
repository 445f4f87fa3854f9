import { openServer } from "../test/support/server";
import { type Measurement, medians, ms } from "./harness";
import { BY_HAND, LOOKUPS, synthOf } from "./synthesis";

/** A synth in mode auto with everything pinned, at a service that would answer, against IDs by hand. */
export async function measure(): Promise<Measurement[]> {
  let requests = 0;
  const server = await openServer((_, response) => {
    requests++;
    response.end('{"images":[],"total_count":0}');
  });
  const variables = { ...server.variables, WORKSPACE_IMAGES_MODE: "auto" };
  try {
    const { auto, byHand } = await medians(15, {
      auto: synthOf(LOOKUPS, variables),
      byHand: synthOf(BY_HAND, variables),
    });
    return [
      {
        what: "the same in auto, everything pinned",
        measured: `${ms(auto - byHand)}, ${(auto / byHand).toFixed(3)} × (${ms(auto)} / ${ms(byHand)})`,
        budget: "30 ms and 1.03 ×",
        ok: auto - byHand <= 30 && auto / byHand <= 1.03,
      },
      {
        what: "its requests",
        measured: String(requests),
        budget: "0",
        ok: requests === 0,
      },
    ];
  } finally {
    await server.close();
  }
}
