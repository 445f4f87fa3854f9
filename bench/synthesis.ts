import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { numbered } from "../test/support/images";
import { compare, enterProject, type Measurement, medians, ms, ROOT, runNode } from "./harness";
import { pinAll, REGION } from "./pins";

const CDKTF = join(ROOT, "node_modules/cdktf-cli/bundle/bin/cdktf");
const IMAGES = numbered(100);

/** An app of 100 desktops, whose image IDs are `id`. */
function appWith(id: string, prefetch = ""): string {
  return `
const { App, TerraformStack } = require("cdktf");
const { HuaweicloudProvider } = require("@cdktf/provider-huaweicloud/lib/provider");
const { WorkspaceDesktop } = require("@cdktf/provider-huaweicloud/lib/workspace-desktop");
(async () => {
  const app = new App();
  ${prefetch}
  const stack = new TerraformStack(app, "stack");
  new HuaweicloudProvider(stack, "huaweicloud", { region: "${REGION}" });
  for (const image of ${JSON.stringify(IMAGES.map(({ id, name }) => ({ id, name })))}) {
    new WorkspaceDesktop(stack, "desktop-" + image.id, {
      imageId: ${id}, imageType: "gold", flavorId: "f", userEmail: "a@example.com", userGroup: "users",
      userName: "a", vpcId: "v", rootVolume: { type: "SAS", size: 80 },
    });
  }
  app.synth();
})();`;
}

/** The app with lookups. */
const LOOKUPS = appWith(
  'new DataHuaweicloudWorkspaceImage(stack, image.id, { imageType: "gold", osType: "Windows", name: image.name }).id',
  `const { DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog } = require("cdktf-huaweicloud-workspace-images");
  await WorkspaceImageCatalog.prefetch(app);`,
);
/** The app with IDs that were written by hand. */
const BY_HAND = appWith("image.id");

/** Makes a project whose app is `code`, with everything pinned, and gives its processes. */
function projectOf(code: string, variables: Readonly<Record<string, string>>) {
  const cwd = enterProject({ dev: { region: REGION } }, { language: "typescript", app: "node app.cjs" });
  pinAll(cwd, IMAGES);
  writeFileSync(join(cwd, "app.cjs"), code);
  return {
    /** The app alone, as the command line starts it. */
    app: () => runNode(["app.cjs"], { cwd, variables: { ...variables, CDKTF_OUTDIR: "cdktf.out" } }),
    /** The whole process of `cdktf synth`. */
    synth: () => runNode([CDKTF, "synth"], { cwd, variables }),
  };
}

/**
 * A synth of lookups that are all pinned, against the one of IDs that were written by hand. How much more it takes is
 * measured on the app, because the command line around it, the same for both, varies from run to run by more than that.
 */
export async function againstByHand(
  what: string,
  variables: Readonly<Record<string, string>>,
): Promise<Measurement> {
  const [lookups, byHand] = [projectOf(LOOKUPS, variables), projectOf(BY_HAND, variables)];
  const { difference } = await compare(50, lookups.app, byHand.app);
  const { synth } = await medians(10, { synth: byHand.synth });
  // The real one is run, too, so that it is known to work.
  await lookups.synth();
  const ratio = 1 + difference / synth;
  return {
    what,
    measured: `${ms(difference)}, ${ratio.toFixed(3)} × (${ms(synth)} by hand)`,
    budget: "30 ms and 1.03 ×",
    ok: difference <= 30 && ratio <= 1.03,
  };
}
