import * as fc from "fast-check";
import type { WorkspaceImage } from "../../src";
import { differences, normalizeImage, parseImageInfo, pickFields } from "../../src/images/workspace-image";
import { creationTime } from "../../src/text/time";
import { image } from "../support/images";

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

  test.each(Object.keys({ ...FIELDS, ...COUNTS }))(
    "may lack %s, or have null or an empty text there",
    (field) => {
      const { [field as "name"]: _, ...others } = documented;
      const image = parseImageInfo(others);
      expect(Object.keys(image)).toHaveLength(11);
      expect(parseImageInfo({ ...others, [field]: null })).toEqual(image);
      expect(parseImageInfo({ ...others, [field]: "" })).toEqual(image);
    },
  );

  test("may have nothing but its ID, and fields that nobody knows", () => {
    expect(parseImageInfo({ id: "a" })).toEqual({ id: "a" });
    expect(parseImageInfo({ id: "a", status: "active", tags: [{}], imageType: "gold" })).toEqual({ id: "a" });
  });

  test.each([
    ...Object.keys(FIELDS).flatMap((field) => [1, true, {}, ["x"]].map((value) => [field, value] as const)),
    ...Object.keys(COUNTS).flatMap((field) =>
      ["80", -1, 1.5, 2 ** 53, {}, false].map((value) => [field, value] as const),
    ),
  ])("whose %s is %j lacks it, and says so", (field, value) => {
    const { [field as "name"]: _, ...others } = documented;
    const { oddities, ...image } = parseImageInfo({ ...documented, [field]: value });
    expect(image).toEqual(parseImageInfo(others));
    const name = { ...FIELDS, ...COUNTS }[field as "name"];
    expect(Object.keys(oddities!)).toEqual([name]);
    expect(oddities![name]).toMatch(new RegExp(`^${field} is wrong: it must be a (text|time|whole number)`));
  });

  test.each([undefined, null, 1, "", {}, [], " ", "a\nb", "a\u202eb", "a\u3164", "x".repeat(10_000)])(
    "whose id is %j has a mark in its place, and says so",
    (id) => {
      const { id: mark, oddities, ...image } = parseImageInfo({ ...documented, id });
      const { id: _, ...fields } = parseImageInfo(documented);
      expect(image).toEqual(fields);
      expect(mark).toMatch(/^without a usable ID, [0-9a-f]{12}$/);
      expect(parseImageInfo({ ...documented, id }).id).toBe(mark);
      expect(Object.keys(oddities!)).toEqual(["id"]);
      expect(oddities!.id).toMatch(
        /^id is (missing|wrong: it must be a text of at most 1024 visible characters)$/,
      );
    },
  );

  test.each([null, "image", 1, true, [], [{ id: "a" }]])("that is %j is none, and says so", (raw) => {
    expect(parseImageInfo(raw).oddities).toEqual({ id: "it is no JSON object" });
  });

  test("whose unreadable fields are nested as deep as can be is read", () => {
    const depth = 100_000;
    const raw = JSON.parse(`{"name":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`);
    expect(Object.keys(parseImageInfo(raw).oddities!)).toEqual(["name", "id"]);
  });

  test.each(["yesterday", "2025-02-30T00:00:00Z", "2025-13-01", "1735689600", "0000-00-00 00:00:00"])(
    "whose creation time is %s lacks it, and says so",
    (created_at) => {
      const { createdAt, oddities } = parseImageInfo({ ...documented, created_at });
      expect(createdAt).toBeUndefined();
      expect(oddities).toEqual({
        createdAt: "created_at is wrong: it must be a time, such as 2025-09-09T02:30:00Z",
      });
    },
  );

  test.each(Object.keys(FIELDS).filter((field) => field !== "created_at"))(
    "has at most 1,024 characters in %s",
    (field) => {
      expect(parseImageInfo({ ...documented, [field]: "x".repeat(1024) }).oddities).toBeUndefined();
      const { oddities } = parseImageInfo({ ...documented, [field]: "x".repeat(1025) });
      expect(Object.values(oddities!)).toEqual([
        `${field} is wrong: it must be a text of at most 1024 characters`,
      ]);
    },
  );

  test("has at most 1,024 characters in its ID", () => {
    expect(parseImageInfo({ id: "x".repeat(1024) })).toEqual({ id: "x".repeat(1024) });
    expect(parseImageInfo({ id: "x".repeat(1025) }).oddities).toEqual({
      id: "id is wrong: it must be a text of at most 1024 visible characters",
    });
  });

  test("that is anything at all is what it says", async () => {
    const prototype = Object.getOwnPropertyNames(Object.prototype);
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.anything({ maxDepth: 1 }));
    const names = ["id", ...Object.keys(FIELDS), ...Object.keys(COUNTS), "__proto__", "constructor", "x"];
    const info = fc
      .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 14 })
      .map((entries) => ({ ...documented, ...Object.fromEntries(entries) }));
    await fc.assert(
      fc.property(fc.oneof(info, fc.anything()), (generated) => {
        const raw: unknown = JSON.parse(JSON.stringify(generated) ?? "null");
        const image = parseImageInfo(raw);
        const isObject = typeof raw === "object" && raw !== null && !Array.isArray(raw);
        const given = new Map<string, unknown>(isObject ? Object.entries(raw) : []);
        const isRight = (from: string) => {
          const field = given.get(from);
          if (from === "id")
            return typeof field === "string" && /^[^\s\p{Cc}\p{Cf}\p{Cs}\p{DI}]+$/u.test(field);
          if (from === "created_at") return creationTime(String(field)) !== undefined;
          if (from in COUNTS) return Number.isSafeInteger(field) && (field as number) >= 0;
          return typeof field === "string" && field.length <= 1024;
        };
        const there = Object.entries({ id: "id", ...FIELDS, ...COUNTS }).filter(
          ([from]) => given.get(from) != null && given.get(from) !== "",
        );
        const right = there.filter(([from]) => isRight(from)).map(([from, to]) => [to, given.get(from)]);
        const wrong = there.filter(([from]) => !isRight(from)).map(([, to]) => to);
        const { oddities = {}, ...fields } = image;
        const mark = { id: expect.stringMatching(/^without a usable ID, /) };
        expect(fields).toEqual({ ...mark, ...Object.fromEntries(right) });
        const withoutId = isRight("id") ? [] : ["id"];
        expect(Object.keys(oddities).sort()).toEqual([...new Set([...wrong, ...withoutId])].sort());
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("two images", () => {
  const windows = image({ id: "a", createdAt: "2025-09-09T02:30:00Z" });

  test.each([
    "2025-09-09 02:30:00",
    "2025-09-09T02:30:00.000Z",
    "2025-09-09T02:30:00.000000Z",
    "2025-09-09T02:30:00",
    "2025-09-09T02:30Z",
    "2025-09-09T10:30:00+08:00",
    "2025-09-08T21:30:00-0500",
    "2025-09-09 02:30:00 Z",
  ])("are the same where one was created at %s and the other at 2025-09-09T02:30:00Z", (createdAt) => {
    expect(differences(windows, { ...windows, createdAt })).toEqual([]);
    expect(differences({ ...windows, createdAt }, windows)).toEqual([]);
  });

  test.each(["2025-09-09T02:30:01Z", "2025-09-09T02:30:00+08:00", "2025-09-09", "yesterday"])(
    "differ where one was created at %s and the other at 2025-09-09T02:30:00Z",
    (createdAt) => {
      expect(differences(windows, { ...windows, createdAt })).toEqual([
        `createdAt 2025-09-09T02:30:00Z → ${createdAt}`,
      ]);
    },
  );

  test("whose times cannot be read are the same only by the letter", () => {
    const odd = { ...windows, createdAt: "yesterday" };
    expect(differences(odd, { ...odd })).toEqual([]);
    expect(differences(odd, { ...odd, createdAt: "Yesterday" })).toHaveLength(1);
  });

  test("differ in a field that one lacks", () => {
    const { productCode: _, ...without } = windows;
    expect(differences(windows, without)).toEqual(["productCode workspace.windows → none"]);
    expect(differences(without, windows)).toEqual(["productCode none → workspace.windows"]);
  });

  test("differ in a field that cannot be read any more", () => {
    const now = parseImageInfo({ ...documented, product_code: 7 });
    expect(differences(parseImageInfo(documented), now)).toEqual([
      "productCode workspace.windows → unreadable (product_code is wrong: it must be a text of at most 1024 characters)",
    ]);
  });

  test("are the same however nothing is written: left out, null or empty", async () => {
    const nothing = fc.constantFrom(undefined, null, "");
    const field = fc.constantFrom(...Object.keys({ ...FIELDS, ...COUNTS }));
    await fc.assert(
      fc.property(fc.dictionary(field, nothing), fc.dictionary(field, nothing), (one, other) => {
        const [a, b] = [one, other].map((fields) => parseImageInfo({ ...fields, id: "a" }));
        expect(a).toEqual({ id: "a" });
        expect(differences(a!, b!)).toEqual([]);
      }),
    );
  });
});

test("an image is normalized alike, whether the service, a file or a test gives it", async () => {
  const value = fc.oneof(
    fc.string(),
    fc.nat(),
    fc.constantFrom(null, undefined, "", -1, 0.5, true),
    fc.anything({ maxDepth: 1 }),
  );
  const all = { ...FIELDS, ...COUNTS };
  const fields = fc.dictionary(fc.constantFrom(...Object.keys(all)), value);
  await fc.assert(
    fc.property(fields, (info) => {
      const given = Object.fromEntries(
        Object.entries(info).map(([from, to]) => [all[from as keyof typeof all], to]),
      );
      const listed = parseImageInfo({ ...info, id: "a" });
      const normal = normalizeImage({ ...given, id: "a" } as WorkspaceImage);
      expect(normal).toEqual(listed);
      // Once more changes nothing, and oddities are no field.
      expect(normalizeImage(pickFields((field) => normal[field]))).toEqual({
        ...listed,
        oddities: undefined,
      });
    }),
    { numRuns: 3000 },
  );
});
