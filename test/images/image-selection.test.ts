import { Lazy, type TerraformStack, TerraformVariable, Token } from "cdktf";
import * as fc from "fast-check";
import {
  DataHuaweicloudWorkspaceImage,
  type DataHuaweicloudWorkspaceImageConfig,
  DataHuaweicloudWorkspaceImages,
  type DataHuaweicloudWorkspaceImagesConfig,
  FilterError,
  ListingRequiredError,
  MostRecentError,
  NoMatchError,
  SeveralMatchesError,
  type WorkspaceImage,
} from "../../src";
import { explainLeftOut } from "../../src/images/explanation";
import { imagesLeftOut, selectImages } from "../../src/images/image-selection";
import { parseImageInfo } from "../../src/images/workspace-image";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { stackWith } from "../support/synth";

const images: WorkspaceImage[] = [
  image({ id: "w11-old", name: "Windows_11_A", createdAt: "2024-01-01T00:00:00Z" }),
  image({ id: "w11-new", name: "Windows_11_B", createdAt: "2025-06-01T00:00:00Z", minDisk: 100 }),
  image({ id: "w10", name: "Windows_10", osVersion: "Windows 10 Pro", productCode: "workspace.w10" }),
  image({ id: "ubuntu", name: "Ubuntu_22.04", osType: "Linux", osVersion: "Ubuntu 22.04", minDisk: 40 }),
  image({
    id: "kylin",
    name: "Kylin_V10",
    osType: "Linux",
    architecture: "arm",
    diskFormat: "qcow2",
    minRam: 4096,
  }),
  image({ id: "own", name: "Windows_11_C", imageType: "private", createdAt: "2025-07-01T00:00:00Z" }),
];

const idsOf = (config: DataHuaweicloudWorkspaceImagesConfig, of = images) =>
  new DataHuaweicloudWorkspaceImages(stackWith(of), "all", config).ids;
const one = (config: DataHuaweicloudWorkspaceImageConfig, of = images) =>
  new DataHuaweicloudWorkspaceImage(stackWith(of), "one", config);

describe("filters", () => {
  test.each<[DataHuaweicloudWorkspaceImagesConfig, string[]]>([
    [{ imageType: "private" }, ["own"]],
    [{ osType: "Linux" }, ["kylin", "ubuntu"]],
    [{ architecture: "arm" }, ["kylin"]],
    [{ imageId: "w10" }, ["w10"]],
    [{ name: "Windows_10" }, ["w10"]],
    [{ nameRegex: "^Windows_11" }, ["w11-old", "w11-new", "own"]],
    [{ osVersion: "Ubuntu 22.04" }, ["ubuntu"]],
    [{ osVersionRegex: "10|22" }, ["ubuntu", "w10"]],
    [{ diskFormat: "qcow2" }, ["kylin"]],
    [{ productCode: "workspace.w10" }, ["w10"]],
    [{ minDiskAtMost: 40 }, ["ubuntu"]],
    [{ minRamAtMost: 4095, osType: "Linux" }, ["ubuntu"]],
    [{ createdAfter: "2025-06-01" }, ["own"]],
    [{ createdAfter: "2025-05-31T23:59:59Z" }, ["w11-new", "own"]],
    [{ createdBefore: "2024-01-01T00:00:00.001Z" }, ["w11-old"]],
    [{ imageType: "gold", osType: "Windows", nameRegex: "B$" }, ["w11-new"]],
    [{ platform: "Windows", packageType: "general", imageId: "w10" }, ["w10"]],
    [{ osType: "Solaris" }, []],
  ])("%j selects %j", (filter, expected) => {
    expect(idsOf(filter)).toEqual(expected);
  });

  test("an image that lacks a field does not match a filter on it", () => {
    const bare: WorkspaceImage[] = [{ id: "bare" }];
    for (const filter of [
      { name: "x" },
      { nameRegex: "." },
      { osVersion: "x" },
      { osVersionRegex: "." },
      { diskFormat: "vhd" },
      { productCode: "x" },
      { minDiskAtMost: 9999 },
      { minRamAtMost: 9999 },
      { createdAfter: "2000-01-01" },
      { createdBefore: "2100-01-01" },
    ]) {
      expect(idsOf(filter, bare)).toEqual([]);
    }
    expect(idsOf({}, bare)).toEqual(["bare"]);
  });

  test("an unreadable creation time counts as none", () => {
    expect(idsOf({ createdAfter: "2000-01-01" }, [image({ id: "x", createdAt: "yesterday" })])).toEqual([]);
  });

  test("a creation time without a zone is UTC", () => {
    const local = [image({ id: "x", createdAt: "2025-06-01 00:00:00" })];
    expect(
      idsOf({ createdAfter: "2025-05-31T23:59:59Z", createdBefore: "2025-06-01T00:00:01Z" }, local),
    ).toEqual(["x"]);
  });
});

