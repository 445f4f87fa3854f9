import { WorkspaceImageCatalog } from "cdktf-huaweicloud-workspace-images";
import { numbered } from "../test/support/images";
import { enterProject, type Measurement, medians } from "./harness";
import { lookUpAll, newApp, pinAll, REGION } from "./pins";

/** One pinned lookup in mode frozen, from its constructor to its value, in an environment whose lock file was read. */
export async function measure(): Promise<Measurement[]> {
  const images = numbered(10_000);
  pinAll(enterProject({ dev: { region: REGION } }), images);
  const lookups = (count: number) => async () => {
    const app = newApp();
    await WorkspaceImageCatalog.prefetch(app, { mode: "frozen" });
    // The first one reads the lock file.
    lookUpAll(app, images.slice(0, 1), { name: "first" });
    return lookUpAll(app, images.slice(0, count));
  };
  const times = await medians(9, { "100": lookups(100), "10000": lookups(10_000) });
  return (["100", "10000"] as const).map((count) => {
    const time = (times[count] / Number(count)) * 1000;
    return {
      what: `one pinned lookup of ${count}`,
      measured: `${time.toFixed(1)} µs`,
      budget: "8 µs",
      ok: time <= 8,
    };
  });
}
