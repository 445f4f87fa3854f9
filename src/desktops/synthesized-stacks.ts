import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { IConstruct } from "constructs";

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
  readonly constructPath: string;
  readonly synthesizedStackPath: string;
  readonly stackMetadataPath: string;
}

/** What `App` of cdktf and of cdktn have in common here; neither is imported. */
type App = IConstruct & {
  readonly outdir?: unknown;
  readonly manifest?: {
    readonly hclOutput?: unknown;
    readonly stacks?: Readonly<Record<string, WrittenStack>>;
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
    entries(named).flatMap(([name, attributes]) => {
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

function entries(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function field(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
