import { WorkspaceImageCatalog } from "cdktf-huaweicloud-workspace-images";
import { numbered } from "../test/support/images";
import { enterProject, type Measurement, medians, ms } from "./harness";
import { lookUpAll, newApp, pinAll, REGION } from "./pins";

const IMAGES = numbered(50);

/** The time from prefetch to the first pinned image of one environment, of as many with 50 pins each. */
function firstImageOf(count: number): () => Promise<number> {
  const names = Array.from({ length: count }, (_, index) => `env-${index}`);
  const environments = Object.fromEntries(names.map((name) => [name, { region: REGION }]));
  const directory = enterProject(environments);
  for (const name of names) pinAll(directory, IMAGES, name);
  return async () => {
    process.chdir(directory);
    // As the command line of a CDK hands cdktf.json over.
    const app = newApp({ workspaceImages: { environments } });
    const started = performance.now();
    await WorkspaceImageCatalog.prefetch(app, { mode: "frozen" });
    lookUpAll(app, IMAGES.slice(0, 1), { environment: "env-0" });
    return performance.now() - started;
  };
}

/** One environment that is used, of 1,000 that are configured, against one of one. */
export async function measure(): Promise<Measurement[]> {
  const { thousand, one } = await medians(25, { thousand: firstImageOf(1000), one: firstImageOf(1) });
  return [
    {
      what: "one environment used, of 1,000 with 50 pins each, against one",
      measured: `${(thousand / one).toFixed(2)} × (${ms(thousand)} / ${ms(one)})`,
      budget: "1.2 ×",
      ok: thousand / one <= 1.2,
    },
  ];
}
