import type { Measurement } from "./harness";
import { againstByHand } from "./synthesis";

/** A frozen synth of 100 pinned lookups, against IDs by hand. */
export async function measure(): Promise<Measurement[]> {
  return [await againstByHand("frozen cdktf synth of 100 lookups, above IDs by hand", { CI: "true" })];
}
