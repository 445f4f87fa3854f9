import { DataHuaweicloudWorkspaceFlavors } from "@cdktf/provider-huaweicloud/lib/data-huaweicloud-workspace-flavors";
import { DataHuaweicloudWorkspaceService } from "@cdktf/provider-huaweicloud/lib/data-huaweicloud-workspace-service";
import { HuaweicloudProvider } from "@cdktf/provider-huaweicloud/lib/provider";
import { WorkspaceAppImageServer } from "@cdktf/provider-huaweicloud/lib/workspace-app-image-server";
import { WorkspaceAppServerGroup } from "@cdktf/provider-huaweicloud/lib/workspace-app-server-group";
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

/**
 * The desktops of one environment. A moved pin reinstalls what is built from its images, or worse: each comment says
 * what it does there. Sizes of disks are plain numbers with room for the images to come: one that is computed from the
 * image would change with it, and the apply would fail after it had reinstalled the desktop.
 */
class DesktopStack extends TerraformStack {
  constructor(scope: Construct, id: string, props: DesktopStackProps) {
    super(scope, id);
    const { environment, region } = props;
    WorkspaceImageCatalog.setEnvironment(this, environment);
    new HuaweicloudProvider(this, "huaweicloud", { region });
    const service = new DataHuaweicloudWorkspaceService(this, "service");
    const networkId = Fn.element(service.networkIds, 0);

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
      // A new image, or another imageType, reinstalls its system disk in place; the data disk stays.
      new WorkspaceDesktop(this, `office-${user}`, {
        name: `${environment}-${user}`,
        flavorId: officeFlavors.flavors.get(0).id,
        imageId: windows.id,
        // "gold", as it is listed. A desktop that was created with "market" keeps that: see docs/adoption.md.
        imageType: windows.imageType,
        vpcId: service.vpcId,
        nic: [{ networkId }],
        userName: user,
        userEmail: `${user}@example.com`,
        userGroup: "users",
        rootVolume: { type: "SAS", size: 120 },
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
      // It is destroyed when its release leaves the pin.
      new WorkspaceDesktop(this, `developer-${release}`, {
        name: `${environment}-u${release}`,
        flavorId: developerFlavors.flavors.get(0).id,
        imageId: image.id,
        imageType: image.imageType,
        vpcId: service.vpcId,
        nic: [{ networkId }],
        userName: `developer-${release}`,
        userEmail: "developers@example.com",
        userGroup: "sudo",
        rootVolume: { type: "SSD", size: 120 },
      });
    }

    // A pool cannot get another image: its plan fails, and with it that of the whole stack. So it has a pin of its own,
    // which stays when that of the office moves. To move it, set enableForceNew to "true" here, on the pool: then it is
    // destroyed and built anew.
    const callCentre = new DataHuaweicloudWorkspaceImage(this, "call-centre-windows", {
      imageType: "gold",
      osType: "Windows",
      nameRegex: "^Windows_11",
      mostRecent: true,
    });
    const pool = new WorkspaceDesktopPool(this, "call-centre", {
      name: `${environment}-calls`,
      type: "DYNAMIC",
      size: props.poolSize,
      productId: officeFlavors.flavors.get(0).id,
      imageId: callCentre.id,
      imageType: callCentre.imageType,
      // One subnet: the provider reads back no more, and would want to change a second one in every plan.
      subnetIds: [networkId],
      rootVolume: { type: "SAS", size: 120 },
      dataVolumes: [{ type: "SAS", size: 50 }],
    });
    new TerraformOutput(this, "call-centre-pool", { value: pool.id });

    const server = new DataHuaweicloudWorkspaceImage(this, "application-server", {
      imageType: "gold",
      osType: "Windows",
      nameRegex: "^Windows_Server_2022",
      mostRecent: true,
    });
    // Of a gold image, applications need the product that the market sells it as. It belongs to the image: both change
    // together.
    const { productId, specCode } = APPLICATION_SERVER_PRODUCT;
    // On an image server applications are installed, to make a private image of it. A new image replaces it.
    new WorkspaceAppImageServer(this, "application-image", {
      name: `${environment}-apps-image`,
      flavorId: officeFlavors.flavors.get(0).id,
      imageId: server.id,
      imageType: server.imageType,
      imageSourceProductId: productId,
      specCode,
      vpcId: service.vpcId,
      subnetId: networkId,
      authorizeAccounts: [{ account: "administrator", type: "USER" }],
      rootVolume: { type: "SAS", size: 120 },
    });
    // A server group is updated in place.
    new WorkspaceAppServerGroup(this, "applications", {
      name: `${environment}-apps`,
      osType: "Windows",
      flavorId: officeFlavors.flavors.get(0).id,
      imageId: server.id,
      imageType: server.imageType,
      imageProductId: productId,
      vpcId: service.vpcId,
      subnetId: networkId,
      systemDiskType: "SAS",
      systemDiskSize: 120,
    });
  }
}

/** Stands for what the market shows for the image: neither the listing nor the provider knows it. */
const APPLICATION_SERVER_PRODUCT = {
  productId: "00301-2019002-0--0",
  specCode: "workspace.x86.ultimate.large2",
};

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
