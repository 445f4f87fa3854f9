import * as fc from "fast-check";
import { ResponseError } from "../../src";
import { parseImageInfo } from "../../src/images/workspace-image";
import { thrown } from "../support/errors";

const FIELDS = {
  name: "name",
  image_type: "imageType",
  os_type: "osType",
  os_version: "osVersion",
  architecture: "architecture",
  disk_format: "diskFormat",
  product_code: "productCode",
  created_at: "createdAt",
  kms_id: "kmsId",
} as const;
const COUNTS = { min_ram: "minRam", min_disk: "minDisk" } as const;

const documented = {
  id: "e1d2b4a8-1c2d-4a3e-8f56-0a1b2c3d4e5f",
  image_type: "gold",
  os_type: "Windows",
  architecture: "x86",
  os_version: "Windows 11 Enterprise 64bit",
  disk_format: "zvhd2",
  name: "Windows_11",
  min_ram: 0,
  min_disk: 80,
  product_code: "workspace.windows",
  created_at: "2025-01-01T00:00:00Z",
  kms_id: "k",
};

describe("an image", () => {
  test("has every field of the response", () => {
    expect(parseImageInfo(documented)).toEqual({
      id: documented.id,
      imageType: "gold",
      osType: "Windows",
      architecture: "x86",
      osVersion: "Windows 11 Enterprise 64bit",
      diskFormat: "zvhd2",
      name: "Windows_11",
      minRam: 0,
      minDisk: 80,
      productCode: "workspace.windows",
      createdAt: "2025-01-01T00:00:00Z",
      kmsId: "k",
    });
  });

  test.each(Object.keys({ ...FIELDS, ...COUNTS }))("may lack %s, or have null there", (field) => {
    const { [field as "name"]: _, ...others } = documented;
    const image = parseImageInfo(others);
    expect(Object.keys(image)).toHaveLength(11);
    expect(parseImageInfo({ ...others, [field]: null })).toEqual(image);
  });

  test("may have nothing but its ID, and fields that nobody knows", () => {
    expect(parseImageInfo({ id: "a" })).toEqual({ id: "a" });
    expect(parseImageInfo({ id: "a", status: "active", tags: [{}], imageType: "gold" })).toEqual({ id: "a" });
  });

  test.each([
    ...Object.keys(FIELDS).flatMap((field) => [1, true, {}, ["x"]].map((value) => [field, value] as const)),
    ...Object.keys(COUNTS).flatMap((field) =>
      ["80", -1, 1.5, 2 ** 53, {}, false].map((value) => [field, value] as const),
    ),
  ])("whose %s is %j is an error that names image and field", (field, value) => {
    const error = thrown(() => parseImageInfo({ ...documented, [field]: value }, "r-1"));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code: "RESPONSE", requestId: "r-1" });
    expect(error.message).toContain(`image "${documented.id}" whose field ${field} is wrong`);
  });

  test.each([undefined, null, 1, "", {}])("whose id is %j is an error that says so", (id) => {
    const error = thrown(() => parseImageInfo({ ...documented, id }));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error.message).toContain("an image without a usable id");
  });

  test.each([null, "image", 1, true])("that is %j is an error", (raw) => {
    expect(thrown(() => parseImageInfo(raw))).toBeInstanceOf(ResponseError);
  });

  test.each(["id", ...Object.keys(FIELDS)])("has at most 1,024 characters in %s", (field) => {
    expect(() => parseImageInfo({ ...documented, [field]: "x".repeat(1024) })).not.toThrow();
    const error = thrown(() => parseImageInfo({ ...documented, [field]: "x".repeat(1025) }));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error.message).toContain(`${field} is wrong: it must be a text of at most 1024 characters`);
    expect(error.message.length).toBeLessThan(300);
  });

  test("is named in errors without control characters", () => {
    const error = thrown(() => parseImageInfo({ id: "a\u001b[2J\u202eb", name: 1 }));
    expect(error.message).toContain('"a [2J b"');
  });

  test("that is anything at all is what it says, or a typed error", async () => {
    const prototype = Object.getOwnPropertyNames(Object.prototype);
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.anything({ maxDepth: 1 }));
    const names = ["id", ...Object.keys(FIELDS), ...Object.keys(COUNTS), "__proto__", "constructor", "x"];
    const info = fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 14 })
      .map((entries) => ({ ...documented, ...Object.fromEntries(entries) }));
    await fc.assert(
      fc.property(fc.oneof(info, fc.anything()), (generated) => {
        const raw: unknown = JSON.parse(JSON.stringify(generated) ?? "null");
        let image: ReturnType<typeof parseImageInfo>;
        try {
          image = parseImageInfo(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(ResponseError);
          return;
        }
        const given = new Map(Object.entries(raw as object));
        const expected = Object.entries({ id: "id", ...FIELDS, ...COUNTS })
          .map(([from, to]) => [to, given.get(from)] as const)
          .filter(([, field]) => field != null);
        expect(image).toEqual(Object.fromEntries(expected));
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
      }),
      { numRuns: 5000 },
    );
  });
});
