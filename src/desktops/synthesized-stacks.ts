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

/** What `App` of cdktf and of cdktn have in common here; neither is imported. */
type App = IConstruct & {
  readonly outdir?: unknown;
  readonly manifest?: {
    readonly hclOutput?: unknown;
    readonly stacks?: Readonly<
      Record<string, { readonly constructPath: string; readonly synthesizedStackPath: string }>
    >;
  };
};

type Stack = IConstruct & { toTerraform(): unknown };

const STACK = Symbol.for("cdktf/TerraformStack");

/** Whether a construct is a stack of cdktf or cdktn. */
export function isStack(construct: IConstruct): boolean {
  return STACK in construct;
}

/**
 * The stacks of an app after `app.synth()`: what was written, so that aspects and overrides are in it.
 * HCL is not read: there every stack is made into JSON once more.
 */
export function synthesizedStacks(root: IConstruct): SynthesizedStack[] {
  const { outdir, manifest } = root as App;
  const written = manifest?.hclOutput ? {} : (manifest?.stacks ?? {});
  return root.node
    .findAll()
    .filter(isStack)
    .map((stack) => {
      const { id: name, path } = stack.node;
      const entry = written[name];
      const json =
        entry?.constructPath === path
          ? JSON.parse(readFileSync(join(String(outdir), entry.synthesizedStackPath), "utf8"))
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
