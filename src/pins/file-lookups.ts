import { ConfigurationError } from "../errors";
import { parseFilter } from "../images/image-filter";
import { type Project, WORKSPACE_IMAGES_JSON } from "../project/project";
import { isPinName, type Question } from "./pin";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The lookups of a project without an app, by the names of their pins: `lookups` in workspace-images.json.
 * Each is a filter; with `all: true` it asks for all images that match instead of one.
 * @returns undefined where the file has none, and the lookups are those of an app
 * @throws ConfigurationError if a lookup has no usable name or is no filter
 * @throws FilterError if a filter is not valid, naming the lookup
 */
export function readFileLookups({ configuration }: Project): Map<string, Question> | undefined {
  const lookups = configuration?.lookups;
  if (lookups === undefined) return undefined;
  if (!isObject(lookups)) throw wrong("lookups", "expected an object of filters by name");
  return new Map(
    Object.entries(lookups).map(([name, lookup]): [string, Question] => {
      const path = `lookups.${name.slice(0, 255)}`;
      if (!isPinName(name))
        throw wrong(path, "a name must have 1 to 255 characters, and no control characters");
      if (!isObject(lookup)) throw wrong(path, 'expected a filter such as { "imageType": "gold" }');
      const { all = false, ...filter } = lookup;
      if (typeof all !== "boolean") throw wrong(`${path}.all`, "expected true or false");
      const cardinality = all ? "all" : "one";
      return [
        name,
        { filter: parseFilter(filter, cardinality, `${WORKSPACE_IMAGES_JSON}: ${path}`), cardinality },
      ];
    }),
  );
}

function wrong(path: string, why: string): ConfigurationError {
  return new ConfigurationError(`${WORKSPACE_IMAGES_JSON}: ${path} is wrong (${why}).`);
}
