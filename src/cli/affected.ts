import { consequence } from "../desktops/consequences";
import { RESOURCE_KINDS } from "../desktops/resource-kinds";
import { readOutput, type SynthesizedOutput } from "../desktops/synthesized-stacks";
import { consequencesOfMove, usesInStacks } from "../desktops/uses";
import { ConfigurationError } from "../errors";
import type { Pins } from "../pins/pin";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { printable } from "../text/printable";
import { wrap } from "./layout";

/** Pins of one environment before a move, and what those that move become. */
export interface MovedPins {
  readonly project: Project;
  readonly environment: Pick<Environment, "name">;
  readonly before: Pins;
  readonly moved: Pins;
}

/**
 * What moves do when Terraform applies them: to how many resources, where something was synthesized to count in,
 * and to each kind of them; of every kind otherwise.
 */
export function affectedText(moves: readonly MovedPins[]): string {
  const title = "What a new image does to a resource when Terraform applies it:";
  const output = moves[0] && outputOf(moves[0].project);
  const types = new Set<string>();
  const lines: string[] = [];
  if (typeof output === "string") lines.push(wrap(printable(output), "  "));
  else if (output) lines.push(...moves.flatMap((move) => numbersIn(output, move, types)));
  const kinds = RESOURCE_KINDS.filter(({ type }) => types.size === 0 || types.has(type));
  lines.push(...kinds.map((kind) => `  ${kind.type}\n${wrap(consequence(kind), "    ")}`));
  return `${title}\n${lines.join("\n")}`;
}

/** What is moved, in numbers; adds the types of resources that it is about. */
function numbersIn(output: SynthesizedOutput, move: MovedPins, types: Set<string>): string[] {
  const environment = move.environment.name;
  const { uses, outdated } = usesInStacks(output.stacks, new Map([[environment, move.before]]));
  const lines: string[] = [];
  for (const [pin, { images: to, cardinality }] of move.moved) {
    const from = move.before.get(pin)?.images ?? [];
    const numbers = consequencesOfMove(uses, { environment, pin, from, to, cardinality });
    for (const use of uses) if (use.environment === environment && use.pin === pin) types.add(use.type);
    const isOld = outdated.includes(`${environment}/${pin}`);
    if (numbers === "" && !isOld) continue;
    const parts = [
      ...(numbers ? [numbers] : []),
      ...(isOld ? ["what was synthesized is older than the pin: run cdktf synth to count"] : []),
    ];
    lines.push(wrap(printable(`${environment}, ${pin}: ${parts.join("; ")}`), "  "));
  }
  if (output.hclStacks.length > 0) {
    lines.push(wrap(printable(`Not counted, because they are in HCL: ${output.hclStacks.join(", ")}`), "  "));
  }
  return lines;
}

/** What was synthesized last; why it cannot be counted in, as no reason to fail a move that is made. */
function outputOf(project: Project): SynthesizedOutput | string | undefined {
  try {
    return readOutput(project);
  } catch (error) {
    if (error instanceof ConfigurationError) return `Not counted: ${error.message}`;
    throw error;
  }
}
