import { HuaweicloudProvider } from "@cdktf/provider-huaweicloud/lib/provider";
import { WorkspaceDesktop } from "@cdktf/provider-huaweicloud/lib/workspace-desktop";
import { TerraformStack } from "cdktf";
import { checkStacks } from "../src/desktops/checks";
import { synthesizedStacks } from "../src/desktops/synthesized-stacks";
import { numbered } from "../test/support/images";
import { pinOf } from "../test/support/pins";
import { type Measurement, medians, ms } from "./harness";
import { newApp, REGION } from "./pins";

/** The checks at synth of 1,000 resources in two stacks, on what was synthesized. */
export async function measure(): Promise<Measurement[]> {
  const app = newApp();
  const images = numbered(10);
  for (const name of ["one", "two"]) {
    const stack = new TerraformStack(app, name);
    new HuaweicloudProvider(stack, "huaweicloud", { region: REGION });
    for (let index = 0; index < 500; index++) {
      new WorkspaceDesktop(stack, `desktop-${index}`, {
        imageId: images[index % images.length]!.id,
        imageType: "gold",
        flavorId: "f",
        userEmail: "a@example.com",
        userGroup: "users",
        userName: "a",
        vpcId: "v",
        rootVolume: { type: "SAS", size: 80 },
      });
    }
  }
  app.synth();
  const pins = new Map([["dev", new Map(images.map((image) => [image.id, pinOf(image)]))]]);
  const lookups = images.map((image) => ({
    environment: "dev",
    pinName: image.id,
    path: `one/${image.id}`,
    images: [image],
  }));
  const { time } = await medians(15, {
    time: () => {
      checkStacks(synthesizedStacks(app), { lookups, pins });
    },
  });
  return [
    { what: "checks at synth of 1,000 resources", measured: ms(time), budget: "50 ms", ok: time <= 50 },
  ];
}
