import { redact, remember, Secret } from "../../src/api/secret";

const SECRET = `it's <"a secret"> & more`;

describe("a secret that a server repeats is redacted", () => {
  beforeAll(() => remember(SECRET));

  test.each([
    ["as it is", SECRET],
    ["in JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["in a URL", encodeURIComponent(SECRET)],
    ["in HTML without quotes", `it's &lt;"a secret"&gt; &amp; more`],
    ["in HTML with quotes", "it&#39;s &lt;&quot;a secret&quot;&gt; &amp; more"],
    ["in HTML with a hexadecimal apostrophe", "it&#x27;s &lt;&quot;a secret&quot;&gt; &amp; more"],
    ["in HTML with decimal quotes", "it&#39;s &lt;&#34;a secret&#34;&gt; &amp; more"],
  ])("%s", (_, text) => {
    expect(redact(`before ${text} after`)).toBe("before [redacted] after");
  });

  test("in base64, whatever stands before and after it", () => {
    for (const before of ["", "a", "ab", "abc", "user:"]) {
      for (const after of ["", "x", "xy", "xyz"]) {
        for (const form of ["base64", "base64url"] as const) {
          const redacted = redact(Buffer.from(`${before}${SECRET}${after}`).toString(form));
          expect(redacted).toContain("[redacted]");
          // At either end there is a character that holds bits of the neighbour too.
          const rest = redacted.replace("[redacted]", "").replace(/=+$/, "");
          expect(rest.length).toBeLessThanOrEqual(Math.ceil(((before.length + after.length) * 8) / 6) + 2);
        }
      }
    }
  });
});

test("of two secrets of which one begins with the other, no rest is left", () => {
  for (const secret of ["prefix-of-a", "prefix-of-a-secret", "prefix"]) new Secret(secret);
  expect(redact("x prefix-of-a-secret prefix-of-a prefix y")).toBe("x [redacted] [redacted] [redacted] y");
});

test("a text that is too short for a secret is left in other words", () => {
  remember("the");
  expect(redact("there is the other")).toBe("there is the other");
});
