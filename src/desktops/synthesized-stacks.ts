import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { IConstruct } from "constructs";

import v = require("valibot");

import { ConfigurationError } from "../errors";
import type { Project } from "../project/project";
import { readBounded } from "../project/read-file";

/** Largest stack that is read from a folder, bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

const manifestSchema = v.object({
  stacks: v.record(
    v.string(),
    v.object({ name: v.string(), constructPath: v.string(), synthesizedStackPath: v.string() }),
  ),
});

/** A stack as it was synthesized. */
export interface SynthesizedStack {
  /** Name, which is its folder in the output. */
  readonly name: string;
  /** Construct path. */
  readonly path: string;
  /** Terraform's JSON configuration of it. */
  readonly json: unknown;
}

/** Where a CDK wrote a stack, below the output folder. */
export interface WrittenStack {
  readonly name: string;
  readonly constructPath: string;
  readonly synthesizedStackPath: string;
  readonly stackMetadataPath: string;
  /** What the command line prints of its constructs. */
  readonly annotations?: { constructPath: string; level: string; message: string }[];
}

/** What `App` of cdktf and of cdktn have in common here; neither is imported. */
type App = IConstruct & {
  readonly outdir?: unknown;
  readonly manifest?: {
    readonly hclOutput?: unknown;
    readonly stacks?: Readonly<Record<string, WrittenStack>>;
    writeToFile?(): void;
  };
};

type Stack = IConstruct & { toTerraform(): unknown };

const STACK = Symbol.for("cdktf/TerraformStack");

/** Whether a construct is a stack of cdktf or cdktn. */
export function isStack(construct: IConstruct): boolean {
  return STACK in construct;
}

/** Where an app wrote its stacks, by construct path, after `app.synth()`. */
export function writtenStacks(root: IConstruct) {
  const { outdir, manifest } = root as App;
  const written = Object.values(manifest?.stacks ?? {});
  return {
    outdir: String(outdir),
    isHcl: Boolean(manifest?.hclOutput),
    stacks: new Map(written.map((stack) => [stack.constructPath, stack])),
  };
}

/** Adds warnings to what the command line prints of an app that is synthesized already. */
export function warnInOutput(
  root: IConstruct,
  warnings: readonly { readonly stack: string; readonly path: string; readonly message: string }[],
): void {
  if (warnings.length === 0) return;
  const { manifest } = root as App;
  const stacks = Object.values(manifest?.stacks ?? {});
  for (const { stack, path, message } of warnings) {
    const written = stacks.find(
      ({ constructPath }) => path === constructPath || path.startsWith(`${constructPath}/`),
    );
    (written ?? stacks.find(({ name }) => name === stack))?.annotations?.push({
      constructPath: path,
      level: "@cdktf/warn",
      message,
    });
  }
  manifest?.writeToFile?.();
}

/**
 * The stacks of an app after `app.synth()`: what was written, so that aspects and overrides are in it.
 * HCL is not read: there every stack is made into JSON once more.
 */
export function synthesizedStacks(root: IConstruct): SynthesizedStack[] {
  const { outdir, isHcl, stacks } = writtenStacks(root);
  return root.node
    .findAll()
    .filter(isStack)
    .map((stack) => {
      const { id: name, path } = stack.node;
      const written = isHcl ? undefined : stacks.get(path);
      const json = written
        ? JSON.parse(readFileSync(join(outdir, written.synthesizedStackPath), "utf8"))
        : (stack as Stack).toTerraform();
      return { name, path, json };
    });
}

/** What stands in the output folder of a project. */
export interface SynthesizedOutput {
  readonly stacks: readonly SynthesizedStack[];
  /** Names of stacks in HCL, which is not read. */
  readonly hclStacks: readonly string[];
}

/**
 * Reads what was synthesized last: `output` in cdktf.json, else cdktf.out.
 * @returns undefined where there is nothing
 * @throws ConfigurationError if it is not readable, naming the file
 */
export function readOutput({ directory, cdktfJson }: Project): SynthesizedOutput | undefined {
  const output = (cdktfJson as { readonly output?: unknown } | undefined)?.output;
  const folder = resolve(directory, typeof output === "string" ? output : "cdktf.out");
  const manifest = readJson(join(folder, "manifest.json"));
  if (manifest === undefined) return undefined;
  const parsed = v.safeParse(manifestSchema, manifest);
  if (!parsed.success) throw unreadable(join(folder, "manifest.json"), "it is no manifest of a CDK");
  const stacks: SynthesizedStack[] = [];
  const hclStacks: string[] = [];
  for (const { name, constructPath: path, synthesizedStackPath } of Object.values(parsed.output.stacks)) {
    const file = resolve(folder, synthesizedStackPath);
    if (relative(folder, file).startsWith("..")) throw unreadable(file, "it is outside of the output");
    if (!file.endsWith(".json")) {
      hclStacks.push(name);
      continue;
    }
    const json = readJson(file);
    if (json === undefined) throw unreadable(file, "it is not there");
    stacks.push({ name, path, json });
  }
  return { stacks, hclStacks };
}

/** A resource block in a synthesized stack. */
export interface SynthesizedResource {
  readonly type: string;
  /** Address in Terraform, such as `huaweicloud_workspace_desktop.office-alice`. */
  readonly address: string;
  /** Construct path, where the stack's JSON has it. */
  readonly path: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The resource blocks of a stack, without their order. */
export function resourcesOf({ json }: Pick<SynthesizedStack, "json">): SynthesizedResource[] {
  return entries(field(json, "resource")).flatMap(([type, named]) =>
    entries(named).flatMap(([name, block]) => {
      const attributes = Array.isArray(block) && block.length === 1 ? block[0] : block;
      if (!isObject(attributes)) return [];
      const path = field(field(attributes["//"], "metadata"), "path");
      return [
        {
          type,
          address: `${type}.${name}`,
          path: typeof path === "string" ? path : undefined,
          attributes,
        },
      ];
    }),
  );
}

/** The keys and values of a block; where Terraform's JSON has a list of blocks instead, those of all of them. */
function entries(value: unknown): [string, unknown][] {
  return Array.isArray(value) ? value.flatMap(entries) : isObject(value) ? Object.entries(value) : [];
}

function field(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readJson(file: string): unknown {
  try {
    const text = readBounded(file, MAX_BYTES);
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw unreadable(file, (cause as Error).message);
  }
}

function unreadable(file: string, why: string): ConfigurationError {
  return new ConfigurationError(`${file} cannot be read: ${why}. Run cdktf synth to write it anew.`);
}
