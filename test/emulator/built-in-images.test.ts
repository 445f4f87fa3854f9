import type { EmulatedImage } from "../../src/emulator";
import { builtInImages, imageIdOf, projectIdOf, REGIONS } from "../../src/emulator/built-in-images";

const of = (region: string, matches: (image: EmulatedImage) => boolean) =>
  builtInImages(region).filter(matches);

describe("the built-in images", () => {
  test("are of regions of two clouds, each with IDs of its own", () => {
    expect(REGIONS).toEqual(["cn-north-4", "cn-south-1", "eu-west-101"]);
    const ids = REGIONS.flatMap((region) => builtInImages(region).map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    const projects = REGIONS.map(projectIdOf);
    expect(new Set(projects).size).toBe(REGIONS.length);
    for (const project of projects) expect(project).toMatch(/^[0-9a-f]{32}$/);
  });

  test("are the same in every run", () => {
    for (const { id, name = "" } of builtInImages("cn-north-4"))
      expect(imageIdOf("cn-north-4", name)).toBe(id);
    expect(imageIdOf("cn-north-4", "kiosk")).toBe("e418fc84-8a8d-400d-a1d2-81ac0e44f769");
  });

  test.each(REGIONS)("of %s have old and new versions of what desktops run", (region) => {
    for (const [osVersion, architecture] of [
      [/^Windows 10/, "x86"],
      [/^Windows 11/, "x86"],
      [/^Windows Server/, "x86"],
      [/^Ubuntu/, "x86"],
      [/^EulerOS/, "x86"],
      [/^EulerOS/, "arm"],
      [/^UnionTech/, "arm"],
      [/^Kylin/, "arm"],
    ] as const) {
      const found = of(
        region,
        (image) => osVersion.test(image.osVersion ?? "") && image.architecture === architecture,
      );
      expect(found.length).toBeGreaterThan(0);
    }
    const releases = of(region, ({ osVersion }) => osVersion === "Windows 11 Enterprise 23H2 64bit");
    const dates = new Set(releases.map(({ createdAt }) => createdAt));
    expect(dates.size).toBeGreaterThan(1);
    expect(of(region, ({ imageType }) => imageType === "gold").length).toBeGreaterThan(0);
    expect(of(region, ({ imageType }) => imageType === "private").length).toBeGreaterThan(0);
  });

  test.each(REGIONS)("of %s have values that are documented", (region) => {
    for (const image of builtInImages(region)) {
      expect(image).toMatchObject({
        name: expect.stringMatching(/./),
        imageType: expect.stringMatching(/^(gold|private)$/),
        osType: expect.stringMatching(/^(Linux|Windows|Other)$/),
        osVersion: expect.stringMatching(/./),
        diskFormat: expect.stringMatching(/^(vhd|raw|qcow2|zvhd2)$/),
      });
      expect(image.minDisk).toBeGreaterThanOrEqual(40);
      expect(image.minDisk).toBeLessThanOrEqual(1024);
      expect(image.minRam).toBeGreaterThanOrEqual(0);
      expect(image.architecture ?? "x86").toMatch(/^(arm|x86)$/);
      expect(image.createdAt ?? "2025-01-01T00:00:00Z").toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    const names = builtInImages(region).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("have product codes, names and versions of the forms that are seen in public", () => {
    const images = builtInImages("cn-north-4");
    const codes = images.flatMap(({ productCode = [] }) => productCode);
    for (const code of codes) expect(code).toMatch(/^(OFFI\d{18}|00301-\d{7}-0--0)$/);
    for (const form of [/^OFFI/, /^00301/]) expect(codes.some((code) => form.test(code))).toBe(true);
    for (const name of [/^UOS_20_PRO_/, /^copy_uos-/]) {
      const found = images.filter((image) => name.test(image.name ?? ""));
      expect(found).toMatchObject([{ osVersion: "20" }]);
    }
  });

  test.each(["architecture", "productCode", "createdAt", "kmsId"] as const)(
    "have images with and without %s",
    (field) => {
      const images = builtInImages("cn-north-4");
      const having = images.filter((image) => image[field] !== undefined);
      expect(having.length).toBeGreaterThan(0);
      expect(having.length).toBeLessThan(images.length);
    },
  );
});
