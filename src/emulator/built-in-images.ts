import { createHash } from "node:crypto";
import type { WorkspaceImage } from "../images/workspace-image";

/** An image of the emulator, with the two properties that the service filters by but never shows. */
export interface EmulatedImage extends WorkspaceImage {
  /** System type (`platform`). */
  readonly platform?: string;
  /** Package series (`package_type`). */
  readonly packageType?: string;
  /**
   * Name of the project that owns a private image; public ones belong to nobody.
   * @default - the region's own project
   */
  readonly project?: string;
  /** Names of the other projects that a private image is shared with. */
  readonly sharedWith?: readonly string[];
}

/** Regions that have built-in images. */
export const REGIONS = ["cn-north-4", "cn-south-1", "eu-west-101"] as const;

/** The ID of a project by its name. As in the cloud, the name of a region's own project is the region's. */
export function projectIdOf(project: string): string {
  return createHash("sha256").update(`project ${project}`).digest("hex").slice(0, 32);
}

/** An image ID that is the same in every run, and another one in every region. */
export function imageIdOf(region: string, name: string): string {
  const hex = createHash("sha256").update(`image ${region} ${name}`).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** The images that an emulator has in a region, such as `cn-north-4`, where it is started without others. */
export function builtInImages(region: string): EmulatedImage[] {
  return [...RELEASES, ...PRIVATE]
    .filter(({ only }) => only === undefined || only === region)
    .map(({ only: _, ...release }) => ({ ...release, id: imageIdOf(region, release.name) }));
}

interface Release extends Omit<EmulatedImage, "id"> {
  readonly name: string;
  /** The only region that has it. */
  readonly only?: string;
}

/** A product code of one of the forms that are seen in public. */
function productCodeOf(form: "OFFI" | "00301", edition: string): string {
  const number = createHash("sha256").update(`product ${edition}`).digest().readBigUInt64BE();
  return form === "OFFI"
    ? `OFFI${10n ** 17n + (number % (9n * 10n ** 17n))}`
    : `00301-${2019000n + (number % 1000n)}-0--0`;
}

const windows = (edition: string, osVersion: string, minDisk: number, dates: readonly string[]): Release[] =>
  dates.map((date) => ({
    name: `${edition}_64bit_Workspace_${date.replaceAll("-", "")}`,
    imageType: "gold",
    osType: "Windows",
    osVersion,
    architecture: "x86",
    diskFormat: "zvhd2",
    minRam: 0,
    minDisk,
    productCode: productCodeOf("OFFI", edition),
    createdAt: `${date}T02:30:00Z`,
    platform: "Windows",
    packageType: edition.includes("Server") ? "server" : "general",
  }));

const linux = (
  edition: string,
  osVersion: string,
  architecture: string,
  minDisk: number,
  dates: readonly string[],
): Release[] =>
  dates.map((date) => ({
    name: `${edition}_${architecture === "arm" ? "ARM64" : "64bit"}_Workspace_${date.replaceAll("-", "")}`,
    imageType: "gold",
    osType: "Linux",
    osVersion,
    architecture,
    diskFormat: "qcow2",
    minRam: 0,
    minDisk,
    productCode: productCodeOf("00301", edition),
    createdAt: `${date}T03:00:00Z`,
    platform: edition.split("_")[0] ?? edition,
    packageType: "general",
  }));

const RELEASES: readonly Release[] = [
  ...windows("Windows_10_Pro_22H2", "Windows 10 Pro 22H2 64bit", 80, [
    "2023-05-16",
    "2024-03-12",
    "2025-02-11",
  ]),
  ...windows("Windows_10_Enterprise_LTSC_2021", "Windows 10 Enterprise LTSC 2021 64bit", 80, [
    "2023-09-05",
    "2024-09-10",
  ]),
  ...windows("Windows_11_Pro_23H2", "Windows 11 Pro 23H2 64bit", 80, ["2024-04-09", "2025-01-14"]),
  ...windows("Windows_11_Enterprise_23H2", "Windows 11 Enterprise 23H2 64bit", 80, [
    "2024-04-16",
    "2025-03-11",
  ]),
  ...windows("Windows_11_Enterprise_24H2", "Windows 11 Enterprise 24H2 64bit", 100, [
    "2025-06-10",
    "2025-09-09",
  ]),
  ...windows("Windows_Server_2016_Datacenter", "Windows Server 2016 Datacenter 64bit", 80, ["2022-11-15"]),
  ...windows("Windows_Server_2019_Datacenter", "Windows Server 2019 Datacenter 64bit", 80, [
    "2023-10-17",
    "2025-02-18",
  ]),
  ...windows("Windows_Server_2022_Datacenter", "Windows Server 2022 Datacenter 64bit", 80, [
    "2024-05-21",
    "2025-05-20",
  ]),
  ...linux("Ubuntu_20.04_LTS", "Ubuntu 20.04 server 64bit", "x86", 40, ["2023-03-28"]),
  ...linux("Ubuntu_22.04_LTS", "Ubuntu 22.04 server 64bit", "x86", 40, ["2023-08-22", "2024-08-20"]),
  ...linux("Ubuntu_24.04_LTS", "Ubuntu 24.04 server 64bit", "x86", 60, ["2024-11-26"]),
  ...linux("EulerOS_2.10", "EulerOS 2.10 64bit", "x86", 40, ["2023-06-13"]),
  ...linux("EulerOS_2.12", "EulerOS 2.12 64bit", "x86", 40, ["2024-12-10"]),
  ...linux("EulerOS_2.12", "EulerOS 2.12 64bit with ARM", "arm", 40, ["2024-12-10"]),
  ...linux("UnionTech_OS_V20", "UnionTech OS Desktop 20 64bit with ARM", "arm", 60, [
    "2023-12-05",
    "2024-10-15",
  ]),
  ...linux("Kylin_V10_SP1", "Kylin Desktop V10 SP1 64bit with ARM", "arm", 60, ["2023-07-18", "2025-04-22"]),
  {
    // As short as public material shows names and versions to be.
    name: "UOS_20_PRO_20250318",
    imageType: "gold",
    osType: "Linux",
    osVersion: "20",
    architecture: "arm",
    diskFormat: "qcow2",
    minRam: 0,
    minDisk: 60,
    productCode: productCodeOf("OFFI", "UOS_20_PRO"),
    createdAt: "2025-03-18T03:00:00Z",
    platform: "UOS",
    packageType: "general",
  },
  {
    // An early release that the service never described completely.
    name: "Windows_7_SP1_64bit_Workspace",
    imageType: "gold",
    osType: "Windows",
    osVersion: "Windows 7 SP1 64bit",
    diskFormat: "vhd",
    minRam: 0,
    minDisk: 60,
    platform: "Windows",
    packageType: "general",
  },
  {
    name: "Kylin_V10_SP1_Education_ARM64_Workspace_20250603",
    only: "cn-north-4",
    imageType: "gold",
    osType: "Linux",
    osVersion: "Kylin Desktop V10 SP1 Education 64bit with ARM",
    architecture: "arm",
    diskFormat: "qcow2",
    minRam: 0,
    minDisk: 60,
    productCode: productCodeOf("00301", "Kylin_V10_SP1_Education"),
    createdAt: "2025-06-03T03:00:00Z",
    platform: "Kylin",
    packageType: "education",
  },
];

const PRIVATE: readonly Release[] = [
  {
    name: "finance-windows-11-2025-03",
    only: "cn-north-4",
    imageType: "private",
    osType: "Windows",
    osVersion: "Windows 11 Enterprise 23H2 64bit",
    architecture: "x86",
    diskFormat: "zvhd2",
    minRam: 4096,
    minDisk: 120,
    createdAt: "2025-03-20T09:12:44Z",
    kmsId: "6a2b0c4e-58f1-4b2a-9a67-0c5f5d1e7b30",
    platform: "Windows",
    packageType: "general",
  },
  {
    name: "cad-workstation",
    imageType: "private",
    osType: "Windows",
    osVersion: "Windows 10 Pro 22H2 64bit",
    architecture: "x86",
    diskFormat: "zvhd2",
    minRam: 16384,
    minDisk: 200,
    createdAt: "2024-07-02T15:41:09Z",
    platform: "Windows",
    packageType: "graphics",
  },
  {
    name: "copy_uos-20250318",
    only: "cn-north-4",
    imageType: "private",
    osType: "Linux",
    osVersion: "20",
    architecture: "arm",
    diskFormat: "qcow2",
    minRam: 0,
    minDisk: 60,
    createdAt: "2025-04-02T06:20:31Z",
    platform: "UOS",
    packageType: "general",
  },
  {
    name: "kiosk",
    imageType: "private",
    osType: "Other",
    osVersion: "Other 64bit",
    diskFormat: "raw",
    minRam: 0,
    minDisk: 40,
  },
];
