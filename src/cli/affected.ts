import { consequence } from "../desktops/consequences";
import { RESOURCE_KINDS } from "../desktops/resource-kinds";
import { readOutput, type SynthesizedOutput } from "../desktops/synthesized-stacks";
import { type Affected, affectedBy, describeAffected, type ImageMove, usesInStacks } from "../desktops/uses";
import { ConfigurationError } from "../errors";
import type { Pin } from "../pins/pin";
import type { Project } from "../project/project";
import { printable } from "../text/printable";
import { wrap } from "./layout";

/** A move of which it is counted what it does. */
export interface CountedMove extends ImageMove {
  /** The pin that what was synthesized should have. */
  readonly current: Pin | undefined;
}

/** What a move does to the resources of what was synthesized last. */
export interface Affects extends Affected {
  readonly outputIsOlder?: true;
  /** What was not counted in. */
  readonly notCounted?: string;
}

/**
 * What moves do, where something was synthesized to count in.
 * @returns by move; empty where nothing was synthesized
 */
export function countAffected(project: Project, moves: readonly CountedMove[]): Map<CountedMove, Affects> {
  const output = moves.length > 0 ? outputOf(project) : undefined;
  if (!output) return new Map();
  if (typeof output === "string") {
    return new Map(moves.map((move) => [move, { resources: [], notCounted: output }]));
  }
  const current = new Map<string, Map<string, Pin>>();
  const namesOf = ({ environment, pin, was }: CountedMove) => [{ environment, pin }, ...(was ? [was] : [])];
  for (const move of moves) {
    for (const { environment, pin } of namesOf(move)) {
      const pins = current.get(environment) ?? new Map();
      current.set(environment, move.current ? pins.set(pin, move.current) : pins);
    }
  }
  const { uses, movedSince } = usesInStacks(output.stacks, current);
  const { hclStacks } = output;
  return new Map(
    moves.map((move) => [
      move,
      {
        ...affectedBy(uses, move),
        ...(namesOf(move).some(({ environment, pin }) => movedSince.includes(`${environment}/${pin}`)) && {
          outputIsOlder: true,
        }),
        ...(hclStacks.length > 0 && { notCounted: `stacks in HCL: ${hclStacks.join(", ")}` }),
      },
    ]),
  );
}

/** What a move does, in a sentence; empty where that is nothing. */
export function describeAffects(affects: Affects): string {
  const numbers = affects.resources.length > 0 ? [describeAffected(affects)] : [];
  return [
    ...numbers,
    ...(affects.outputIsOlder
      ? ["what was synthesized is older than the pin: run cdktf synth to count"]
      : []),
  ].join("; ");
}

/**
 * What moves do when Terraform applies them: to how many resources, where something was synthesized to count in,
 * and to each kind of them; of every kind otherwise.
 */
export function affectedText(counted: Iterable<readonly [CountedMove, Affects]>): string {
  const entries = [...counted];
  const moves = entries.map(([{ environment, pin }, affects]) => {
    const text = describeAffects(affects);
    return text && `${environment}, ${pin}: ${text}`;
  });
  const affected = entries.map(([, affects]) => affects);
  const notCounted = new Set(affected.map(notCountedText));
  const types = new Set(affected.flatMap(({ resources }) => resources.map(({ type }) => type)));
  const kinds = RESOURCE_KINDS.filter(({ type }) => types.size === 0 || types.has(type));
  return [
    "What a new image does to a resource when Terraform applies it:",
    ...[...moves, ...notCounted].filter(Boolean).map((text) => wrap(printable(text), "  ")),
    ...kinds.map((kind) => `  ${kind.type}\n${wrap(consequence(kind), "    ")}`),
  ].join("\n");
}

/** What was not counted in; empty where that is nothing. */
export function notCountedText({ notCounted }: Affects): string {
  return notCounted === undefined ? "" : `Not counted: ${notCounted}`;
}

/** What was synthesized last, or why it cannot be counted in, which must not fail a move that is made already. */
function outputOf(project: Project): SynthesizedOutput | string | undefined {
  try {
    return readOutput(project);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}
