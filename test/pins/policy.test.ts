import type { Pin } from "../../src/pins/pin";
import {
  type Arrival,
  checkMove,
  objectionsTo,
  type Rule,
  type SourceState,
  type Way,
} from "../../src/pins/policy";
import { Revocations } from "../../src/pins/revoked";
import type { Environment } from "../../src/project/environment";
import { image } from "../support/images";
import { pinOf } from "../support/pins";

const NOW = new Date("2026-11-25T12:00:00Z");
const north = { region: "cn-north-4", projectId: "north" };
const south = { region: "cn-south-1", projectId: "south" };
const old = image({ id: "old", name: "Windows_11_a" });
const next = image({ id: "next", name: "Windows_11_b" });
const hold = { reason: "printer driver, ticket 4711", since: "2026-11-01T00:00:00Z" };

const ripe: Arrival = { time: new Date("2026-11-18T12:00:00Z") };
const unripe: Arrival = { time: new Date("2026-11-18T12:00:01Z") };

const ENVIRONMENTS: Record<string, Environment> = {
  free: { name: "prod" },
  governed: { name: "prod", promotion: { from: "staging" } },
  aged: { name: "prod", promotion: { from: "staging", minAgeDays: 7 } },
};

const WAYS: Record<string, Way> = {
  pin: "pin",
  update: "update",
  rollback: "rollback",
  "promotion of what is ripe": { from: "staging", since: ripe },
  "promotion of what is not ripe": { from: "staging", since: unripe },
  "promotion from elsewhere": { from: "dev", since: ripe },
};

const PINS: Record<string, Pin | undefined> = {
  new: undefined,
  pinned: pinOf(old),
  held: pinOf(old, { hold }),
  unmet: pinOf(old, { unmet: ["nameRegex"] }),
  revoked: pinOf({ ...old, id: "bad" }),
};

const revocations = new Revocations([{ id: "bad", region: north.region, reason: "CVE-2026-1" }]);

/** The rules that forbid a move of every pin that is neither new, held nor revoked. */
const FORBIDDING: Record<string, Record<string, Rule[]>> = {
  free: {},
  governed: {
    pin: ["promotion"],
    update: ["promotion"],
    "promotion from elsewhere": ["promotion"],
  },
  aged: {
    pin: ["promotion"],
    update: ["promotion"],
    "promotion from elsewhere": ["promotion"],
    "promotion of what is not ripe": ["minAgeDays"],
  },
};

describe("a move", () => {
  const cases = Object.keys(ENVIRONMENTS).flatMap((policy) =>
    Object.keys(WAYS).flatMap((way) => Object.keys(PINS).map((pin) => ({ policy, way, pin }))),
  );

  test.each(cases)("of a $pin pin by $way is judged where the policy is $policy", ({ policy, way, pin }) => {
    const expected = new Set<Rule>(FORBIDDING[policy]![way]);
    if (pin === "held" && way !== "rollback") expected.add("hold");
    // A bad image is to be replaced as soon as there is another one.
    if (pin === "revoked") expected.delete("minAgeDays");
    if (pin === "new") expected.clear();
    const objections = objectionsTo(
      {
        environment: ENVIRONMENTS[policy]!,
        region: north.region,
        name: "office",
        before: PINS[pin],
        images: [next],
        way: WAYS[way]!,
      },
      { revocations, now: NOW },
    );
    expect(new Set(objections.map(({ rule }) => rule))).toEqual(expected);
  });

  test.each(Object.keys(WAYS))("to a revoked image is forbidden by %s, also for a new pin", (way) => {
    for (const before of [undefined, pinOf(old)]) {
      const objections = objectionsTo(
        {
          environment: ENVIRONMENTS.free!,
          region: north.region,
          name: "office",
          before,
          images: [image({ id: "bad" })],
          way: WAYS[way]!,
        },
        { revocations, now: NOW },
      );
      expect(objections).toEqual([
        { rule: "revoked", message: expect.stringContaining("is revoked: CVE-2026-1") },
      ]);
    }
  });

  test("says when what is not ripe will be, how that is known, and what moves it then", () => {
    const since = { ...unripe, note: "from pinnedAt: it is not committed" };
    expect(
      objectionsTo(
        {
          environment: ENVIRONMENTS.aged!,
          region: north.region,
          name: "office",
          before: pinOf(old),
          images: [next],
          way: { from: "staging", since },
        },
        { revocations, now: NOW },
      ),
    ).toEqual([
      {
        rule: "minAgeDays",
        message:
          '"staging" has had it since 2026-11-18T12:00:01Z (from pinnedAt: it is not committed), and "prod" takes what it has had for 7 days: from 2026-11-25T12:00:01Z on',
        advice: "workspace-images promote staging prod office",
        ripeAt: "2026-11-25T12:00:01Z",
      },
    ]);
  });

  test("to the same images is none, whatever is forbidden", () => {
    expect(
      objectionsTo(
        {
          environment: ENVIRONMENTS.aged!,
          region: north.region,
          name: "office",
          before: pinOf(old, { hold }),
          images: [{ ...old, minDisk: 100 }],
          way: "update",
        },
        { revocations, now: NOW },
      ),
    ).toEqual([]);
  });
});