describe("order", () => {
  const unordered = [
    image({ id: "3", name: "b", createdAt: "2025-01-01T00:00:00Z" }),
    image({ id: "2", name: "b", createdAt: "2025-01-02T00:00:00Z" }),
    image({ id: "1", name: "a", createdAt: "2025-01-02T00:00:00+00:00" }),
    { id: "0" },
  ];

  test.each([
    [{}, ["1", "2", "3", "0"]],
    [{ sortType: "desc" }, ["2", "3", "1", "0"]],
    [{ sortField: "created_at" }, ["3", "1", "2", "0"]],
    [{ sortField: "created_at", sortType: "desc" }, ["1", "2", "3", "0"]],
  ] as const)("%j gives %j", (filter, expected) => {
    expect(idsOf(filter, unordered)).toEqual(expected);
  });

  test("never depends on the order of the listing", async () => {
    await fc.assert(
      fc.property(
        fc.shuffledSubarray(unordered, { minLength: unordered.length }),
        fc.record({
          sortField: fc.constantFrom("name", "created_at"),
          sortType: fc.constantFrom("asc", "desc"),
        }),
        (shuffled, filter) => {
          expect(idsOf(filter as DataHuaweicloudWorkspaceImagesConfig, shuffled)).toEqual(
            idsOf(filter as DataHuaweicloudWorkspaceImagesConfig, unordered),
          );
        },
      ),
    );
  });
});

describe("the lookup of one image", () => {
  test("gives its fields as plain values", () => {
    const windows = one({ imageId: "w11-new" });
    expect({ ...windows.image }).toEqual(images[1]);
    expect([windows.id, windows.name, windows.imageType, windows.osType, windows.architecture]).toEqual([
      "w11-new",
      "Windows_11_B",
      "gold",
      "Windows",
      "x86",
    ]);
    expect(Math.max(80, windows.minDisk)).toBe(100);
    expect([
      windows.osVersion,
      windows.diskFormat,
      windows.minRam,
      windows.productCode,
      windows.createdAt,
    ]).toEqual(["Windows 11 Enterprise 64bit", "zvhd2", 0, "workspace.windows", "2025-06-01T00:00:00Z"]);
    expect(windows.kmsId).toBeUndefined();
    expect(Token.isUnresolved(windows.id)).toBe(false);
  });

  test("reading a documented field that the image lacks is an error that names it", () => {
    const bare = one({}, [{ id: "bare" }]);
    expect(bare.id).toBe("bare");
    expect(bare.architecture).toBeUndefined();
    for (const field of [
      "name",
      "imageType",
      "osType",
      "osVersion",
      "diskFormat",
      "minRam",
      "minDisk",
    ] as const) {
      expect(thrown(() => bare[field])).toMatchObject({ code: "MISSING_FIELD" });
      expect(thrown(() => bare[field]).message).toContain(
        `stack/one: image bare was listed without ${field}`,
      );
    }
  });

  test("mostRecent takes the greatest creation time", () => {
    expect(one({ imageType: "gold", nameRegex: "^Windows_11", mostRecent: true }).id).toBe("w11-new");
    expect(one({ nameRegex: "^Windows_11", mostRecent: true, allowAnyImageType: true }).id).toBe("own");
    expect(one({ osType: "Windows", mostRecent: true, allowAnyImageType: true }).id).toBe("own");
  });

  test("mostRecent is always the newest of all that match", async () => {
    const day = fc.integer({ min: 0, max: 3650 });
    await fc.assert(
      fc.property(fc.uniqueArray(day, { minLength: 1, maxLength: 40 }), (days) => {
        const dated = days.map((day) =>
          image({ id: String(day), createdAt: new Date(Date.UTC(2020, 0, 1 + day)).toISOString() }),
        );
        expect(one({ imageType: "gold", mostRecent: true }, dated).id).toBe(String(Math.max(...days)));
      }),
    );
  });

  test("fails on none: it says which filter emptied the set, and what came nearest", () => {
    const error = thrown(() => one({ imageType: "gold", osType: "Windows", nameRegex: "^Windows_12" }));
    expect(error).toBeInstanceOf(NoMatchError);
    expect(error.message).toContain('stack/one (environment "dev")');
    expect(error.message).toContain(
      'Of 6 listed, imageType "gold" leaves 5, osType "Windows" leaves 3, nameRegex "^Windows_12" leaves none',
    );
    expect(error.message).toContain(
      'Windows_11_A (w11-old, gold, created 2024-01-01T00:00:00Z) fails nameRegex: it has "Windows_11_A"',
    );
    expect(thrown(() => one({ osType: "Linux" }, [])).message).toContain("is empty");
  });

  test("fails on several: it lists up to ten", () => {
    const many = Array.from({ length: 12 }, (_, index) => image({ id: `i${index + 10}` }));
    const error = thrown(() => one({ osType: "Windows" }, many));
    expect(error).toBeInstanceOf(SeveralMatchesError);
    expect(error.message).toContain("12 images match");
    expect(error.message).toContain("image-i19");
    expect(error.message).not.toContain("image-i20");
    expect(error.message).toContain("and 2 more");
    expect(error.message).toContain("mostRecent: true");
  });

  test("mostRecent fails where a candidate has no creation time", () => {
    const { createdAt: _, ...undated } = image({ id: "undated" });
    const error = thrown(() =>
      one({ imageType: "gold", mostRecent: true }, [image({ id: "dated" }), undated]),
    );
    expect(error).toBeInstanceOf(MostRecentError);
    expect(error.message).toContain("image-undated");
    expect(error.message).not.toContain("image-dated");
  });

  test("mostRecent fails where the newest are tied, in whatever way their time is written", () => {
    const tied = [
      image({ id: "a", createdAt: "2025-01-01T00:00:00Z" }),
      image({ id: "b", createdAt: "2025-01-01T08:00:00+08:00" }),
      image({ id: "c", createdAt: "2024-01-01T00:00:00Z" }),
    ];
    const error = thrown(() => one({ imageType: "gold", mostRecent: true }, tied));
    expect(error).toBeInstanceOf(MostRecentError);
    expect(error.message).toContain("between 2 images");
  });
});

