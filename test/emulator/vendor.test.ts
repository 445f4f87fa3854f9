import { DEFAULT_ACCOUNT, type EmulatedImage, WorkspaceEmulator } from "../../src/emulator";
import type { ListImagesQuery } from "../../src/images/image-filter";
import { clientOf } from "../support/client";
import { closing } from "../support/closing";
import { rejection } from "../support/errors";
import { image } from "../support/images";
import { vendorListImages } from "../support/vendor-client";

const REGION = "cn-north-4";
const emulate = async (options = {}) => closing(await WorkspaceEmulator.start(options));
const idsOf = (images: readonly { id: string }[]) => images.map(({ id }) => id);

describe("the vendor's own client", () => {
  test.each(["cn-north-4", "cn-south-1", "eu-west-101"])("lists the images of %s", async (region) => {
    const emulator = await emulate();
    const { images, total_count } = await vendorListImages(emulator, region);
    expect(idsOf(images).sort()).toEqual(idsOf(emulator.images(region)).sort());
    expect(total_count).toBe(emulator.images(region).length);
  });

  test("gets every field as documented", async () => {
    const full: EmulatedImage = image({ id: "a", kmsId: "k", name: "Windows 11 密码" });
    const emulator = await emulate({ images: { [REGION]: [full, { id: "b" }] } });
    const { images } = await vendorListImages(emulator, REGION, { sort_field: "created_at" });
    expect(images).toEqual([
      { id: "b" },
      {
        id: "a",
        name: "Windows 11 密码",
        image_type: "gold",
        os_type: "Windows",
        os_version: "Windows 11 Enterprise 64bit",
        architecture: "x86",
        disk_format: "zvhd2",
        min_ram: 0,
        min_disk: 80,
        product_code: "workspace.windows",
        created_at: "2025-01-01T00:00:00Z",
        kms_id: "k",
      },
    ]);
  });

  test.each([
    ["a wrong secret", { secretKey: "wrong" }],
    ["an unknown access key", { accessKey: "UNKNOWN" }],
    ["a date of yesterday", { headers: { "X-Sdk-Date": stamp(-24 * 60) } }],
    ["a date 16 minutes ago", { headers: { "X-Sdk-Date": stamp(-16) } }],
    ["a date in 16 minutes", { headers: { "X-Sdk-Date": stamp(16) } }],
  ])("is refused with %s: 401", async (_, options) => {
    const emulator = await emulate();
    const error = await rejection(vendorListImages(emulator, REGION, {}, options));
    expect(error).toMatchObject({ httpStatusCode: 401, errorCode: "APIGW.0301" });
    expect(emulator.requests.map(({ status }) => status)).toEqual([401]);
  });

  test("is refused where the emulator's clock is 20 minutes ahead", async () => {
    const emulator = await emulate({ clockAheadMs: 20 * 60_000 });
    expect(await rejection(vendorListImages(emulator, REGION))).toMatchObject({ httpStatusCode: 401 });
  });

  test.each([-14, 14])("is accepted with a date %i minutes off", async (minutes) => {
    const emulator = await emulate();
    const { images } = await vendorListImages(
      emulator,
      REGION,
      {},
      { headers: { "X-Sdk-Date": stamp(minutes) } },
    );
    expect(images.length).toBeGreaterThan(0);
  });

  test("is accepted with the keys of another account, where the emulator has these", async () => {
    const account = { ...DEFAULT_ACCOUNT, accessKey: "OWN", secretKey: "own secret" };
    const emulator = await emulate({ account });
    const { images } = await vendorListImages(emulator, REGION, {}, account);
    expect(images.length).toBeGreaterThan(0);
    expect(await rejection(vendorListImages(emulator, REGION))).toMatchObject({ httpStatusCode: 401 });
  });

  test("gets the service's error for a malformed parameter", async () => {
    const emulator = await emulate();
    expect(await rejection(vendorListImages(emulator, REGION, { limit: 101 }))).toMatchObject({
      httpStatusCode: 400,
      errorCode: "WKS.00010003",
    });
  });
});

describe("our client and the vendor's", () => {
  const catalog = [...Array(7).keys()].flatMap((index) => [
    image({ id: `w${index}`, createdAt: `2025-01-0${index + 1}T00:00:00Z` }),
    image({ id: `l${index}`, osType: "Linux", architecture: "arm", imageType: "private" }),
  ]);
  const images = catalog.map((one, index) => ({
    ...one,
    platform: index % 3 ? "Windows" : "Kylin V10",
    packageType: index % 4 ? "general" : "education & science",
  }));

  test.each<[ListImagesQuery, Record<string, string | number>, number]>([
    [{}, {}, 14],
    [{ osType: "Windows" }, { os_type: "Windows" }, 7],
    [{ imageType: "private" }, { image_type: "private" }, 7],
    [{ platform: "Kylin V10" }, { platform: "Kylin V10" }, 5],
    [{ architecture: "arm" }, { architecture: "arm" }, 7],
    [{ packageType: "education & science" }, { package_type: "education & science" }, 4],
    [{ imageId: "w3" }, { image_id: "w3" }, 1],
    [{ imageType: "gold", osType: "Linux" }, { image_type: "gold", os_type: "Linux" }, 0],
    [{ architecture: "arm", imageType: "private" }, { architecture: "arm", image_type: "private" }, 7],
    [{ offset: 10 }, { offset: 10 }, 4],
    [{ sortField: "name", sortType: "desc" }, { sort_field: "name", sort_type: "desc" }, 14],
    [{ sortField: "created_at" }, { sort_field: "created_at" }, 14],
    [
      { sortField: "created_at", sortType: "desc", osType: "Windows" },
      { sort_field: "created_at", sort_type: "desc", os_type: "Windows" },
      7,
    ],
  ])("list the same images, in the same order, for %j", async (query, parameters, count) => {
    const emulator = await emulate({ images: { [REGION]: images } });
    const theirs = await vendorListImages(emulator, REGION, parameters);
    expect(theirs.images).toHaveLength(count);
    expect(idsOf(await clientOf(emulator).listImages(query))).toEqual(idsOf(theirs.images));
    // In pages, too.
    expect(idsOf(await clientOf(emulator).listImages({ ...query, limit: 3 }))).toEqual(idsOf(theirs.images));
  });

  test("list the same built-in images", async () => {
    const emulator = await emulate();
    for (const region of emulator.regions) {
      const theirs = await vendorListImages(emulator, region);
      expect(idsOf(await clientOf(emulator, { region }).listImages())).toEqual(idsOf(theirs.images));
    }
  });
});

/** The time so many minutes from now, as `X-Sdk-Date` has it. */
function stamp(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString().replace(/[-:]|\.\d+/g, "");
}
