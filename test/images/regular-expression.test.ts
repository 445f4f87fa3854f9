import * as fc from "fast-check";
import { FilterError } from "../../src";
import { judge } from "../../src/images/judgement";
import { compileRegex } from "../../src/images/regular-expression";
import { thrown } from "../support/errors";

describe("a regular expression", () => {
  test.each<[string, string, boolean]>([
    ["^Windows_1[01]", "Windows_11_Pro", true],
    ["Pro$", "Windows_11_Pro", true],
    ["Pro$", "Windows_11_Pro_2", false],
    ["windows", "Windows_11", false],
    ["(?i)windows", "Windows_11", true],
    ["(?i)^ünïon", "ÜNÏON_20", true],
    ["^\\p{Han}+$", "统信", true],
    ["^\\p{Lu}", "uos", false],
    ["^.$", "😀", true],
    ["\\x{7edf}", "统信", true],
    ["[[:digit:]]{4}", "copy_uos-2025", true],
    ["\\d{8}$", "Workspace_20250909", true],
    ["20", "20", true],
    ["\\bPRO\\b", "UOS_20 PRO 1", true],
    ["(?P<year>\\d{4})|(?<month>x)", "2025", true],
    ["^a.c$", "a\nc", false],
    ["(?s)^a.c$", "a\nc", true],
  ])("%j in %j: %j", (pattern, text, matches) => {
    expect(compileRegex(pattern)(text)).toBe(matches);
  });

  test.each<[string, string | RegExp]>([
    ["^(?=Windows)", "look-ahead"],
    ["^(?!Windows)", "look-ahead"],
    ["(?<=_)11", "look-behind"],
    ["(?<!_)11", "look-behind"],
    ["(a)\\1", "references to a group"],
    ["(?<n>a)\\k<n>", "references to a group"],
    ["(?P<n>a)(?P=n)", "references to a group"],
    ["11\\Z", "the end of the text is $"],
    ["\\u4e2d", "\\x{4e2d}"],
    ["(?>a)", "this kind of group"],
    ["(?#why)a", "this kind of group"],
    ["a++", "possessive"],
    ["a*+", "possessive"],
    ["(", 'missing closing ) in "("'],
    ["[a", 'missing closing ] in "[a"'],
    ["[z-a]", 'invalid character class range in "z-a"'],
    ["\\p{Klingon}", "invalid character class range"],
    ["*", "missing argument to repetition operator"],
    ["a{2,1}", "invalid repeat count"],
    ["a{1001}", "invalid repeat count"],
    ["a\\", /^trailing backslash/],
    ["(?P<release name>a)", /^invalid named capture in "\(\?P<release name>"$/],
    ["(?:.{0,900}\\d)|x", "it is too large"],
  ])("%j is refused with the reason %p", (pattern, reason) => {
    const error = thrown(() => compileRegex(pattern));
    expect(error).toBeInstanceOf(FilterError);
    if (typeof reason === "string") expect(error.message).toContain(reason);
    else expect(error.message).toMatch(reason);
  });

  test.each(["^(([a-z])+.)+[A-Z]([a-z])+$", "(a+)+$!", "(a|aa)*b", "(.*)*(.*)*(.*)*x$", "(a?){60}a{60}b"])(
    "%j, which takes others years, is over at once",
    (pattern) => {
      const started = performance.now();
      expect(judge({ nameRegex: pattern }, { id: "a", name: "a".repeat(70) })[0]?.verdict).toBe("unmet");
      expect(judge({ nameRegex: pattern }, { id: "a", name: "a".repeat(1024) })[0]?.verdict).toBe("unmet");
      expect(performance.now() - started).toBeLessThan(2000);
    },
  );

  test("is compiled, or refused with a typed error, whatever it is", async () => {
    const part = fc.oneof(
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom(
        "(",
        ")",
        "[",
        "]",
        "{1,3}",
        "*",
        "+?",
        "(?i)",
        "(?:",
        "(?=",
        "\\",
        "\\p{L}",
        "|",
        "^",
        "$",
        "[^a]",
      ),
    );
    const pattern = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    const seen = { valid: 0, refused: 0 };
    await fc.assert(
      fc.property(pattern, fc.string(), (source, text) => {
        try {
          expect(typeof compileRegex(source)(text)).toBe("boolean");
          seen.valid++;
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          seen.refused++;
        }
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.valid, seen.refused)).toBeGreaterThan(100);
  });

  test("that is any plain text matches where the text stands", async () => {
    await fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, text, after) => {
        const literal = text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
        expect(compileRegex(literal)(before + text + after)).toBe(true);
        expect(compileRegex(`^${literal}$`)(text)).toBe(true);
      }),
    );
  });
});