describe("a wrong filter", () => {
  test.each([
    {},
    { name: "Windows_10" },
    { nameRegex: "^Windows" },
    { osType: "Windows" },
    { productCode: "workspace.w10", architecture: "x86" },
    { imageId: "w10" },
    { name: "Windows_10", allowAnyImageType: false },
  ])("mostRecent with %j needs an image type: anyone's private image could match", (filter) => {
    const error = thrown(() => one({ ...filter, mostRecent: true }));
    expect(error).toBeInstanceOf(FilterError);
    expect(error.message).toContain("stack/one");
    expect(error.message).toContain("allowAnyImageType: true");
  });

  test.each<[object, RegExp]>([
    [{ nameRegex: "(" }, /nameRegex "\(" is not valid: missing closing \) in "\("/],
    [{ osVersionRegex: "[" }, /osVersionRegex "\[" is not valid/],
    [
      { createdAfter: "last week" },
      /createdAfter "last week" is not valid: expected a UTC time such as 2025-01-31/,
    ],
    [{ createdAfter: "2025-02-30" }, /createdAfter "2025-02-30"/],
    [{ createdBefore: "2025-01-01T00:00:00+08:00" }, /createdBefore .* expected a UTC time/],
    [{ createdBefore: "2025-01-01T00:00:00" }, /createdBefore .* expected a UTC time/],
    [{ name: "" }, /name "" is not valid/],
    [{ minDiskAtMost: "80" }, /minDiskAtMost "80" is not valid/],
    [{ minDiskAtMost: 80.5 }, /minDiskAtMost 80.5 is not valid/],
    [{ osType: 7 }, /osType 7 is not valid/],
    [{ sortField: "size" }, /sortField "size" is not valid/],
    [{ sortType: "up" }, /sortType "up" is not valid/],
    [{ imagetype: "gold" }, /there is no filter "?imagetype"?\. Known: .*imageType/],
  ])("%j is an error that says what is wrong", (filter, message) => {
    const error = thrown(() => one(filter as DataHuaweicloudWorkspaceImageConfig));
    expect(error).toBeInstanceOf(FilterError);
    expect(error.message).toMatch(/^stack\/one \(environment "dev"\): /);
    expect(error.message).toMatch(message);
  });

  test("mostRecent is no filter of the lookup of all images", () => {
    const config = { mostRecent: true } as DataHuaweicloudWorkspaceImagesConfig;
    expect(thrown(() => idsOf(config)).message).toMatch(/there is no filter "?mostRecent/);
  });

  test("a token is refused, in every form", () => {
    const stack = stackWith(images) as TerraformStack;
    const text = new TerraformVariable(stack, "text", { type: "string" }).stringValue;
    const number = new TerraformVariable(stack, "number", { type: "number" }).numberValue;
    const lazy = Lazy.stringValue({ produce: () => "gold" });
    const object = Lazy.anyValue({ produce: () => "gold" });
    for (const [index, filter] of [
      { imageType: text },
      { nameRegex: `^${text}` },
      { minDiskAtMost: number },
      { osType: lazy },
      { osType: object as unknown as string },
    ].entries()) {
      const error = thrown(() => new DataHuaweicloudWorkspaceImage(stack, `t${index}`, filter));
      expect(error).toBeInstanceOf(FilterError);
      expect(error.message).toContain(`stack/t${index}`);
      expect(error.message).toContain("is a token");
    }
  });
});

