import { imageInfo } from "../../src/emulator/image-service";
import { parseImageInfo } from "../../src/images/workspace-image";
import { Revocations } from "../../src/pins/revoked";
import { verify } from "../../src/pins/verification";
import { oldWindows as old, recentWindows as recent } from "../support/images";
import { pinOf } from "../support/pins";

const none = new Revocations();
const pins = new Map([["office", pinOf([old, recent], { filter: {} })]]);

test("a verification is content with images that exist unchanged", () => {
  expect(verify(pins, [recent, old], "cn-north-4", none).get("office")).toEqual({ ok: true });
});

test("a verification tells deleted and changed images apart, and says what changed", () => {
  const changed = { ...recent, minDisk: 100 };
  const verification = verify(pins, [changed], "cn-north-4", none).get("office");
  expect(verification?.ok).toBe(false);
  expect(verification?.reason).toMatch(
    /^deleted: Windows_11_a \(old.*; changed: Windows_11_b \(recent.*minDisk 80 → 100$/,
  );
});

test("a verification notices a field that is gone or new", () => {
  const { productCode: _, ...without } = recent;
  const verification = verify(pins, [old, { ...without, kmsId: "key" }], "cn-north-4", none).get("office");
  expect(verification?.reason).toContain("productCode workspace.windows → none, kmsId none → key");
});

test.each([
  { created_at: "2025-06-01 00:00:00" },
  { created_at: "2025-06-01T00:00:00.000Z" },
  { created_at: "2025-06-01T08:00:00+08:00" },
  { kms_id: "" },
  { kms_id: null },
])("a verification is content with an image that is now listed with %j, which says the same", (spelling) => {
  const now = parseImageInfo({ ...imageInfo(recent), ...spelling });
  expect(verify(pins, [old, now], "cn-north-4", none).get("office")).toEqual({ ok: true });
});

test("a verification fails an image that is now described wrongly", () => {
  const now = parseImageInfo({ ...imageInfo(recent), product_code: 7 });
  const verification = verify(pins, [old, now], "cn-north-4", none).get("office");
  expect(verification?.reason).toContain("productCode workspace.windows → unreadable (product_code is wrong");
});

test("a verification fails a revoked image, of the region where it is revoked, although it exists unchanged", () => {
  const revocations = new Revocations([{ id: "old", region: "cn-north-4", reason: "CVE-2026-1" }]);
  expect(verify(pins, [old, recent], "cn-north-4", revocations).get("office")).toEqual({
    ok: false,
    reason: expect.stringMatching(/^revoked: Windows_11_a .*: CVE-2026-1$/),
  });
  expect(verify(pins, [old, recent], "cn-south-1", revocations).get("office")).toEqual({ ok: true });
});

test("a verification reports what is unmet, and what was adopted and is not listed, without failing it", () => {
  const adopted = new Map([["office", pinOf({ id: "gone" }, { adopted: true, unmet: ["nameRegex"] })]]);
  expect(verify(adopted, [], "cn-north-4", none).get("office")).toEqual({
    ok: true,
    unmet: ["nameRegex"],
    unlisted: ["gone"],
  });
});
