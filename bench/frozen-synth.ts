import { type Measurement, medians, ms } from "./harness";
import { BY_HAND, LOOKUPS, synthOf } from "./synthesis";

/** A frozen synth of 100 pinned lookups, against IDs by hand. */
export async function measure(): Promise<Measurement[]> {
  const { pinned, byHand } = await medians(15, {
    pinned: synthOf(LOOKUPS, { CI: "true" }),
    byHand: synthOf(BY_HAND, { CI: "true" }),
  });
  return [
    {
      what: "frozen cdktf synth of 100 lookups, above IDs by hand",
      measured: `${ms(pinned - byHand)}, ${(pinned / byHand).toFixed(3)} × (${ms(pinned)} / ${ms(byHand)})`,
      budget: "30 ms and 1.03 ×",
      ok: pinned - byHand <= 30 && pinned / byHand <= 1.03,
    },
  ];
}