describe("an image that the service describes wrongly", () => {
  const good = image({ id: "good", name: "Windows_11_A", createdAt: "2025-01-01T00:00:00Z" });
  const info = { id: "odd", name: "Windows_11_B", image_type: "gold", os_type: "Windows" };
  const listing = (odd: object) => [{ query: {}, images: [good, parseImageInfo({ ...info, ...odd })] }];
  const select = (odd: object, filter: object, cardinality: "one" | "all" = "one") =>
    selectImages(listing(odd), filter, cardinality, "here").map(({ id }) => id);
  const leftOut = (odd: object, filter: object) => explainLeftOut(imagesLeftOut(listing(odd), filter));

  test("is left out of every lookup, whose others go on", () => {
    expect(select({ product_code: 7 }, { imageType: "gold" }, "all")).toEqual(["good"]);
    expect(select({ product_code: 7 }, { osType: "Windows" })).toEqual(["good"]);
    expect(select({ min_disk: "80" }, { minDiskAtMost: 80 })).toEqual(["good"]);
  });

  test("is named with its reason where a filter might select it", () => {
    const reason = "min_disk is wrong: it must be a whole number, 0 or more";
    const line = `\nLeft out, because the service describes them wrongly:\n  Windows_11_B (odd, gold): ${reason}`;
    expect(leftOut({ min_disk: "80" }, {})).toBe(line);
    expect(leftOut({ min_disk: "80" }, { nameRegex: "^Windows_11" })).toBe(line);
    expect(leftOut({ min_disk: "80" }, { minDiskAtMost: 40 })).toBe(line);
    expect(leftOut({ min_disk: "80" }, { nameRegex: "^Windows_10" })).toBe("");
    expect(leftOut({ min_disk: "80" }, { diskFormat: "zvhd2" })).toBe("");
    expect(leftOut({}, {})).toBe("");
  });

  test("is named where nothing else matches", () => {
    const error = thrown(() => select({ os_version: 11 }, { name: "Windows_11_B" }));
    expect(error).toBeInstanceOf(NoMatchError);
    expect(error.message).toContain(
      "Left out, because the service describes them wrongly:\n  Windows_11_B (odd, gold): os_version is wrong: it must be a text",
    );
    const alone = [{ query: {}, images: [parseImageInfo({ ...info, name: 1 })] }];
    expect(thrown(() => selectImages(alone, {}, "one", "here")).message).toBe(
      "here: no image matches.\nLeft out, because the service describes them wrongly:\n  unnamed (odd, gold): name is wrong: it must be a text of at most 1024 characters",
    );
  });

  test("makes mostRecent fail where it may be the newest, so that no pin moves backwards", () => {
    const filter = { imageType: "gold", mostRecent: true };
    for (const odd of [
      { product_code: 7, created_at: "2025-06-01T00:00:00Z" },
      { product_code: 7, created_at: "2025-01-01T00:00:00Z" },
      { product_code: 7 },
      { created_at: 1748736000 },
    ]) {
      const error = thrown(() => select(odd, filter));
      expect(error).toBeInstanceOf(MostRecentError);
      expect(error.message).toContain("Windows_11_B (odd, gold");
    }
    expect(select({ product_code: 7, created_at: "2024-12-31 23:59:59" }, filter)).toEqual(["good"]);
    expect(select({ product_code: 7 }, { ...filter, nameRegex: "A$" })).toEqual(["good"]);
  });

  test("fails a lookup of a test's own images in the same way", () => {
    const odd = { ...good, id: "odd", name: "odd", minDisk: "80" as unknown as number };
    expect(idsOf({}, [good, odd])).toEqual(["good"]);
    expect(thrown(() => one({ name: "odd" }, [good, odd])).message).toContain("min_disk is wrong");
  });
});

