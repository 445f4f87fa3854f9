import { join } from "node:path";

import v = require("valibot");

import { ConfigurationError } from "../errors";
import { findDuplicateKey } from "../text/json";
import { parseJson } from "../text/json-error";
import { readBounded } from "./read-file";

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file of entries that people write.
 * @param name of the file, relative to the project's folder
 * @returns undefined where there is none
 * @throws ConfigurationError if it is not readable, naming the entry that is wrong
 */
export function readEntries<T extends v.GenericSchema>(
  directory: string,
  name: string,
  schema: T,
): v.InferOutput<T> | undefined {
  let json: unknown;
  try {
    const content = readBounded(join(directory, name), MAX_BYTES);
    if (content === undefined) return undefined;
    json = parseJson(content);
    const duplicate = findDuplicateKey(content);
    if (duplicate) throw new Error(`it has the key ${JSON.stringify(duplicate.at(-1))} twice in one object`);
  } catch (cause) {
    throw new ConfigurationError(
      `${name} cannot be read: ${(cause as Error).message}. It must be a file of JSON that this user may read; its format is in docs/guard.md.`,
      { cause },
    );
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const what = Array.isArray(json) ? "it is a list, and must be an object" : describeIssue(result.issues);
  throw new ConfigurationError(`${name} is wrong: ${what}. Its format is in docs/guard.md.`);
}

/** A key that is misspelt is missing, too: which one it is says more. */
function describeIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const unknown = issues.find(({ kind, expected }) => kind === "schema" && expected === "never");
  const issue = unknown ?? issues[0];
  const path = v.getDotPath(issue);
  const isMissing = issue.kind === "schema" && issue.received === "undefined";
  return [path, unknown ? "is no known key" : isMissing ? "is missing" : issue.message]
    .filter(Boolean)
    .join(" ");
}
