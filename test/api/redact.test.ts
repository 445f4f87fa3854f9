import { createHash } from "node:crypto";
import { redact, remember } from "../../src/api/redact";
import { Secret } from "../../src/api/secret";

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

describe("a token that a server repeats is redacted in any escaping", () => {
  const TOKEN = "MIIFzAYJ+KoZIhvc/NAQcCoII==FvTCC&Bbk_CAQExDTALBg-lgh";
  beforeAll(() => remember(TOKEN));
  const each = (change: (character: string) => string) => [...TOKEN].map(change).join("");
  const signs = (change: (character: string) => string) => TOKEN.replace(/[^A-Za-z0-9]/g, change);
  const hex = (character: string) => character.charCodeAt(0).toString(16);
  const JSON_ESCAPE = (character: string) => `\\u${hex(character).padStart(4, "0")}`;

  test.each([
    ["percent signs in lower case", signs((c) => `%${hex(c)}`)],
    ["percent signs, every character", each((c) => `%${hex(c).toUpperCase()}`)],
    ["percent signs twice", signs((c) => `%25${hex(c)}`)],
    ["percent signs three times", signs((c) => `%2525${hex(c).toUpperCase()}`)],
    ["JSON's \\u", signs(JSON_ESCAPE)],
    ["JSON's \\u, every character", each(JSON_ESCAPE)],
    ["JSON in JSON", signs((c) => JSON_ESCAPE(c).replace("\\", "\\\\"))],
    ["JSON with \\/", TOKEN.replaceAll("/", "\\/")],
    ["JavaScript's \\x", each((c) => `\\x${hex(c)}`)],
    ["JavaScript's \\u{}", signs((c) => `\\u{${hex(c)}}`)],
    ["HTML's hexadecimal references", signs((c) => `&#x${hex(c).toUpperCase()};`)],
    ["HTML's decimal references", each((c) => `&#${c.charCodeAt(0)};`)],
    ["HTML's names", TOKEN.replaceAll("/", "&sol;").replaceAll("=", "&equals;").replaceAll("&B", "&amp;B")],
    ["octal numbers", each((c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`)],
    ["mail's quoting", each((c) => `=${hex(c).toUpperCase()}`)],
    ["HTML twice", signs((c) => `&amp;#x${hex(c)};`)],
    ["lines of 20 characters", TOKEN.replace(/.{20}/g, "$&\n  ")],
    ["lines of 7 characters in JSON", TOKEN.replace(/.{7}/g, "$&\\r\\n")],
    ["quotes around its pieces", TOKEN.replace(/.{9}/g, '$&" + "')],
    ["upper case", TOKEN.toUpperCase()],
    ["hexadecimal digits", Buffer.from(TOKEN).toString("hex").toUpperCase()],
    [
      "hexadecimal digits and colons",
      Buffer.from(TOKEN)
        .toString("hex")
        .replace(/..(?=.)/g, "$&:"),
    ],
    ["decimal numbers", JSON.stringify([...Buffer.from(TOKEN)])],
    ["decimal numbers, one a line", JSON.stringify([...Buffer.from(TOKEN)], null, 2)],
    ["hexadecimal numbers", each((c) => `0x${hex(c)}, `)],
    ["code points", each((c) => `U+${hex(c).padStart(4, "0")} `)],
    ["octal numbers in a list", each((c) => `${c.charCodeAt(0).toString(8)} `)],
    ["binary numbers", each((c) => `${c.charCodeAt(0).toString(2).padStart(8, "0")} `)],
    ["HTML's decimal references without semicolons", each((c) => `&#${c.charCodeAt(0)}`)],
    ["JavaScript's old %u", each((c) => `%u${hex(c).padStart(4, "0")}`)],
    ["its characters backwards", [...TOKEN].reverse().join("")],
    ["invisible characters", each((c) => `${c}\u200b`)],
    ["spaces", each((c) => `${c} `)],
    ["without its signs", TOKEN.replace(/\W/g, "")],
  ])("with %s", (_, text) => {
    const redacted = redact(`before ${text} after`);
    expect(redacted).toMatch(/^before \W{0,5}\[redacted\]/);
    expect(redacted.replace("[redacted]", "").length).toBeLessThanOrEqual("before  after".length + 12);
    expect(redacted).toMatch(/after$/);
  });

  test.each([16, 20, 33])("cut off after %i characters, at either end", (length) => {
    expect(redact(`x ${TOKEN.slice(0, length)}…`)).toMatch(/^x \[redacted\]\W*$/);
    expect(redact(`… ${TOKEN.slice(-length)} y`)).toMatch(/^… [_\W]*\[redacted\] y$/);
    expect(redact(encodeURIComponent(TOKEN).slice(0, length))).toMatch(
      /^\[redacted\](%[0-9A-F]{2})*%?[0-9A-F]?$/,
    );
  });

  test("in base64 that is wrapped and cut off", () => {
    const encoded = Buffer.from(`user:${TOKEN}`).toString("base64").slice(0, 60).replace(/.{11}/g, "$&\n");
    expect(redact(encoded).replace("[redacted]", "").replace(/\s/g, "").length).toBeLessThanOrEqual(9);
  });

  test("and nothing else is", () => {
    const text =
      "The username or password is wrong: MIIFz %41 &amp; \\u0041 AYJKoZ (request 0123456789abcdef)";
    remember("emulator-password");
    expect(redact(text)).toBe(text);
  });
});

test("a short password that is cut off is redacted, and a word of it is not", () => {
  remember("Office#Desk7!");
  expect(redact("got Office#Desk… of the office")).toBe("got [redacted]… of the office");
});

test("a password of signs alone is redacted, as it is and escaped", () => {
  remember('§$%&/()="!');
  expect(redact('x §$%&/()="! y')).toBe("x [redacted] y");
  expect(redact(`x ${encodeURIComponent('§$%&/()="!')} y`)).toMatch(/^x (%C2)?\[redacted\] y$/);
  expect(redact("x §$%&amp;/()=&quot;! y")).toBe("x [redacted] y");
  expect(redact(`x ${[...Buffer.from('§$%&/()="!')]} y`)).toBe("x [redacted] y");
});

test("a password in another script is redacted, as it is and escaped", () => {
  const password = "密码是很长的一句话";
  remember(password);
  const json = [...password].map((c) => `\\u${c.charCodeAt(0).toString(16)}`).join("");
  for (const text of [
    password,
    encodeURIComponent(password),
    json,
    Buffer.from(password).toString("latin1"),
    [...Buffer.from(password)].join(", "),
    [...password].map((c) => c.codePointAt(0)).join(", "),
  ]) {
    expect(redact(`<${text}>`)).toMatch(/^<.{0,3}\[redacted\].{0,12}>$/s);
  }
});

test("a list of other numbers is left as it is", () => {
  remember("emulator-password");
  const text = "Quotas of the project: 40, 80, 100, 120, 97, 98, 99, 0x61 0x62 0x63 0x64 0x65 0x66 0x67";
  expect(redact(text)).toBe(text);
});

test("a long answer is searched in no time", () => {
  remember("x".repeat(50_000));
  const text = "yx".repeat(200_000);
  const started = performance.now();
  expect(redact(text)).toBe(text);
  expect(performance.now() - started).toBeLessThan(30_000);
});

test("a new secret costs no more where many are known", () => {
  const secretOf = (number: number) => `renewed-${createHash("sha256").update(String(number)).digest("hex")}`;
  const started = process.cpuUsage();
  for (let number = 0; number < 2000; number++) {
    remember(secretOf(number));
    expect(redact(`It said ${secretOf(number)}.`)).toBe("It said [redacted].");
  }
  const { user } = process.cpuUsage(started);
  expect(user / 1e6).toBeLessThan(20);
});
