import type { WorkspaceImage } from "../../src";
import { decide } from "../../src/pins/moves";
import type { Pin, Pins } from "../../src/pins/pin";
import type { Arrival, Objection } from "../../src/pins/policy";
import { type PromotionTarget, promotionProspects } from "../../src/pins/promotion";
import { Revocations } from "../../src/pins/revoked";
import { thrown } from "../support/errors";
import { oldWindows as old, recentWindows as recent } from "../support/images";
import { pinOf } from "../support/pins";

const NOW = new Date("2026-11-25T12:00:00.789Z");
const north = { region: "cn-north-4", projectId: "north" };
const south = { region: "cn-south-1", projectId: "south" };
const newest = pinOf(old, { filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows" } });

const from = {
  environment: "dev",
  place: north,
  pins: new Map([["office", { ...newest, images: [recent] }]]),
};
const empty = {
  environment: { name: "prod" },
  place: south,
  pins: new Map<string, Pin>(),
  listing: [] as WorkspaceImage[],
};
const inSouth = { ...recent, id: "recent-in-south", createdAt: "2025-06-03T00:00:00Z" };

interface How {
  readonly arrivals?: Record<string, Arrival>;
  readonly revocations?: Revocations;
  readonly leaves?: (objection: Objection) => boolean;
  readonly override?: string;
}

function planned(
  source: { environment: string; place: typeof north; pins: Pins },
  target: PromotionTarget,
  how: How = {},
) {
  const { arrivals = {}, revocations = new Revocations(), leaves = () => false, override } = how;
  const arrival = (name: string) => arrivals[name] ?? { time: new Date("2026-01-01T00:00:00Z") };
  const prospects = promotionProspects({ ...source, arrival }, target, { revocations, now: NOW });
  return decide(prospects, {
    environment: target.environment.name,
    leaves,
    override,
    next: "What to do next.",
  });
}

function promoted(...args: Parameters<typeof planned>) {
  return planned(...args).moved;
}

test("a promotion takes the image itself in the same region and project, without a listing", () => {
  const moved = promoted(from, { ...empty, place: north });
  expect(moved.get("office")).toEqual({ ...newest, images: [recent], pinnedAt: "2026-11-25T12:00:00Z" });
});

test("a promotion finds the same release in another region and takes it as it is there", () => {
  const others = [
    { ...inSouth, id: "1", name: "Windows_11_a" },
    { ...inSouth, id: "2", imageType: "private" },
    { ...inSouth, id: "3", osVersion: "Windows 10" },
    { ...inSouth, id: "4", architecture: "arm" },
  ];
  expect(promoted(from, { ...empty, listing: [...others, inSouth] }).get("office")?.images).toEqual([
    inSouth,
  ]);
});

test("a promotion prefers the same ID in another project of the region, where names may be taken", () => {
  const twin = { ...recent, id: "twin" };
  const other = { ...empty, place: { ...north, projectId: "other" } };
  expect(promoted(from, { ...other, listing: [twin, recent] }).get("office")?.images).toEqual([recent]);
});

test("a promotion fails where there is no counterpart, naming the pin and what was looked for", () => {
  const error = thrown(() => promoted(from, empty));
  expect(error.code).toBe("MOVE");
  expect(error.message).toContain(
    'office: in "prod" (cn-south-1), no image has name Windows_11_b, type gold',
  );
  expect(error.message).toContain("cn-south-1");
});

test("a promotion fails where there are several, naming their IDs", () => {
  const error = thrown(() => promoted(from, { ...empty, listing: [inSouth, { ...inSouth, id: "twin" }] }));
  expect(error.code).toBe("MOVE");
  expect(error.message).toContain("recent-in-south, twin");
});

test("a promotion says of every pin at fault what is missing", () => {
  const pins = new Map([...from.pins, ["kiosk", pinOf(old, { filter: {} })]]);
  expect(thrown(() => promoted({ ...from, pins }, empty)).message).toMatch(/ {2}office: .*\n {2}kiosk: /);
});

test("a promotion fails where two images of a pin have one counterpart: a loop over them would make two desktops of it", () => {
  const again = { ...recent, id: "again" };
  const pins = new Map([["all", pinOf([recent, again], { filter: {} })]]);
  const error = thrown(() => promoted({ ...from, pins }, { ...empty, listing: [inSouth] }));
  expect(error.code).toBe("MOVE");
  expect(error.message).toContain("recent-in-south has name Windows_11_b");
  expect(error.message).toContain("It stands for another image of the pin already.");
});

test("a promotion leaves a pin alone that already has the filter and the images", () => {
  const pins = new Map([["office", { ...newest, images: [inSouth] }]]);
  expect(promoted(from, { ...empty, pins, listing: [inSouth] }).size).toBe(0);
});

test("a promotion keeps the question of the target, and notes what it had", () => {
  const pins = new Map([["office", pinOf(old, { filter: { osType: "Windows" } })]]);
  expect(promoted(from, { ...empty, pins, listing: [inSouth] }).get("office")).toEqual({
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
])("a promotion refuses an image that does not answer the question of the target: %j", (filter, criteria) => {
  const pins = new Map([["office", pinOf(old, { filter })]]);
  const error = thrown(() => promoted(from, { ...empty, pins, listing: [inSouth] }));
  expect(error).toMatchObject({ code: "MOVE" });
  expect(error.message).toContain(
    `does not answer its question: ${criteria}. What answers it: workspace-images list --env prod`,
  );
});

test("a promotion refuses several images for a question of one", () => {
  const many = new Map([["office", pinOf([old, recent])]]);
  const pins = new Map([["office", pinOf(old)]]);
  expect(thrown(() => promoted({ ...from, pins: many }, { ...empty, place: north, pins }))).toMatchObject({
    code: "MOVE",
    message: expect.stringContaining("2 images cannot answer its question, which is for one"),
  });
});

test("a promotion promotes every image of a lookup of all", () => {
  const oldInSouth = { ...old, id: "old-in-south" };
  const pins = new Map([["all", pinOf([old, recent], { filter: {} })]]);
  const moved = promoted({ ...from, pins }, { ...empty, listing: [inSouth, oldInSouth] }).get("all");
  expect(moved).toMatchObject({ cardinality: "all", images: [oldInSouth, inSouth] });
});

describe("under a policy", () => {
  const promotion = { from: "dev", minAgeDays: 7 };
  const prod = { name: "prod", promotion };
  const ripe = { time: new Date("2026-11-18T12:00:00.789Z") };
  const unripe = { time: new Date("2026-11-20T00:00:00Z") };
  const pins = (fields: Partial<Pin> = {}) =>
    new Map([
      ["lab", pinOf(old, fields)],
      ["office", pinOf(old, fields)],
    ]);
  const source = { ...from, pins: new Map([...from.pins, ["lab", pinOf(recent)]]) };
  const target = { ...empty, environment: prod, place: north };

  test("takes what the source has had for long enough", () => {
    const moved = promoted(source, { ...target, pins: pins() }, { arrivals: { office: ripe, lab: ripe } });
    expect([...moved.keys()].sort()).toEqual(["lab", "office"]);
  });

  test("refuses all where one is not ripe, and says when it will be", () => {
    const error = thrown(() =>
      planned(source, { ...target, pins: pins() }, { arrivals: { office: unripe, lab: ripe } }),
    );
    expect(error).toMatchObject({
      code: "MOVE",
      refusals: [{ pin: "office", rule: "minAgeDays", ripeAt: "2026-11-27T00:00:00Z" }],
    });
    expect(error.message).toContain("from 2026-11-27T00:00:00Z on");
  });

  test("moves what is ripe, and lists the rest, where that is enough", () => {
    const plan = planned(
      source,
      { ...target, pins: pins() },
      { arrivals: { office: unripe, lab: ripe }, leaves: () => true },
    );
    expect([...plan.moved.keys()]).toEqual(["lab"]);
    expect(plan.left.get("office")?.objections).toMatchObject([{ rule: "minAgeDays" }]);
  });

  test("replaces a revoked image at once, and takes a new pin whatever its age", () => {
    const revocations = new Revocations([{ id: "old", region: "cn-north-4", reason: "CVE-2026-1" }]);
    const how = { arrivals: { office: unripe, lab: unripe } };
    expect(promoted(source, { ...target, pins: pins() }, { ...how, revocations }).size).toBe(2);
    expect(promoted(source, target, how).size).toBe(2);
  });

  test("never takes over a revoked image, whatever the reason", () => {
    const revocations = new Revocations([{ name: "Windows_11_b", reason: "CVE-2026-1" }]);
    const how = { revocations, override: "incident 12" };
    const error = thrown(() => planned(source, { ...target, pins: pins() }, how));
    expect(error).toMatchObject({ refusals: [{ rule: "revoked" }, { rule: "revoked" }] });
    expect(thrown(() => planned(source, target, how))).toMatchObject({ code: "MOVE" });
  });

  test("comes from the environment that the policy names alone", () => {
    const elsewhere = { ...target, environment: { ...prod, promotion: { from: "staging" } }, pins: pins() };
    const error = thrown(() => planned(source, elsewhere));
    expect(error.message).toContain("workspace-images promote staging prod office");
    expect(promoted(source, elsewhere, { override: "incident 12" }).get("office")).toMatchObject({
      images: [recent],
      override: { reason: "incident 12", since: "2026-11-25T12:00:00Z" },
    });
  });

  test("leaves a held pin", () => {
    const hold = { reason: "printer driver", since: "2026-11-01T00:00:00Z" };
    const held = { ...target, environment: { name: "prod" }, pins: pins({ hold }) };
    expect(thrown(() => planned(source, held))).toMatchObject({
      refusals: [{ rule: "hold" }, { rule: "hold" }],
    });
    const moved = promoted(source, held, { override: "incident 12" }).get("office");
    expect(moved).toMatchObject({ images: [recent], hold });
  });
});

test("a promotion refuses a new pin whose image does not answer the question that comes along", () => {
  const unmet = pinOf(recent, { filter: { osType: "Linux" }, unmet: ["osType"] });
  const error = thrown(() =>
    planned({ ...from, pins: new Map([["office", unmet]]) }, { ...empty, place: north }),
  );
  expect(error.message).toContain('does not answer its question: osType "Linux"');
});
