import fc from "fast-check";
import { findAllowance, matches } from "../../src/desktops/allowances";

test.each<[string, string, boolean]>([
  ["a.b", "a.b", true],
  ["a.b", "a.bc", false],
  ["a.b", "axb", false],
  ["*", "", true],
  ["a.*", 'a.b["x.y"]', true],
  ["a.*", "a", false],
  ["*.b", "a.b", true],
  ["*.b", "a.b.c", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*c", "abc", true],
  ["a*b*c", "acb", false],
  ["a*bc*c", "abc", false],
  ['module.m["*"].d', 'module.m["x"].d', true],
  ["A.b", "a.b", false],
])("the pattern %s says of %s: %s", (pattern, address, expected) => {
  expect(matches(pattern, address)).toBe(expected);
});

test("a pattern says what the regular expression with .* in place of * says", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".") });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), text, (parts, given) => {
      const expression = new RegExp(`^${parts.map((part) => part.replaceAll(".", "\\.")).join(".*")}$`);
      expect(matches(parts.join("*"), given)).toBe(expression.test(given));
    }),
  );
});

test("an allowance holds to the end of its last day, and one that holds goes before one that is over", () => {
  const over = { address: "*", reason: "over", until: "2026-01-31" };
  const later = { address: "a", reason: "later", until: "2026-02-28" };
  const at = (time: string, ...allowances: (typeof over)[]) => findAllowance(allowances, "a", new Date(time));
  expect(at("2026-01-31T23:59:59Z", over)).toEqual({ allowance: over, isOver: false });
  expect(at("2026-02-01T00:00:00Z", over)).toEqual({ allowance: over, isOver: true });
  expect(at("2026-02-01T00:00:00Z", over, later)).toEqual({ allowance: later, isOver: false });
  expect(findAllowance([later], "b")).toBeUndefined();
});
