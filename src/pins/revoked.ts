import v = require("valibot");

import type { WorkspaceImage } from "../images/workspace-image";
import { readEntries } from "../project/entries";
import { text } from "../project/environment";
import { printable } from "../text/printable";

/** Where revoked images stand, relative to the project's folder. */
export const REVOCATIONS_FILE = "workspace-images/revoked.json";

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
