import fc from "fast-check";
import { findJsonError, parseJson } from "../../src/text/json-error";

test.each<[string, number, number, string]>([
  ["", 1, 1, "the file ends too early"],
  ['{\n  "a": 1,\n  "b": [1, 2', 3, 13, "the file ends too early"],
  ['{\n  "a": 1,\n}', 3, 1, "there is a comma too many before }"],
  ["[1,\n]", 2, 1, "there is a comma too many before ]"],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, "expected a comma or }"],
  ['["a" "b"]', 1, 6, "expected a comma or ]"],
  ["[1}", 1, 3, "expected a comma or ]"],
  ['{"a" 1}', 1, 6, "expected a colon"],
  ['{"a":}', 1, 6, "a value is missing"],
  ["{a: 1}", 1, 2, "expected a key in double quotes"],
  ["{'a': 1}", 1, 2, "texts stand in double quotes"],
  ['{\n  // why\n  "a": 1\n}', 2, 3, "JSON has no comments"],
  ['{"a": 1} # why', 1, 10, "JSON has no comments"],
  ['{"a": "\n"}', 1, 7, "a text that does not end in its line, or has a bad escape"],
  ['{"a": "\\d+"}', 1, 7, "a text that does not end in its line, or has a bad escape"],
  ['{"a": True}', 1, 7, "expected a value"],
  ['{"a": 01}', 1, 7, "expected a value"],
  ['{"a": 1}}', 1, 9, "something follows after the end"],
])("of %j, line %d, column %d is named: %s", (text, line, column, what) => {
  const error = findJsonError(text);
  expect(error).toMatchObject({ line, column, what });
  const before = text.slice(0, error?.offset).split("\n");
  expect([before.length, before.at(-1)!.length + 1]).toEqual([line, column]);
});

test("a error is found where JSON.parse finds one, and nowhere else", () => {
  const characters = fc.constantFrom(
    ..."{}[],:\"\\'/.-+eEu0123a \t\n\r\u0080\u007f\u2028\u{1F600}",
    "true",
    "null",
  );
  const edit = fc.record({
    at: fc.nat(200),
    remove: fc.nat(2),
    insert: fc.string({ unit: characters, maxLength: 2 }),
  });
  let errors = 0;
  fc.assert(
    fc.property(fc.json(), fc.nat(2), fc.array(edit, { maxLength: 2 }), (json, indent, edits) => {
      let text = JSON.stringify(JSON.parse(json), null, indent);
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
        errors++;
      }
      expect(findJsonError(text) === undefined).toBe(isJson);
    }),
    { numRuns: 2000 },
  );
  expect(errors).toBeGreaterThan(200);
});

test("a text of 16 MB in which a error is sought fills no stack", () => {
  const text = `{"pins": "${"x".repeat(16 * 1024 * 1024)}`;
  expect(findJsonError(text)).toMatchObject({ line: 1, column: 10 });
  expect(findJsonError(`${text}"`)).toMatchObject({ what: "the file ends too early" });
});

test("a text is parsed with or without a byte order mark, and a error is named", () => {
  expect(parseJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
  expect(() => parseJson('\uFEFF{"a":}')).toThrow("line 1, column 6: a value is missing");
});
