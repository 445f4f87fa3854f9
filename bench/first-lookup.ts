import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import { type Measurement, medians, ms, newFolder, ROOT, runNode } from "./harness";

const LIB = join(ROOT, "lib");

const PROGRAM = `
const environment = { name: "dev", region: "cn-north-4" };
const started = performance.now();
async function direct() {
  const { openListings } = require(${JSON.stringify(join(LIB, "catalog/listing-source.js"))});
  const source = await openListings();
  const { listing } = await source.environment(environment);
  const { images } = await listing({});
  await source.close();
  return images;
}
function deferred() {
  const { DeferredListings } = require(${JSON.stringify(join(LIB, "catalog/deferred-listing.js"))});
  const listings = new DeferredListings();
  listings.begin([{ environment, queries: [{}] }]);
  const outcome = listings.wait("dev");
  if (outcome.error) throw outcome.error;
  return outcome.listings[0].images;
}
(async () => {
  const images = process.argv[2] === "direct" ? await direct() : deferred();
  const time = performance.now() - started;
  if (images.length === 0) throw new Error("nothing was listed");
  console.log(time);
})();
`;

/** The first lookup that must list, which starts the listing thread, above listing in the main thread. */
export async function measure(): Promise<Measurement[]> {
  const emulator = await WorkspaceEmulator.start();
  const program = join(newFolder(), "program.cjs");
  writeFileSync(program, PROGRAM);
  const run = async (kind: string) =>
    Number(await runNode([program, kind], { variables: emulator.variables }));
  try {
    const { direct, deferred } = await medians(15, {
      direct: () => run("direct"),
      deferred: () => run("deferred"),
    });
    return [
      {
        what: "the first lookup that must list, above listing in the main thread",
        measured: `${ms(deferred - direct)} (${ms(deferred)} / ${ms(direct)})`,
        budget: "120 ms",
        ok: deferred - direct <= 120,
      },
    ];
  } finally {
    await emulator.close();
  }
}
