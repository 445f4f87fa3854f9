import { AKSKSigner } from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner";
import * as fc from "fast-check";
import { Secret } from "../../src/api/secret";
import { encode, sign } from "../../src/api/signer";

const at = new Date("2026-11-24T10:11:12Z");

/** The vendor's signature of the same request; `headers` are what is sent besides `Host`. */
function vendorSign(
  request: { method: string; origin: string; path: string; query: Record<string, string[]>; body?: string },
  headers: Record<string, string>,
  key: { ak: string; sk: string },
): Record<string, string> {
  const credential = { getAk: () => key.ak, getSk: () => key.sk };
  return AKSKSigner.sign(
    {
      method: request.method,
      endpoint: `${request.origin}${request.path}`,
      queryParams: Object.fromEntries(
        Object.entries(request.query).map(([name, values]) => [name, [...values]]),
      ),
      // The vendor's signer looks for a content type without checking that there is one.
      headers: { "content-type": "application/json", ...headers },
      data: request.body === undefined ? undefined : JSON.parse(request.body),
    } as never,
    credential as never,
  ) as Record<string, string>;
}

/** Any text of whole characters: a lone surrogate cannot stand in a URL. */
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const awkward = fc.constantFrom(
  "",
  " ",
  "a b",
  "+",
  "%",
  "%20",
  "&=?#",
  "/",
  "~-_.",
  "!'()*",
  "é",
  "密码",
  "😀",
  "A",
  "a",
);
const value = fc.oneof(text, awkward);
const name = fc.oneof(
  fc.constantFrom("os_type", "limit", "b", "B", "a-b", "名"),
  text.filter((key) => key !== "" && key !== "__proto__"),
  awkward.filter(Boolean),
);
const query = fc
  .uniqueArray(name, { maxLength: 5 })
  .chain((names) =>
    fc.tuple(
      ...names.map((key) => fc.tuple(fc.constant(key), fc.array(value, { minLength: 1, maxLength: 3 }))),
    ),
  )
  .map((entries) => Object.fromEntries(entries));
// The vendor's signer runs a path through url.parse, which escapes some characters of its own accord.
const path = fc
  .array(fc.string({ unit: fc.constantFrom(..."abcXYZ019-_.~é密"), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  })
  .filter((segments) => !segments.some((segment) => /^\.+$/.test(segment)))
  .map((segments) => `/${segments.join("/")}`);
const printable = fc.string({
  unit: fc.constantFrom(..."abcdefXYZ0123456789+/="),
  minLength: 1,
  maxLength: 40,
});

function queryString(parameters: Record<string, string[]>): string {
  return Object.entries(parameters)
    .flatMap(([key, values]) => values.map((item) => `${encode(key)}=${encode(item)}`))
    .join("&");
}

describe("the signature", () => {
  test("equals the vendor's on generated requests", async () => {
    await fc.assert(
      fc.property(
        fc.record({
          method: fc.constantFrom("GET", "POST"),
          path,
          query,
          body: fc.option(
            fc.dictionary(text, text, { maxKeys: 3 }).map((object) => JSON.stringify(object)),
            { nil: undefined },
          ),
          ak: printable,
          sk: printable,
          securityToken: fc.option(printable, { nil: undefined }),
          projectId: fc.option(printable, { nil: undefined }),
        }),
        ({ ak, sk, securityToken, projectId, ...request }) => {
          const origin = "https://workspace.cn-north-4.myhuaweicloud.com";
          const headers = {
            "content-type": "application/json",
            ...(projectId !== undefined && { "x-project-id": projectId }),
          };
          const ours = sign(
            {
              method: request.method,
              url: new URL(`${origin}${request.path}?${queryString(request.query)}`),
              headers,
              body: request.body,
            },
            {
              accessKey: ak,
              secretKey: new Secret(sk),
              ...(securityToken !== undefined && { securityToken: new Secret(securityToken) }),
            },
            at,
          );
          const theirs = vendorSign(
            { ...request, origin, ...(request.body === undefined ? {} : { body: request.body }) } as never,
            {
              "X-Sdk-Date": "20261124T101112Z",
              ...(projectId !== undefined && { "X-Project-Id": projectId }),
              ...(securityToken !== undefined && { "X-Security-Token": securityToken }),
            },
            { ak, sk },
          );
          expect(ours.authorization).toBe(theirs.Authorization);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("covers text that is no text: lone surrogates, and percent signs that begin no character", async () => {
    expect(encode("\ud83d")).toBe("%EF%BF%BD");
    const awkwardUrl = fc.string({ unit: fc.constantFrom(..."/%zA0?&=+é\ud83d"), maxLength: 20 });
    await fc.assert(
      fc.property(awkwardUrl, (rest) => {
        const url = new URL(`https://workspace.cn-north-4.myhuaweicloud.com/${rest}`);
        const key = { accessKey: "AK", secretKey: new Secret("SK") };
        expect(sign({ method: "GET", url, headers: {} }, key, at).authorization).toMatch(/=[0-9a-f]{64}$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("sends what it signed: date, host and security token", () => {
    const headers = sign(
      { method: "GET", url: new URL("http://127.0.0.1:8080/v3/projects?name=x"), headers: {} },
      { accessKey: "AK", secretKey: new Secret("SK"), securityToken: new Secret("ST") },
      at,
    );
    expect(headers).toMatchObject({
      host: "127.0.0.1:8080",
      "x-sdk-date": "20261124T101112Z",
      "x-security-token": "ST",
    });
    expect(headers.authorization).toMatch(
      /^SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date;x-security-token, Signature=[0-9a-f]{64}$/,
    );
  });
});
