import { openServer } from "../test/support/server";
import type { Measurement } from "./harness";
import { againstByHand } from "./synthesis";

/** A synth in mode auto with everything pinned, at a service that would answer, against IDs by hand. */
export async function measure(): Promise<Measurement[]> {
  let requests = 0;
  const server = await openServer((_, response) => {
    requests++;
    response.end('{"images":[],"total_count":0}');
  });
  try {
    return [
      await againstByHand("the same in auto, everything pinned", {
        ...server.variables,
        WORKSPACE_IMAGES_MODE: "auto",
      }),
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
