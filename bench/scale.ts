// The figures of docs/scale.md: `npx tsx bench/scale.ts`, after `npm run --silent setup`. It holds them against nothing.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import { numbered } from "../test/support/images";
import { enterProject, inCleanSurroundings, ms, ROOT, runNode } from "./harness";
import { regionsOf } from "./listings";
import { pinAll, REGION } from "./pins";

const CLI = join(ROOT, "lib/cli/index.js");
const rows: [what: string, figure: string][] = [];

/** Time and most memory of a process. */
async function measured(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const meter = join(process.cwd(), "meter.cjs");
  const result = join(process.cwd(), "meter.txt");
  writeFileSync(
    meter,
    `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS)));`,
  );
  const started = performance.now();
  await runNode(["--require", meter, ...args], { cwd: process.cwd(), variables });
  const time = performance.now() - started;
  return `${ms(time)}, ${Math.round(Number(readFileSync(result, "utf8")) / 1024)} MB`;
}

function environmentsOf(count: number, pins: number): string {
  const names = Array.from({ length: count }, (_, index) => `env-${index}`);
  const directory = enterProject(Object.fromEntries(names.map((name) => [name, { region: REGION }])));
  mkdirSync("workspace-images", { recursive: true });
  const images = numbered(pins);
  for (const name of names) pinAll(directory, images, name);
  return directory;
}

/** An app that looks up every pin of one environment, as a pipeline's job does. */
function appOf(pins: number): string {
  writeFileSync(
    "app.cjs",
    `const { App, TerraformStack } = require("cdktf");
    const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require("cdktf-huaweicloud-workspace-images");
    const pins = Object.entries(JSON.parse(require("fs").readFileSync("workspace-images/env-0.lock.json")).pins);
    const app = new App();
    WorkspaceImageCatalog.prefetch(app, { mode: "frozen" }).then(() => {
      const stack = new TerraformStack(app, "stack");
      for (const [id, { filter }] of pins.slice(0, ${pins}))
        new DataHuaweicloudWorkspaceImage(stack, id, { ...filter, environment: "env-0" });
      app.synth();
    });`,
  );
  return "app.cjs";
}

async function frozenSynths(): Promise<void> {
  for (const pins of [0, 50, 1000]) {
    environmentsOf(1, Math.max(pins, 1));
    const size = statSync("workspace-images/env-0.lock.json").size;
    const file = pins > 0 ? ` (a lock file of ${Math.round(size / 1024)} kB)` : "";
    rows.push([`frozen synth with ${pins} lookups${file}`, await measured([appOf(pins)])]);
  }
  environmentsOf(1000, 50);
  rows.push(["frozen synth with 50 lookups of one environment of 1,000", await measured([appOf(50)])]);
  rows.push([
    "`pins --json` of 1,000 environments with 50 pins each",
    await measured([CLI, "pins", "--json"]),
  ]);
}

async function listings(): Promise<void> {
  for (const environments of [1, 50]) {
    const regions = regionsOf(environments);
    const images = Object.fromEntries(regions.map((region) => [region, numbered(2000)]));
    const emulator = await WorkspaceEmulator.start({ images, latencyMs: 50 });
    enterProject(Object.fromEntries(regions.map((region) => [region, { region }])));
    const figure = await measured([CLI, "list", "--json"], emulator.variables);
    const what = `\`list --json\` of ${environments} × 2,000 images, each request answered after 50 ms`;
    rows.push([what, `${figure}, ${emulator.requests.length} requests`]);
    await emulator.close();
  }
}

void inCleanSurroundings(async () => {
  await frozenSynths();
  await listings();
  for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`);
});
