import type { Listing } from "../../src/images/listing";
import { decide } from "../../src/pins/moves";
import type { Pin } from "../../src/pins/pin";
import { Revocations } from "../../src/pins/revoked";
import { updateProspects } from "../../src/pins/update";
import type { EnvironmentConfig } from "../../src/project/environment";
import { thrown } from "../support/errors";
import { oldWindows as old, recentWindows as recent } from "../support/images";
import { pinOf } from "../support/pins";

const NOW = new Date("2026-11-25T12:00:00.789Z");
const newest = pinOf(old, { filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows" } });
const hold = { reason: "printer driver", since: "2026-11-01T00:00:00Z" };

interface Circumstances {
  readonly policies?: EnvironmentConfig;
  readonly revocations?: Revocations;
  readonly override?: string;
  readonly isNamed?: boolean;
}

function prospects(
  pins: Record<string, Pin>,
  images: Listing["images"],
  { policies, revocations = new Revocations() }: Circumstances = {},
) {
  return updateProspects(new Map(Object.entries(pins)), {
    environment: { name: "dev", ...policies },
    region: "cn-north-4",
    listings: [{ query: {}, images }],
    revocations,
    now: NOW,
  });
}

function updated(pins: Record<string, Pin>, images: Listing["images"], circumstances: Circumstances = {}) {
  const { override, isNamed = false } = circumstances;
  return decide(prospects(pins, images, circumstances), {
    environment: "dev",
    override,
    leaves: () => !isNamed,
    next: "What to do next.",
  });
}

test("update moves a pin to what its question selects, keeps the question and notes the time to the second", () => {
  const { moved, left } = updated({ office: newest }, [old, recent]);
  expect(moved).toEqual(
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
  expect(left.size).toBe(0);
});

test("update leaves out pins that stay, so that their time stays", () => {
  expect(prospects({ office: newest }, [old])).toEqual([]);
});

test("update takes in a changed description of the same image, without a history of it", () => {
  const grown = { ...old, minDisk: 100 };
  const pin = updated({ office: newest }, [grown]).moved.get("office");
  expect(pin).toEqual({ ...newest, images: [grown], pinnedAt: "2026-11-25T12:00:00Z" });
});

test("update compares all images of a lookup of all, in their order", () => {
  const all = pinOf([recent, old], { filter: {} });
  expect(updated({ all }, [old, recent]).moved.get("all")?.images).toEqual([old, recent]);
  expect(prospects({ all: { ...all, images: [old, recent] } }, [old, recent])).toEqual([]);
  expect(prospects({ all: { ...all, images: [] } }, [])).toEqual([]);
});

test("update moves a lookup of all to no image, which it may select", () => {
  const all = pinOf([old], { filter: {} });
  expect(updated({ all }, []).moved.get("all")?.images).toEqual([]);
});

test("update dates a stale pin anew that is still what its question selects", () => {
  const policies = { maxPinAgeDays: 90 };
  const pin = { ...newest, previous: [{ ids: ["older"], names: [""], until: "2026-01-01T00:00:00Z" }] };
  expect(updated({ office: pin }, [old], { policies }).moved.get("office")).toEqual({
    ...pin,
    pinnedAt: "2026-11-25T12:00:00Z",
  });
  expect(prospects({ office: { ...pin, pinnedAt: "2026-11-24T00:00:00Z" } }, [old], { policies })).toEqual(
    [],
  );
});

test.each([
  ["NO_MATCH", { filter: { name: "gone" } }, []],
  ["SEVERAL_MATCHES", { filter: { name: "Windows_11_a" } }, [old, { ...old, id: "twin" }]],
  ["MOST_RECENT", newest, [old, recent, { ...recent, id: "tied", name: "Windows_11_c" }]],
])(
  "leaves a pin whose question does not select one image, and shows what matches: %s",
  (_, fields, matching) => {
    const images = [old, recent, ...matching.filter(({ id }) => id !== "old" && id !== "recent")];
    const { moved, left } = updated({ lab: newest, office: pinOf(old, fields) }, images);
    if (fields !== newest) expect(moved.get("lab")?.images).toEqual([recent]);
    expect(left.get("office")).toMatchObject({
      images: matching,
      objections: [
        { rule: "undecided", message: expect.stringContaining('Pin "office" of environment "dev"') },
      ],
    });
  },
);

describe("what policies forbid", () => {
  const revocations = new Revocations([{ id: "recent", region: "cn-north-4", reason: "CVE-2026-1" }]);
  const promotion = { from: "staging" };

  test.each([
    ["hold", { office: { ...newest, hold } }, {}, "hold office --env dev --release"],
    ["promotion", { office: newest }, { policies: { promotion } }, "promote staging dev office"],
  ] as const)("leaves a pin where it is, and says why: %s", (rule, pins, circumstances, advice) => {
    const lab = pinOf(old, { filter: newest.filter });
    const { moved, left } = updated({ ...pins, lab }, [old, recent], circumstances);
    expect([...moved.keys()]).toEqual(rule === "hold" ? ["lab"] : []);
    expect(left.get("office")?.objections).toMatchObject([{ rule, advice: `workspace-images ${advice}` }]);
    const error = thrown(() => updated(pins, [old, recent], { ...circumstances, isNamed: true }));
    expect(error).toMatchObject({ code: "MOVE", refusals: [{ pin: "office", rule }] });
    expect(error.message).toContain('--override --reason "…"');
  });

  test("moves with a reason, which is kept in the pin, and only where it was needed", () => {
    const pins = { office: { ...newest, hold }, lab: newest };
    const { moved } = updated(pins, [old, recent], { override: "incident 12", isNamed: true });
    expect(moved.get("office")).toMatchObject({
      images: [recent],
      hold,
      override: { reason: "incident 12", since: "2026-11-25T12:00:00Z" },
    });
    expect(moved.get("lab")).not.toHaveProperty("override");
  });

  test("never chooses a revoked image, whatever the reason", () => {
    expect(prospects({ office: newest }, [old, recent], { revocations })).toEqual([]);
    const { left } = updated({ office: newest }, [recent], { revocations, override: "incident 12" });
    expect(left.get("office")).toMatchObject({ images: [], objections: [{ rule: "undecided" }] });
    expect(left.get("office")?.objections[0]?.message).toContain("CVE-2026-1");
  });

  test("keeps a held pin as it is, even where only the description of its image changed", () => {
    const { moved, left } = updated({ office: { ...newest, hold } }, [{ ...old, minDisk: 100 }]);
    expect(moved.size).toBe(0);
    expect(left.get("office")?.objections).toMatchObject([{ rule: "hold" }]);
  });
});

test("update moves none of the pins that are named where one cannot, and names every one that cannot", () => {
  const gone = pinOf(old, { filter: { name: "gone" } });
  const error = thrown(() =>
    updated({ office: newest, gone, lost: gone, kept: { ...newest, hold } }, [old, recent], {
      isNamed: true,
    }),
  );
  expect(error).toMatchObject({ code: "MOVE" });
  expect(error.message).toMatch(/^No pin of environment "dev" was moved:\n/);
  expect(error.message).toMatch(/\n {2}gone: .*no image matches/);
  expect(error.message).toMatch(/\n {2}lost: /);
  expect(error.message).toMatch(
    /\n {2}kept: it is held since 2026-11-01T00:00:00Z: printer driver\. First run: /,
  );
  expect(error.message).not.toContain("office:");
});
