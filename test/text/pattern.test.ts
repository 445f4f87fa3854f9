import fc from "fast-check";
import { choose, matches } from "../../src/text/pattern";

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

describe("names and patterns", () => {
  const known = ["dev", "prod-north", "prod-south", "prod-*"];

  test("choose what they are about, in the known order, each once", () => {
    expect([...choose(known, ["prod-s*", "dev", "prod-south"]).chosen]).toEqual(["dev", "prod-south"]);
    expect([...choose(known, ["*"]).chosen]).toEqual(known);
  });

  test("that are about nothing are told", () => {
    expect(choose(known, ["dev", "prd", "lab-*"]).unknown).toEqual(["prd", "lab-*"]);
    expect(choose([], ["*"]).unknown).toEqual(["*"]);
  });

  test("with an asterisk that are known themselves mean themselves alone", () => {
    expect([...choose(known, ["prod-*"]).chosen]).toEqual(["prod-*"]);
  });
});
