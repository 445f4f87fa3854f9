import { ConfigurationError, FilterError } from "../../src";
import { readFileLookups } from "../../src/pins/file-lookups";
import type { Project } from "../../src/project/project";
import { thrown } from "../support/errors";

const project = (lookups?: unknown): Project => ({
  directory: "/project",
  kind: "file",
  configuration: { environments: {}, ...(lookups !== undefined && { lookups }) },
  foreignFiles: [],
});

test("lookups of a file ask for one image, or for all that match, with their filters in canonical form", () => {
  const lookups = {
    "office-windows": { nameRegex: "^Windows_11", imageType: "gold", mostRecent: true },
    "developer ubuntu": { osType: "Linux", all: true },
    one: { imageId: "a", all: false },
    constructor: {},
  };
  expect([...readFileLookups(project(lookups))!]).toEqual([
    [
      "office-windows",
      { filter: { imageType: "gold", mostRecent: true, nameRegex: "^Windows_11" }, cardinality: "one" },
    ],
    ["developer ubuntu", { filter: { osType: "Linux" }, cardinality: "all" }],
    ["one", { filter: { imageId: "a" }, cardinality: "one" }],
    ["constructor", { filter: {}, cardinality: "one" }],
  ]);
});

test("a file without lookups leaves them to the app", () => {
  expect(readFileLookups(project())).toBeUndefined();
  expect(
    readFileLookups({ directory: "/project", kind: "app", cdktfJson: {}, foreignFiles: [] }),
  ).toBeUndefined();
  expect(readFileLookups(project({}))).toEqual(new Map());
});

test.each<[string, unknown, string]>([
  ["a list", [], "lookups is wrong (expected an object of filters by name)."],
  ["null", null, "lookups is wrong (expected an object of filters by name)."],
  [
    "an empty name",
    { "": {} },
    "lookups. is wrong (a name must have 1 to 255 characters, and no control characters).",
  ],
  ["a name with a line break", { "a\nb": {} }, "is wrong (a name must have 1 to 255 characters"],
  [
    "a text as a filter",
    { office: "gold" },
    'lookups.office is wrong (expected a filter such as { "imageType": "gold" }).',
  ],
  ["a list as a filter", { office: [] }, "lookups.office is wrong (expected a filter"],
  ["all as a text", { office: { all: "yes" } }, "lookups.office.all is wrong (expected true or false)."],
])("%s in place of lookups is refused", (_, lookups, message) => {
  const error = thrown(() => readFileLookups(project(lookups)));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(/^workspace-images\.json: lookups/);
  expect(error.message).toContain(message);
});

test.each<[string, object, string]>([
  [
    "an unknown criterion",
    { imagetype: "gold" },
    "lookups.office: there is no filter imagetype. Known: imageType,",
  ],
  [
    "a criterion of its prototype's",
    JSON.parse('{"__proto__":{}}'),
    "lookups.office: there is no filter __proto__.",
  ],
  [
    "mostRecent for all images",
    { all: true, mostRecent: true },
    "lookups.office: there is no filter mostRecent.",
  ],
  ["an empty text", { imageType: "" }, 'lookups.office: imageType "" is not valid'],
  ["a name without an image type", { name: "x", mostRecent: true }, "lookups.office: mostRecent "],
])("a lookup with %s is refused, by its name", (_, filter, message) => {
  const error = thrown(() => readFileLookups(project({ office: filter })));
  expect(error).toBeInstanceOf(FilterError);
  expect(error.message.startsWith(`workspace-images.json: ${message}`)).toBe(true);
});
