import { imageInfo } from "../../src/emulator/image-service";
import { parseImageInfo } from "../../src/images/workspace-image";
import { counterparts, isSameRelease } from "../../src/pins/counterpart";
import { image } from "../support/images";

const old = image({ id: "old", name: "Windows_11_a" });

test("takes images for the same release by name, type, OS version and architecture alone", () => {
  expect(
    isSameRelease(old, { ...old, id: "elsewhere", minDisk: 100, createdAt: "2026-01-01T00:00:00Z" }),
  ).toBe(true);
  for (const field of ["name", "imageType", "osVersion", "architecture"]) {
    expect(isSameRelease(old, { ...old, [field]: "other" })).toBe(false);
  }
  const { name: _, ...unnamed } = old;
  expect(isSameRelease(unnamed, { ...unnamed, id: "elsewhere" })).toBe(false);
});

test("takes no image that is described wrongly for what stands for another one", () => {
  const odd = parseImageInfo({ ...imageInfo(old), product_code: 7 });
  expect(odd.oddities).toBeDefined();
  const place = { region: "cn-north-4", projectId: "dev" };
  for (const other of [
    { region: "cn-north-4", projectId: "prod" },
    { region: "cn-south-1", projectId: "prod" },
  ]) {
    expect(counterparts(old, place, other, [odd])).toEqual([]);
    expect(counterparts(old, place, other, [old])).toEqual([old]);
  }
});