test("given images with empty fields are as if they lacked them", () => {
  const empty = {
    ...image({ id: "empty" }),
    osType: "",
    architecture: "",
    kmsId: "",
    minDisk: null,
  } as never;
  const found = one({ osType: "Windows", architecture: "x86" }, [empty]);
  expect(found.kmsId).toBeUndefined();
  expect(thrown(() => found.minDisk)).toMatchObject({ code: "MISSING_FIELD" });
  expect(thrown(() => found.osType)).toMatchObject({ code: "MISSING_FIELD" });
});

test("given images that are described by other words than the service's are no match for its words", () => {
  expect(idsOf({ architecture: "x86" }, [image({ id: "a", architecture: "riscv" })])).toEqual([]);
  expect(idsOf({ osType: "Windows" }, [image({ id: "a", osType: "windows" })])).toEqual(["a"]);
});

describe("which listing answers", () => {
  const bare = [image({ id: "a", name: "a" }), { id: "b", name: "b", osType: "Linux" }];
  const select = (queries: object[], filter: object) =>
    selectImages(
      queries.map((query) => ({ query, images: "platform" in query ? bare.slice(0, 1) : bare })),
      filter,
      "all",
      "here",
    ).map(({ id }) => id);

  test("is the narrowest one whose parameters are a subset of the lookup's", () => {
    expect(select([{}, { platform: "Windows" }], { platform: "Windows" })).toEqual(["a"]);
    expect(select([{}, { platform: "Windows" }], { name: "b" })).toEqual(["b"]);
    expect(select([{ platform: "Linux" }, {}], { nameRegex: "." })).toEqual(["a", "b"]);
    const narrow = { query: { osType: "Linux" }, images: [image({ id: "narrow", osType: "Linux" })] };
    const wide = { query: {}, images: [image({ id: "wide", osType: "Linux" })] };
    for (const listings of [
      [wide, narrow],
      [narrow, wide],
    ]) {
      expect(selectImages(listings, { osType: "Linux" }, "all", "here")).toEqual(narrow.images);
    }
  });

  test("what the service decided holds, also for images that do not show it", () => {
    expect(select([{ architecture: "x86" }], { architecture: "x86" })).toEqual(["a", "b"]);
  });

  test("a parameter that no field shows names the entry to add", () => {
    const error = thrown(() => select([{}], { platform: "Windows", name: "a" }));
    expect(error).toBeInstanceOf(ListingRequiredError);
    expect(error.message).toContain('It needs the listing {"platform":"Windows"}.');
    expect(error).toMatchObject({ listing: { platform: "Windows" } });
  });

  test("an image that lacks a field which the service could decide is not guessed", () => {
    const error = thrown(() => select([{}], { architecture: "x86" }));
    expect(error).toBeInstanceOf(ListingRequiredError);
    expect(error.message).toContain("b (b)");
    expect(error.message).toContain('{"architecture":"x86"}');
    expect(select([{}], { architecture: "x86", osType: "Windows" })).toEqual(["a"]);
  });

  test("what the service decided holds for an image that it spells otherwise", () => {
    const odd = image({ id: "odd", osType: "windows", architecture: "x86_64" });
    const queried = { query: { osType: "Windows", architecture: "x86" }, images: [odd] };
    expect(selectImages([queried], queried.query, "one", "here")).toEqual([odd]);
  });

  test("an image that is described as another kind than the listing was asked for is not selected", () => {
    const other = image({ id: "other", osType: "Linux" });
    const queried = { query: { osType: "Windows" }, images: [other] };
    const error = thrown(() => selectImages([queried], { osType: "Windows" }, "one", "here"));
    expect(error).toBeInstanceOf(NoMatchError);
    expect(error.message).toContain('fails osType: it has "Linux"');
  });

  test("an image that is spelled otherwise is the service's to decide, not passed over", () => {
    const odd = image({ id: "odd", osType: "windows", createdAt: "2026-01-01T00:00:00Z" });
    const all = { query: {}, images: [image({ id: "old" }), odd] };
    const error = thrown(() => selectImages([all], { osType: "Windows" }, "all", "here"));
    expect(error).toBeInstanceOf(ListingRequiredError);
    expect(error.message).toContain(
      'only the service can decide osType of image-odd (odd, gold, created 2026-01-01T00:00:00Z), which has osType "windows".',
    );
    expect(error).toMatchObject({ listing: { osType: "Windows" } });
    expect(selectImages([all], { osType: "Windows", name: "image-old" }, "one", "here")).toEqual([
      all.images[0],
    ]);
  });

  test("is an error where none covers the lookup", () => {
    const error = thrown(() => select([{ osType: "Linux" }], { imageType: "gold" }));
    expect(error).toBeInstanceOf(ListingRequiredError);
    expect(error.message).toContain("no listing covers this filter");
    expect(error.message).toContain("It needs the listing {}.");
  });
});
