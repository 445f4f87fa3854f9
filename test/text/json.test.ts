import fc from "fast-check";
import { jsonInPieces } from "../../src/text/json";

test("JSON in pieces is the same text, whatever is in it", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      expect([...jsonInPieces(value)].join("")).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

test.each([
  { a: undefined },
  { a: undefined, b: [undefined, { c: undefined }] },
  { a: { b: { c: { d: undefined } } } },
])("what is left out of JSON is left out of its pieces: %j", (value) => {
  expect([...jsonInPieces(value)].join("")).toBe(JSON.stringify(value, null, 2));
});

test.each([
  "\u200b",
  "\u202e",
  "\u2066",
  "\u0085",
  "\u2028",
  "\ufeff",
  "\u00ad",
  "\u3164",
  "\u115f",
  "\u034f",
  "\ufe0f",
])("what shows nothing is escaped, also as a key: %j", (invisible) => {
  const value = { [`a${invisible}`]: `b${invisible}c` };
  const json = [...jsonInPieces(value)].join("");
  expect(json).not.toContain(invisible);
  expect(JSON.parse(json)).toEqual(value);
});

test("no piece of a long list is longer than its longest member", () => {
  const changes = Array.from({ length: 1000 }, (_, index) => ({
    address: `desktop[${index}]`,
    reasons: ["x"],
  }));
  const pieces = [...jsonInPieces({ "plan.json": { ok: true, changes } })];
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200);
});
