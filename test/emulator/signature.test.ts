import * as fc from "fast-check";
import { Secret } from "../../src/api/secret";
import { sign } from "../../src/api/signer";
import { type ReceivedRequest, refuseSignature } from "../../src/emulator/signature";

const key = { accessKey: "AK", secretKey: new Secret("SK") };
const at = new Date("2026-11-24T10:11:12Z");

/** A signed request as it arrives. */
function received(rest = "v2/p/images?limit=1", body = "", signer = key): ReceivedRequest {
  const url = new URL(`http://127.0.0.1:8080/${rest}`);
  const headers = sign({ method: "GET", url, headers: { "x-project-id": "p" }, body }, signer, at);
  return { method: "GET", target: url.pathname + url.search, headers, body };
}

const refusal = (request: ReceivedRequest, now = at.getTime()) =>
  refuseSignature(request, (name) => (name === "AK" ? { secretKey: "SK" } : undefined), now);

describe("the emulator's check", () => {
  test("accepts what our signer signs, also where the URL is no text", async () => {
    const rest = fc.string({ unit: fc.constantFrom(..."/%zA0?&=é😀 ~!'()*"), maxLength: 24 });
    await fc.assert(
      fc.property(rest, fc.string(), (target, body) => {
        expect(refusal(received(target, body))).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  test.each<[string, (request: ReceivedRequest) => ReceivedRequest, string]>([
    ["another method", (request) => ({ ...request, method: "POST" }), "does not match"],
    ["another path", (request) => ({ ...request, target: "/v2/q/images?limit=1" }), "does not match"],
    ["another query", (request) => ({ ...request, target: "/v2/p/images?limit=2" }), "does not match"],
    ["another body", (request) => ({ ...request, body: "x" }), "does not match"],
    ["another signed header", (request) => withHeader(request, "x-project-id", "q"), "does not match"],
    ["another host", (request) => withHeader(request, "host", "example"), "does not match"],
    ["no signature", (request) => withHeader(request, "authorization", undefined), "missing or malformed"],
    ["half a signature", (request) => changed(request, /.$/, ""), "missing or malformed"],
    [
      "another signature",
      (request) => changed(request, /Signature=.{64}/, `Signature=${"0".repeat(64)}`),
      "does not match",
    ],
    ["an unknown key", (request) => changed(request, "Access=AK", "Access=NO"), "does not exist"],
    ["no host signed", (request) => changed(request, "host;", ""), "must be signed"],
    ["no date", (request) => withHeader(request, "x-sdk-date", undefined), "X-Sdk-Date is missing"],
    ["a date of another form", (request) => withHeader(request, "x-sdk-date", at.toISOString()), "malformed"],
    ["a date that is none", (request) => withHeader(request, "x-sdk-date", "20261399T101112Z"), "malformed"],
    ["a date 15 minutes on", (request) => withHeader(request, "x-sdk-date", "20261124T102613Z"), "expired"],
  ])("refuses %s", (_, change, why) => {
    expect(refusal(change(received()))).toContain(why);
  });

  test("refuses a wrong secret", () => {
    const wrong = { ...key, secretKey: new Secret("WRONG") };
    expect(refusal(received("", "", wrong))).toContain("does not match");
  });

  test("wants a temporary key's token, until its end", () => {
    const temporary = { secretKey: "SK", securityToken: "ST", expiresAt: at.getTime() + 1000 };
    const check = (signer: typeof key & { securityToken?: Secret }, now = at.getTime()) =>
      refuseSignature(received("", "", signer), () => temporary, now);
    const withToken = { ...key, securityToken: new Secret("ST") };
    expect(check(withToken)).toBeUndefined();
    expect(check(key)).toContain("token is missing or wrong");
    expect(check({ ...key, securityToken: new Secret("OTHER") })).toContain("token is missing or wrong");
    expect(check(withToken, at.getTime() + 1000)).toContain("has expired");
  });
});

function withHeader(request: ReceivedRequest, name: string, value: string | undefined): ReceivedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

function changed(request: ReceivedRequest, from: string | RegExp, to: string): ReceivedRequest {
  return withHeader(request, "authorization", request.headers.authorization?.replace(from, to));
}
