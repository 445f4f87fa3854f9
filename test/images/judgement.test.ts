import * as fc from "fast-check";
import type { SingleImageFilter, WorkspaceImage } from "../../src";
import { selectImages } from "../../src/images/image-selection";
import { type Judgement, judge } from "../../src/images/judgement";
import { image } from "../support/images";

const windows = image({
  id: "w11",
  name: "Windows_11_B",
  createdAt: "2025-06-01T08:00:00+08:00",
  minRam: 4096,
});

describe("an image is judged by each criterion alone", () => {
  test.each<[keyof SingleImageFilter, string | number, Judgement["verdict"], Judgement["actual"]]>([
    ["imageType", "gold", "met", "gold"],
    ["imageType", "private", "unmet", "gold"],
    ["imageType", "Gold", "unknown", "gold"],
    ["osType", "Windows", "met", "Windows"],
    ["osType", "windows", "unknown", "Windows"],
    ["osType", "Solaris", "unmet", "Windows"],
    ["architecture", "x86", "met", "x86"],
    ["architecture", "arm", "unmet", "x86"],
    ["imageId", "w11", "met", "w11"],
    ["imageId", "W11", "unmet", "w11"],
    ["platform", "Windows", "unknown", undefined],
    ["packageType", "general", "unknown", undefined],
    ["name", "Windows_11_B", "met", "Windows_11_B"],
    ["name", "windows_11_b", "unmet", "Windows_11_B"],
    ["nameRegex", "^Windows_1[01]", "met", "Windows_11_B"],
    ["nameRegex", "^Windows_12", "unmet", "Windows_11_B"],
    ["osVersion", "Windows 11 Enterprise 64bit", "met", "Windows 11 Enterprise 64bit"],
    ["osVersion", "Windows 11", "unmet", "Windows 11 Enterprise 64bit"],
    ["osVersionRegex", "Enterprise", "met", "Windows 11 Enterprise 64bit"],
    ["osVersionRegex", "Pro", "unmet", "Windows 11 Enterprise 64bit"],
    ["diskFormat", "zvhd2", "met", "zvhd2"],
    ["diskFormat", "vhd", "unmet", "zvhd2"],
    ["productCode", "workspace.windows", "met", "workspace.windows"],
    ["productCode", "workspace", "unmet", "workspace.windows"],
    ["minDiskAtMost", 80, "met", 80],
    ["minDiskAtMost", 79, "unmet", 80],
    ["minRamAtMost", 4096, "met", 4096],
    ["minRamAtMost", 0, "unmet", 4096],
    ["createdAfter", "2025-05-31", "met", "2025-06-01T08:00:00+08:00"],
    ["createdAfter", "2025-06-01", "unmet", "2025-06-01T08:00:00+08:00"],
    ["createdBefore", "2025-06-01T00:00:01Z", "met", "2025-06-01T08:00:00+08:00"],
    ["createdBefore", "2025-06-01", "unmet", "2025-06-01T08:00:00+08:00"],
  ])("%s %j is %s, where the image has %j", (key, wanted, verdict, actual) => {
    expect(judge({ [key]: wanted }, windows)).toEqual([{ key, verdict, wanted, actual }]);
  });

  test("a field that the image lacks is unknown", () => {
    const filter: SingleImageFilter = {
      imageType: "gold",
      osType: "Windows",
      architecture: "x86",
      name: "x",
      nameRegex: ".",
      osVersion: "x",
      osVersionRegex: ".",
      diskFormat: "vhd",
      productCode: "x",
      minDiskAtMost: 1,
      minRamAtMost: 1,
      createdAfter: "2000-01-01",
      createdBefore: "2000-01-01",
    };
    const judgements = judge(filter, { id: "bare" });
    expect(judgements.map(({ key }) => key).sort()).toEqual(Object.keys(filter).sort());
    for (const { verdict, actual } of judgements) expect({ verdict, actual }).toEqual({ verdict: "unknown" });
  });

  test("a creation time that cannot be read is unknown", () => {
    const undated = { ...windows, createdAt: "yesterday" };
    expect(judge({ createdAfter: "2000-01-01", createdBefore: "2100-01-01" }, undated)).toEqual([
      { key: "createdAfter", verdict: "unknown", wanted: "2000-01-01", actual: "yesterday" },
      { key: "createdBefore", verdict: "unknown", wanted: "2100-01-01", actual: "yesterday" },
    ]);
  });

  test.each<[keyof WorkspaceImage & keyof SingleImageFilter, string, string]>([
    ["osType", "Windows", "WINDOWS"],
    ["osType", "Windows", "win"],
    ["architecture", "x86", "x86_64"],
    ["imageType", "gold", "market"],
  ])(
    "%s %j is unknown where the image has %j, which the service does not document",
    (key, wanted, actual) => {
      expect(judge({ [key]: wanted }, { ...windows, [key]: actual })).toEqual([
        { key, verdict: "unknown", wanted, actual },
      ]);
    },
  );

  test("what compares images with each other is not judged", () => {
    const filter = {
      mostRecent: true,
      allowAnyImageType: true,
      sortField: "name",
      sortType: "desc",
    } as const;
    expect(judge(filter, windows)).toEqual([]);
  });
});

const text = fc.constantFrom(
  "gold",
  "Gold",
  "private",
  "Windows",
  "windows",
  "Linux",
  "x86",
  "x86_64",
  "20",
  "",
);
const time = fc.constantFrom("2025-01-01", "2025-01-01T00:00:00Z", "2024-12-31T23:00:00Z");
const anyImage: fc.Arbitrary<WorkspaceImage> = fc.record(
  {
    id: fc.constantFrom("a", "b"),
    name: text,
    imageType: text,
    osType: text,
    architecture: text,
    osVersion: text,
    minDisk: fc.nat(3),
    createdAt: fc.oneof(time, text),
  },
  { requiredKeys: ["id"] },
);
const anyFilter: fc.Arbitrary<SingleImageFilter> = fc
  .tuple(
    fc.record({
      imageId: fc.constantFrom("a", "b"),
      name: text,
      nameRegex: text,
      imageType: text,
      osType: text,
      architecture: text,
      minDiskAtMost: fc.nat(3),
      createdAfter: time,
      createdBefore: time,
    }),
    fc.integer({ min: 1, max: 3 }),
    fc.nat(8),
  )
  .map(([all, count, start]) =>
    Object.fromEntries([...Object.entries(all), ...Object.entries(all)].slice(start, start + count)),
  );

test("an image is selected by every filter whose criteria are all met, and by none that has an unmet one", async () => {
  const seen = { met: 0, unmet: 0, unknown: 0 };
  await fc.assert(
    fc.property(anyFilter, anyImage, (filter, candidate) => {
      const verdicts = judge(filter, candidate).map(({ verdict }) => verdict);
      const select = () => selectImages([{ query: {}, images: [candidate] }], filter, "all", "here");
      if (verdicts.includes("unmet")) {
        seen.unmet++;
        expect(select()).toEqual([]);
      } else if (verdicts.every((verdict) => verdict === "met")) {
        seen.met++;
        expect(select()).toEqual([candidate]);
      } else seen.unknown++;
    }),
    { numRuns: 5000 },
  );
  expect(Math.min(seen.met, seen.unmet, seen.unknown)).toBeGreaterThan(50);
});
