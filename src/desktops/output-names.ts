import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IConstruct } from "constructs";
import * as v from "valibot";
import { printable } from "../text/printable";
import { isStack, writtenStacks } from "./synthesized-stacks";

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

const namesSchema = v.array(
  v.object({
    environment: v.string(),
    pin: v.string(),
    pinnedAt: v.string(),
    images: v.array(v.object({ id: v.string(), name: v.optional(v.string()) })),
  }),
);

type Stack = IConstruct & { addOverride(path: string, value: unknown): void };

const NAMES = new WeakMap<IConstruct, NamedPin[]>();

/**
 * Has a stack of cdktf or cdktn carry a pin under its `"//"` key, where Terraform reads nothing and reviewers do.
 * A pin that it carries already is replaced.
 */
export function nameInOutput(stack: IConstruct, named: NamedPin): void {
  let names = NAMES.get(stack);
  if (!names) {
    names = [];
    NAMES.set(stack, names);
    // Resolved at synth: what is named later is in it.
    (stack as Stack).addOverride(`//.${KEY}`, names);
  }
  const index = names.findIndex(
    ({ environment, pin }) => environment === named.environment && pin === named.pin,
  );
  names[index < 0 ? names.length : index] = {
    environment: named.environment,
    pin: plain(named.pin),
    pinnedAt: named.pinnedAt,
    images: named.images.map(({ id, name }) => ({ id: plain(id), ...(name && { name: plain(name) }) })),
  };
}

/** The pins that a synthesized stack says it carries; none where it says nothing, or something else. */
export function namesIn(json: unknown): NamedPin[] {
  const comment = (json as { "//"?: Record<string, unknown> } | null | undefined)?.["//"];
  const names = v.safeParse(namesSchema, comment?.[KEY]);
  return names.success ? names.output : [];
}

/** HCL has no such key: after `app.synth()`, the pins go into a comment at the top, and into the stack's metadata. */
export function nameInHcl(root: IConstruct): void {
  const { outdir, isHcl, stacks } = writtenStacks(root);
  if (!isHcl) return;
  for (const stack of root.node.findAll().filter(isStack)) {
    const names = NAMES.get(stack);
    const written = stacks.get(stack.node.path);
    if (!names || !written) continue;
    const file = join(outdir, written.synthesizedStackPath);
    const hcl = readFileSync(file, "utf8");
    // An app that asks for HCL by its option alone, without the command line's variable, gets JSON.
    if (hcl.startsWith("{")) continue;
    const lines = names.flatMap(({ environment, pin, pinnedAt, images }) => [
      `# Pin ${JSON.stringify(pin)} of ${environment}, pinned at ${pinnedAt}:`,
      ...images.map(({ id, name }) => `#   ${id} ${JSON.stringify(name ?? "unnamed")}`),
    ]);
    writeFileSync(file, `${lines.join("\n")}\n\n${hcl}`);
    const metadataFile = join(outdir, written.stackMetadataPath);
    const metadata = JSON.parse(readFileSync(metadataFile, "utf8"));
    metadata["//"] = { ...metadata["//"], [KEY]: names };
    writeFileSync(metadataFile, JSON.stringify(metadata, null, 2));
  }
}

/** A text that steers no terminal, and that the CDK does not take for one of its tokens. */
function plain(text: string): string {
  return printable(text).replaceAll("{TfToken[", "{ TfToken[");
}
