import { join } from "node:path";

import v = require("valibot");

import { ConfigurationError } from "../errors";
import type { WorkspaceImage } from "../images/workspace-image";
import { readBounded } from "../project/read-file";
import { findDuplicateKey } from "../text/json";
import { parseJson } from "../text/json-fault";
import { printable } from "../text/printable";

/** Where revoked images stand, relative to the project's folder. */
export const REVOCATIONS_FILE = "workspace-images/revoked.json";

const MAX_BYTES = 4 * 1024 * 1024;

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(1024, "must not be longer"));

const entrySchema = v.union(
  [v.strictObject({ id: text, region: text, reason: text }), v.strictObject({ name: text, reason: text })],
  'must be { "id", "region", "reason" } or { "name", "reason" }',
);

/** The content of the file. */
export const revocationsSchema = v.strictObject({
  $schema: v.optional(v.string()),
  revoked: v.array(entrySchema),
});

/** Images that must not be used any more: of one region by ID, or everywhere by exact name. */
export class Revocations {
  private readonly byId = new Map<string, string>();
  private readonly byName = new Map<string, string>();

  constructor(entries: readonly v.InferOutput<typeof entrySchema>[] = []) {
    for (const entry of entries) {
      const reason = printable(entry.reason);
      if ("name" in entry) this.byName.set(entry.name, reason);
      else this.byId.set(JSON.stringify([entry.region, entry.id]), reason);
    }
  }

  /** Whether nothing is revoked. */
  get isEmpty(): boolean {
    return this.byId.size === 0 && this.byName.size === 0;
  }

  /** Whether an image must not be used. */
  isRevoked(image: Pick<WorkspaceImage, "id" | "name">, region: string): boolean {
    return this.reason(image, region) !== undefined;
  }

  /** Why an image must not be used; undefined where it may be. */
  reason({ id, name }: Pick<WorkspaceImage, "id" | "name">, region: string): string | undefined {
    if (this.isEmpty) return undefined;
    return (
      this.byId.get(JSON.stringify([region, id])) ?? (name === undefined ? undefined : this.byName.get(name))
    );
  }
}

/**
 * Reads the images that a project has revoked.
 * @param directory the project's folder
 * @returns none where there is no file
 * @throws ConfigurationError if the file is not readable, naming the entry that is wrong
 */
export function readRevocations(directory: string): Revocations {
  const entries = readEntries(directory, REVOCATIONS_FILE, revocationsSchema)?.revoked;
  return new Revocations(entries);
}

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
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new ConfigurationError(
    `${name} is wrong: ${path ? `${path} ` : ""}${issue.kind === "schema" && issue.expected === "never" ? "is no known key" : issue.message}. Its format is in docs/guard.md.`,
  );
}
