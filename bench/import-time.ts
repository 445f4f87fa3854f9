import { type Measurement, medians, ms, ROOT, runNode } from "./harness";

/** Importing the library, beyond constructs, in a new process. */
export async function measure(): Promise<Measurement[]> {
  const code = `require("constructs"); const started = performance.now(); require(${JSON.stringify(ROOT)}); console.log(performance.now() - started);`;
  const { time } = await medians(21, { time: async () => Number(await runNode(["-e", code])) });
  return [
    { what: "importing the library, beyond constructs", measured: ms(time), budget: "18 ms", ok: time <= 18 },
  ];
}
