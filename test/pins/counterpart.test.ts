import { isSameRelease } from "../../src/pins/counterpart";
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