describe("a move that was made", () => {
  function rules(after: Pin, fields: { before?: Pin; sources?: SourceState[]; policy?: string } = {}) {
    const { before = pinOf(old), sources = [], policy = "aged" } = fields;
    return checkMove(
      { environment: ENVIRONMENTS[policy]!, place: north, name: "office", before, after, sources },
      { revocations, now: NOW },
    ).map(({ rule }) => rule);
  }

  test("is in order where the environment before had the image for long enough", () => {
    expect(rules(pinOf(next), { sources: [{ place: north, images: [next], since: ripe }] })).toEqual([]);
    expect(rules(pinOf(next), { sources: [{ place: north, images: [next], since: unripe }] })).toEqual([
      "minAgeDays",
    ]);
  });

  test("is in order where the environment before has moved on meanwhile", () => {
    const sources = [
      { place: north, images: [image({ id: "later" })], since: unripe },
      { place: north, images: [next], since: ripe },
    ];
    expect(rules(pinOf(next), { sources })).toEqual([]);
  });

  test("finds the same release in another region, under another ID", () => {
    const there = { ...next, id: "next-in-the-south" };
    expect(rules(pinOf(next), { sources: [{ place: south, images: [there], since: ripe }] })).toEqual([]);
    const other = { ...there, osVersion: "Windows 10" };
    expect(rules(pinOf(next), { sources: [{ place: south, images: [other], since: ripe }] })).toEqual([
      "promotion",
    ]);
  });

  test("is seen where no image of the environment before stands for it", () => {
    expect(rules(pinOf(next), { sources: [{ place: north, images: [old], since: ripe }] })).toEqual([
      "promotion",
    ]);
    expect(rules(pinOf(next))).toEqual(["promotion"]);
    const all = pinOf([next, old]);
    expect(rules(all, { sources: [{ place: north, images: [next], since: ripe }] })).toEqual(["promotion"]);
    const more = { place: north, images: [next, old, image({ id: "third" })], since: ripe };
    expect(rules(all, { sources: [more] })).toEqual(["promotion"]);
  });

  test("back to what the pin had before is in order where it is held there", () => {
    const before = pinOf(next, { previous: [{ ids: ["old"], names: [""], until: "2026-11-20T00:00:00Z" }] });
    expect(rules(pinOf(old, { hold }), { before })).toEqual([]);
    expect(rules(pinOf(old), { before })).toEqual(["promotion"]);
    // What another pin had is no way back.
    expect(rules(pinOf(image({ id: "third" }), { hold }), { before })).toEqual(["promotion"]);
  });

  test("against a policy is in order where it notes a reason, and where that is about this move", () => {
    const override = { reason: "incident 12", since: "2026-11-25T00:00:00Z" };
    const before = pinOf(old, { hold });
    expect(rules(pinOf(next, { override, hold, pinnedAt: override.since }), { before })).toEqual([]);
    expect(rules(pinOf(next, { override, hold }), { before })).toEqual(["hold", "promotion"]);
  });

  test("to a revoked image is seen, whatever reason it notes", () => {
    const override = { reason: "incident 12", since: "2026-11-25T00:00:00Z" };
    const bad = pinOf({ ...next, id: "bad" }, { override, pinnedAt: override.since });
    expect(rules(bad)).toEqual(["revoked"]);
    expect(rules(bad, { policy: "free" })).toEqual(["revoked"]);
  });

  test("of a pin that is held is seen, unless it was released", () => {
    const before = pinOf(old, { hold });
    expect(rules(pinOf(next, { hold }), { before, policy: "free" })).toEqual(["hold"]);
    expect(rules(pinOf(next), { before, policy: "free" })).toEqual([]);
  });

  test("to an image that does not answer the pin's question is seen, unless the question was changed", () => {
    const linux = pinOf({ ...next, imageType: "private" });
    expect(rules(linux, { policy: "free" })).toEqual(["unmet"]);
    expect(rules({ ...linux, adopted: true }, { policy: "free" })).toEqual([]);
    const asked = { ...linux, filter: { osType: "Linux" }, unmet: ["osType"] };
    expect(rules(asked, { policy: "free" })).toEqual([]);
  });

  test("of a pin that is new is in order unless its image is revoked", () => {
    const check = (after: Pin) =>
      checkMove(
        {
          environment: ENVIRONMENTS.aged!,
          place: north,
          name: "office",
          before: undefined,
          after,
          sources: [],
        },
        { revocations, now: NOW },
      );
    expect(check(pinOf(next))).toEqual([]);
    expect(check(pinOf("bad"))).toMatchObject([{ rule: "revoked" }]);
  });
});
