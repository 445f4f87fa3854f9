import type { Listing } from "../../src/images/image-selection";
import { isSameRelease } from "../../src/pins/counterpart";
import { outdated, promote, reselect, update, verify } from "../../src/pins/moves";
import type { Pin } from "../../src/pins/pin";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf } from "../support/pins";

const NOW = new Date("2026-11-25T12:00:00.789Z");
const north = { region: "cn-north-4", projectId: "north" };
const south = { region: "cn-south-1", projectId: "south" };

function listing(...images: Listing["images"]): Listing[] {
  return [{ query: {}, images }];
}

const old = image({ id: "old", name: "Windows_11_a", createdAt: "2025-01-01T00:00:00Z" });
const recent = image({ id: "recent", name: "Windows_11_b", createdAt: "2025-06-01T00:00:00Z" });
const newest = pinOf(old, { filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows" } });

describe("outdated", () => {
  function outdatedIn(pin: Pin, ...images: Listing["images"]) {
    const pins = new Map([["office", pin]]);
    return outdated(pins, reselect(pins, listing(...images), "dev")).get("office");
  }

  test("gives the pinned image and the one that the filter selects now", () => {
    expect(outdatedIn(newest, old, recent)).toEqual({ from: [old], to: [recent] });
  });

  test("leaves out a pin that is what its filter selects", () => {
    expect(outdatedIn(newest, old)).toBeUndefined();
  });

  test("counts a pinned image whose description changed", () => {
    const grown = { ...old, minDisk: 100 };
    expect(outdatedIn(newest, grown)).toEqual({ from: [old], to: [grown] });
  });

  test("compares all images of a lookup of all, in their order", () => {
    const all = pinOf([recent, old], { filter: {} });
    expect(outdatedIn(all, old, recent)).toEqual({ from: [recent, old], to: [old, recent] });
    expect(outdatedIn({ ...all, images: [old, recent] }, old, recent)).toBeUndefined();
    expect(outdatedIn({ ...all, images: [] })).toBeUndefined();
  });

  test("gives no image, and why, where nothing matches any more", () => {
    const move = outdatedIn(newest);
    expect(move).toMatchObject({ from: [old], to: [], problem: { code: "NO_MATCH" } });
    expect(move?.problem?.message).toContain('Pin "office" of environment "dev"');
  });

  test("gives every match, and why, where one image is wanted and several match", () => {
    const one = pinOf(old, { filter: { name: "Windows_11_a" } });
    const twin = { ...old, id: "twin", imageType: "private" };
    expect(outdatedIn(one, old, twin)).toMatchObject({
      to: [old, twin],
      problem: { code: "SEVERAL_MATCHES", message: expect.stringContaining('Pin "office"') },
    });
  });

  test("gives every match, and why, where the newest are tied", () => {
    const tied = { ...recent, id: "tied", name: "Windows_11_c" };
    expect(outdatedIn(newest, recent, tied)).toMatchObject({
      to: [recent, tied],
      problem: { code: "MOST_RECENT" },
    });
  });
});

describe("update", () => {
  function updated(pins: Record<string, Pin>, ...images: Listing["images"]) {
    const all = new Map(Object.entries(pins));
    return update(all, reselect(all, listing(...images), "dev"), NOW);
  }

  test("moves a pin to what its filter selects, keeps the filter and notes the time to the second", () => {
    expect(updated({ office: newest }, old, recent)).toEqual(
      new Map([
        [
          "office",
          {
            ...newest,
            images: [recent],
            pinnedAt: "2026-11-25T12:00:00Z",
            previous: [
              { ids: ["old"], names: ["Windows_11_a"], imageType: "gold", until: "2026-11-25T12:00:00Z" },
            ],
          },
        ],
      ]),
    );
  });

  test("leaves out pins that stay, so that their time stays", () => {
    expect(updated({ office: newest }, old).size).toBe(0);
  });

  test("moves a lookup of all to no image, which it may select", () => {
    const all = pinOf([old], { filter: {} });
    expect(updated({ all }).get("all")?.images).toEqual([]);
  });

  test("moves nothing, and names every pin at fault, where filters do not select one image", () => {
    const gone = pinOf(old, { filter: { name: "gone" } });
    const error = thrown(() => updated({ office: newest, gone, lost: gone }, old, recent));
    expect(error.code).toBe("NO_MATCH");
    expect(error.message).toContain('Pin "gone" of environment "dev"');
    expect(error.message).toContain('Pin "lost" of environment "dev"');
    expect(error.message).toContain("No pin was moved");
  });
});

describe("promote", () => {
  const from = {
    environment: "dev",
    place: north,
    pins: new Map([["office", { ...newest, images: [recent] }]]),
  };
  const empty = { environment: "prod", place: south, pins: new Map<string, Pin>() };
  const inSouth = { ...recent, id: "recent-in-south", createdAt: "2025-06-03T00:00:00Z" };

  test("takes the image itself in the same region and project, without a listing", () => {
    const moved = promote(from, { ...empty, place: north }, [], NOW);
    expect(moved.get("office")).toEqual({ ...newest, images: [recent], pinnedAt: "2026-11-25T12:00:00Z" });
  });

  test("finds the same release in another region and takes it as it is there", () => {
    const others = [
      { ...inSouth, id: "1", name: "Windows_11_a" },
      { ...inSouth, id: "2", imageType: "private" },
      { ...inSouth, id: "3", osVersion: "Windows 10" },
      { ...inSouth, id: "4", architecture: "arm" },
    ];
    expect(promote(from, empty, [...others, inSouth], NOW).get("office")?.images).toEqual([inSouth]);
  });

  test("prefers the same ID in another project of the region, where names may be taken", () => {
    const twin = { ...recent, id: "twin" };
    const other = { ...empty, place: { ...north, projectId: "other" } };
    expect(promote(from, other, [twin, recent], NOW).get("office")?.images).toEqual([recent]);
  });

  test("fails where there is no counterpart, naming the pin and what was looked for", () => {
    const error = thrown(() => promote(from, empty, [], NOW));
    expect(error.code).toBe("PROMOTION");
    expect(error.message).toContain('Pin "office": no image has name Windows_11_b, type gold');
    expect(error.message).toContain("cn-south-1");
  });

  test("fails where there are several, naming their IDs", () => {
    const error = thrown(() => promote(from, empty, [inSouth, { ...inSouth, id: "twin" }], NOW));
    expect(error.code).toBe("PROMOTION");
    expect(error.message).toContain("recent-in-south, twin");
  });

  test("says of every pin at fault what is missing", () => {
    const pins = new Map([...from.pins, ["kiosk", pinOf(old, { filter: {} })]]);
    expect(thrown(() => promote({ ...from, pins }, empty, [])).message).toMatch(/"office".*\n.*"kiosk"/);
  });

  test("fails where two images of a pin have one counterpart: a loop over them would make two desktops of it", () => {
    const again = { ...recent, id: "again" };
    const pins = new Map([["all", pinOf([recent, again], { filter: {} })]]);
    const error = thrown(() => promote({ ...from, pins }, empty, [inSouth], NOW));
    expect(error.code).toBe("PROMOTION");
    expect(error.message).toContain("recent-in-south has name Windows_11_b");
    expect(error.message).toContain("It stands for another image of the pin already.");
  });

  test("leaves a pin alone that already has the filter and the images", () => {
    const pins = new Map([["office", { ...newest, images: [inSouth] }]]);
    expect(promote(from, { ...empty, pins }, [inSouth], NOW).size).toBe(0);
  });

  test("keeps the question of the target, and notes what it had", () => {
    const pins = new Map([["office", pinOf(old, { filter: { osType: "Windows" } })]]);
    expect(promote(from, { ...empty, pins }, [inSouth], NOW).get("office")).toEqual({
      filter: { osType: "Windows" },
      cardinality: "one",
      images: [inSouth],
      pinnedAt: "2026-11-25T12:00:00Z",
      previous: [{ ids: ["old"], names: ["Windows_11_a"], imageType: "gold", until: "2026-11-25T12:00:00Z" }],
    });
  });

  test.each([
    [{ imageId: "old" }, 'imageId "old"'],
    [{ osType: "Linux", minDiskAtMost: 60 }, 'minDiskAtMost 60, osType "Linux"'],
  ])("refuses an image that does not answer the question of the target: %j", (filter, criteria) => {
    const pins = new Map([["office", pinOf(old, { filter })]]);
    const error = thrown(() => promote(from, { ...empty, pins }, [inSouth], NOW));
    expect(error).toMatchObject({ code: "PROMOTION" });
    expect(error.message).toContain(`does not answer its question in "prod": ${criteria}.`);
  });

  test("refuses several images for a question of one", () => {
    const many = new Map([["office", pinOf([old, recent])]]);
    const pins = new Map([["office", pinOf(old)]]);
    expect(
      thrown(() => promote({ ...from, pins: many }, { ...empty, place: north, pins }, [], NOW)),
    ).toMatchObject({
      code: "PROMOTION",
      message: expect.stringContaining("2 images are pinned"),
    });
  });

  test("promotes every image of a lookup of all", () => {
    const oldInSouth = { ...old, id: "old-in-south" };
    const pins = new Map([["all", pinOf([old, recent], { filter: {} })]]);
    const moved = promote({ ...from, pins }, empty, [inSouth, oldInSouth], NOW).get("all");
    expect(moved).toMatchObject({ cardinality: "all", images: [oldInSouth, inSouth] });
  });
});

describe("verify", () => {
  const pins = new Map([["office", pinOf([old, recent], { filter: {} })]]);

  test("is content with images that exist unchanged", () => {
    expect(verify(pins, [recent, old]).get("office")).toEqual({ ok: true });
  });

  test("tells deleted and changed images apart, and says what changed", () => {
    const changed = { ...recent, minDisk: 100 };
    const verdict = verify(pins, [changed]).get("office");
    expect(verdict?.ok).toBe(false);
    expect(verdict?.reason).toMatch(
      /^deleted: Windows_11_a \(old.*; changed: Windows_11_b \(recent.*minDisk 80 → 100$/,
    );
  });

  test("notices a field that is gone or new", () => {
    const { productCode: _, ...without } = recent;
    const verdict = verify(pins, [old, { ...without, kmsId: "key" }]).get("office");
    expect(verdict?.reason).toContain("productCode workspace.windows → none, kmsId none → key");
  });
});

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
