import { DataHuaweicloudWorkspaceFlavors } from "@cdktf/provider-huaweicloud/lib/data-huaweicloud-workspace-flavors";
import { DataHuaweicloudWorkspaceService } from "@cdktf/provider-huaweicloud/lib/data-huaweicloud-workspace-service";
import { HuaweicloudProvider } from "@cdktf/provider-huaweicloud/lib/provider";
import { WorkspaceDesktop } from "@cdktf/provider-huaweicloud/lib/workspace-desktop";
import { WorkspaceDesktopPool } from "@cdktf/provider-huaweicloud/lib/workspace-desktop-pool";
import { App, Fn, TerraformOutput, TerraformStack } from "cdktf";
import {
  DataHuaweicloudWorkspaceImage,
  DataHuaweicloudWorkspaceImages,
  type SelectedImage,
  WorkspaceImageCatalog,
} from "cdktf-huaweicloud-workspace-images";
import type { Construct } from "constructs";

interface DesktopStackProps {
  readonly environment: string;
  readonly region: string;
  /** People who work in an office. */
  readonly officeUsers: readonly string[];
  /** Seats in the pool of the call centre. */
  readonly poolSize: number;
}

/** The desktops of one environment. */
class DesktopStack extends TerraformStack {
  constructor(scope: Construct, id: string, props: DesktopStackProps) {
    super(scope, id);
    WorkspaceImageCatalog.setEnvironment(this, props.environment);
    new HuaweicloudProvider(this, "huaweicloud", { region: props.region });
    const service = new DataHuaweicloudWorkspaceService(this, "service");

    const windows = new DataHuaweicloudWorkspaceImage(this, "office-windows", {
      imageType: "gold",
      osType: "Windows",
      nameRegex: "^Windows_11",
      mostRecent: true,
    });
    const officeFlavors = new DataHuaweicloudWorkspaceFlavors(this, "office-flavors", {
      osType: "Windows",
      vcpus: 4,
      memory: 8,
    });
    for (const user of props.officeUsers) {
      new WorkspaceDesktop(this, `office-${user}`, {
        name: `${props.environment}-${user}`,
        flavorId: officeFlavors.flavors.get(0).id,
        imageId: windows.id,
        imageType: windows.imageType,
        vpcId: service.vpcId,
        nic: [{ networkId: Fn.element(service.networkIds, 0) }],
        userName: user,
        userEmail: `${user}@example.com`,
        userGroup: "users",
        rootVolume: { type: "SAS", size: Math.max(80, windows.minDisk) },
        dataVolume: [{ type: "SAS", size: 50 }],
      });
    }

    const ubuntu = new DataHuaweicloudWorkspaceImages(this, "developer-ubuntu", {
      imageType: "gold",
      osType: "Linux",
      nameRegex: "^Ubuntu",
      createdAfter: "2023-06-01",
      sortField: "created_at",
    });
    const developerFlavors = new DataHuaweicloudWorkspaceFlavors(this, "developer-flavors", {
      osType: "Linux",
      vcpus: 8,
      memory: 16,
    });
    // One desktop for each Ubuntu release that developers test on, with the release's newest image.
    const releases = new Map(ubuntu.images.map((image) => [releaseOf(image), image]));
    for (const [release, image] of releases) {
      new WorkspaceDesktop(this, `developer-${release}`, {
        name: `${props.environment}-u${release}`,
        flavorId: developerFlavors.flavors.get(0).id,
        imageId: image.id,
        imageType: image.imageType,
        vpcId: service.vpcId,
        nic: [{ networkId: Fn.element(service.networkIds, 0) }],
        userName: `developer-${release}`,
        userEmail: "developers@example.com",
        userGroup: "sudo",
        rootVolume: { type: "SSD", size: Math.max(80, image.minDisk) + 40 },
      });
    }

    // The call centre uses the same image as the office: one pin, one row to review.
    const pool = new WorkspaceDesktopPool(this, "call-centre", {
      name: `${props.environment}-call-centre`,
      type: "DYNAMIC",
      size: props.poolSize,
      productId: officeFlavors.flavors.get(0).id,
      imageId: windows.id,
      imageType: windows.imageType,
      subnetIds: service.networkIds,
      rootVolume: { type: "SAS", size: Math.max(80, windows.minDisk) },
    });
    new TerraformOutput(this, "call-centre-pool", { value: pool.id });
  }
}

/** "Ubuntu 22.04 server 64bit" is release 2204. */
function releaseOf(image: SelectedImage): string {
  return image.osVersion.replace(/^\D*(\d+)\.(\d+).*$/, "$1$2");
}

async function main(): Promise<void> {
  const app = new App();
  await WorkspaceImageCatalog.prefetch(app);
  new DesktopStack(app, "dev", {
    environment: "dev",
    region: "cn-north-4",
    officeUsers: ["alice"],
    poolSize: 2,
  });
  new DesktopStack(app, "staging", {
    environment: "staging",
    region: "cn-north-4",
    officeUsers: ["alice", "bob"],
    poolSize: 5,
  });
  new DesktopStack(app, "prod", {
    environment: "prod",
    region: "cn-south-1",
    officeUsers: ["alice", "bob", "carol"],
    poolSize: 50,
  });
  app.synth();
}

main().catch((error: Error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
