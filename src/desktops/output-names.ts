import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IConstruct } from "constructs";

import v = require("valibot");

import { printable } from "../text/printable";
import { writtenStacks } from "./synthesized-stacks";

/** A pin as the output of a stack names it. */
export interface NamedPin {
  readonly environment: string;
  readonly pin: string;
  /** When its images were pinned, UTC. */
  readonly pinnedAt: string;
  readonly images: readonly { readonly id: string; readonly name?: string | undefined }[];
}

/** Key under `"//"` of a synthesized stack. */
const KEY = "workspaceImages";

/** The pins that a synthesized stack says it carries; none where it says nothing, or something else. */
export function namesIn(json: unknown): NamedPin[] {
  const comment = (json as { "//"?: Record<string, unknown> } | null | undefined)?.["//"];
  // Made here, because a synth, which only writes names, would wait for it.
  const namesSchema = v.array(
    v.object({
      environment: v.string(),
      pin: v.string(),
      pinnedAt: v.string(),
      images: v.array(v.object({ id: v.string(), name: v.optional(v.string()) })),
    }),
  );
  const names = v.safeParse(namesSchema, comment?.[KEY]);
  return names.success ? names.output : [];
}

/**
 * Has the output of an app carry pins, after `app.synth()`: each stack's under its `"//"` key, where Terraform reads
 * nothing and reviewers do. HCL has no such key: there they go into a comment at the top, and into the stack's
 * metadata. They are written, not overridden before, because a CDK would look for tokens in every one of them.
 * @param names by the construct paths of stacks
 */
export function nameInOutput(root: IConstruct, names: ReadonlyMap<string, readonly NamedPin[]>): void {
  const { outdir, stacks } = writtenStacks(root);
  for (const [path, named] of names) {
    const written = stacks.get(path);
    if (!written) continue;
    const pins = named.map(plainly);
    const file = join(outdir, written.synthesizedStackPath);
    const text = readFileSync(file, "utf8");
    // An app that asks for HCL by its option alone, without the command line's variable, gets JSON.
    if (text.startsWith("{")) {
      writeInto(file, text, pins);
      continue;
    }
    const lines = pins.flatMap(({ environment, pin, pinnedAt, images }) => [
      `# Pin ${JSON.stringify(pin)} of ${environment}, pinned at ${pinnedAt}:`,
      ...images.map(({ id, name }) => `#   ${id} ${JSON.stringify(name ?? "unnamed")}`),
    ]);
    writeFileSync(file, `${lines.join("\n")}\n\n${text}`);
    const metadata = join(outdir, written.stackMetadataPath);
    writeInto(metadata, readFileSync(metadata, "utf8"), pins);
  }
}

function writeInto(file: string, text: string, pins: readonly NamedPin[]): void {
  const json = JSON.parse(text);
  const comment = json["//"];
  const others = comment !== null && typeof comment === "object" ? comment : { "//": comment };
  json["//"] = { ...others, [KEY]: pins };
  writeFileSync(file, JSON.stringify(json, null, 2));
}

/** With texts that steer no terminal. */
function plainly({ environment, pin, pinnedAt, images }: NamedPin): NamedPin {
  return {
    environment,
    pin: printable(pin),
    pinnedAt,
    images: images.map(({ id, name }) => ({ id: printable(id), ...(name && { name: printable(name) }) })),
  };
}
