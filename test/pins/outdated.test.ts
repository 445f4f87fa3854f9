import type { WorkspaceImage } from "../../src";
import { imageInfo } from "../../src/emulator/image-service";
import { parseImageInfo } from "../../src/images/workspace-image";
import { outdated } from "../../src/pins/outdated";
import type { Pin } from "../../src/pins/pin";
import { Revocations } from "../../src/pins/revoked";
import { updateProspects } from "../../src/pins/update";
import type { Environment } from "../../src/project/environment";
import { image, oldWindows as old, recentWindows as recent } from "../support/images";
import { pinOf } from "../support/pins";

const NOW = new Date("2026-11-25T12:00:00.789Z");
const newest = pinOf(old, { filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows" } });
const hold = { reason: "printer driver", since: "2026-11-01T00:00:00Z" };
const recently = "2026-11-20T00:00:00Z";

function findings(
  pins: Record<string, Pin>,
  listing: readonly WorkspaceImage[],
  environment: Environment = { name: "dev", maxPinAgeDays: 90 },
) {
  const all = new Map(Object.entries(pins));
  const circumstances = {
    revocations: new Revocations([{ id: "bad", region: "cn-north-4", reason: "CVE-2026-1" }]),
    now: NOW,
  };
  const region = "cn-north-4";
  const listings = [{ query: {}, images: listing }];
  const prospects = updateProspects(all, { environment, region, listings, ...circumstances });
  return outdated(all, prospects, environment, region, circumstances);
}

test("outdated names first what is unmet, then what is revoked, undecided, held, stale and newer", () => {
  const fresh = { ...newest, pinnedAt: recently };
  const bad = image({ id: "bad", name: "Windows_11_bad", createdAt: "2024-01-01T00:00:00Z" });
  const found = findings(
    {
      newer: fresh,
      stale: { ...newest, images: [recent] },
      held: { ...fresh, hold },
      undecided: pinOf(old, { filter: { name: "gone" }, pinnedAt: recently }),
      revoked: pinOf(bad, { filter: newest.filter, pinnedAt: recently }),
      unmet: { ...fresh, unmet: ["nameRegex"] },
      "as it should be": { ...fresh, images: [recent] },
    },
    [old, recent, bad],
  );
  expect([...found].map(([name, { needs }]) => [name, needs])).toEqual([
    ["unmet", ["unmet", "newer"]],
    ["revoked", ["revoked", "newer"]],
    ["undecided", ["undecided"]],
    ["held", ["held", "newer"]],
    ["stale", ["stale"]],
    ["newer", ["newer"]],
  ]);
  expect(found.get("newer")).toMatchObject({ from: [old], to: [recent] });
  expect(found.get("undecided")?.problem).toContain("no image matches");
  expect(found.get("revoked")?.revoked).toEqual(["CVE-2026-1"]);
});

test("outdated calls for action, except where a pin is held, unless its image is revoked", () => {
  const bad = image({ id: "bad", name: "Windows_11_bad", createdAt: "2024-01-01T00:00:00Z" });
  const held = { hold, pinnedAt: recently };
  const found = findings(
    {
      newer: { ...newest, pinnedAt: recently },
      "held newer": { ...newest, ...held },
      "held unmet": { ...newest, ...held, unmet: ["nameRegex"] },
      "held revoked": pinOf(bad, { filter: newest.filter, ...held }),
    },
    [old, recent, bad],
  );
  expect([...found].map(([name, { callsForAction }]) => [name, callsForAction])).toEqual([
    ["held unmet", false],
    ["held revoked", true],
    ["held newer", false],
    ["newer", true],
  ]);
});

test("outdated waits for what is not ripe for promotion", () => {
  const pin = pinOf(old, { pinnedAt: recently });
  const ripeAt = "2026-11-27T00:00:00Z";
  const objections = [{ rule: "minAgeDays", message: "", ripeAt } as const];
  const prospect = { name: "office", before: pin, images: [recent], objections, moved: () => pin };
  const found = outdated(new Map([["office", pin]]), [prospect], { name: "prod" }, "cn-north-4", {
    revocations: new Revocations(),
    now: NOW,
  });
  expect(found.get("office")).toMatchObject({ needs: ["newer"], ripeAt, callsForAction: false });
});

test("outdated does not list a pin for being held alone", () => {
  expect(
    findings({ office: { ...newest, images: [recent], hold, pinnedAt: recently } }, [old, recent]).size,
  ).toBe(0);
});

test("outdated leaves out a pin whose image is only spelled otherwise", () => {
  const now = { ...old, createdAt: "2025-01-01 00:00:00" };
  expect(findings({ office: { ...newest, pinnedAt: recently } }, [now]).size).toBe(0);
});

test("outdated does not pass over the newest image for an older one because it is described wrongly", () => {
  const odd = parseImageInfo({ ...imageInfo(recent), product_code: 7 });
  const pin = { ...newest, images: [recent], pinnedAt: recently };
  expect(findings({ office: pin }, [old, odd]).get("office")).toMatchObject({
    problem: expect.stringContaining(
      "mostRecent cannot decide, because what may be the newest is described wrongly",
    ),
  });
});
