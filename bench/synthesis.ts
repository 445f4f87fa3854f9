import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { numbered } from "../test/support/images";
import { compare, enterProject, type Measurement, ms, ROOT, runNode } from "./harness";
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

/** Makes a project whose app is `code`, with everything pinned, and gives its synth: the whole process of `cdktf synth`. */
function synthOf(code: string, variables: Readonly<Record<string, string>>): () => Promise<void> {
  const cwd = enterProject({ dev: { region: REGION } }, { language: "typescript", app: "node app.cjs" });
  pinAll(cwd, IMAGES);
  writeFileSync(join(cwd, "app.cjs"), code);
  return async () => {
    await runNode([CDKTF, "synth"], { cwd, variables });
  };
}

/** A synth of lookups that are all pinned, against the one of IDs that were written by hand. */
export async function againstByHand(
  what: string,
  variables: Readonly<Record<string, string>>,
): Promise<Measurement> {
  const { difference, ratio, one, other } = await compare(
    25,
    synthOf(LOOKUPS, variables),
    synthOf(BY_HAND, variables),
  );
  return {
    what,
    measured: `${ms(difference)}, ${ratio.toFixed(3)} × (${ms(one)} / ${ms(other)})`,
    budget: "30 ms and 1.03 ×",
    ok: difference <= 30 && ratio <= 1.03,
  };
}
