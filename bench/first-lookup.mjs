// The first lookup that must list: in the listing thread, which starts for it, against listing in the main thread.
// Every run is a process of its own, and both kinds take turns.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const LIB = resolve(import.meta.dirname, "../lib");

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
  const ms = performance.now() - started;
  if (images.length === 0) throw new Error("nothing was listed");
  console.log(ms);
})();
`;

/**
 * Measures the first lookup that must list, against an emulator in a process of its own.
 * @param {Record<string, string>} variables that point at it
 * @returns {{ direct: number, deferred: number }} medians in ms
 */
export function measureFirstLookup(variables, runs = 15) {
  const folder = mkdtempSync(join(tmpdir(), "workspace-images-first-lookup-"));
  const program = join(folder, "program.cjs");
  writeFileSync(program, PROGRAM);
  const run = (kind) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, kind], {
      encoding: "utf8",
      env: { ...process.env, ...variables },
    });
    if (status !== 0) throw new Error(stderr);
    return Number(stdout);
  };
  try {
    const times = { direct: [], deferred: [] };
    for (let index = 0; index < runs; index++) {
      for (const kind of Object.keys(times)) times[kind].push(run(kind));
    }
    return { direct: median(times.direct), deferred: median(times.deferred) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
