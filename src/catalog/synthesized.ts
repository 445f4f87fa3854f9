import type { IConstruct } from "constructs";
import { type AnsweredLookup, checkStacks } from "../desktops/checks";
import { nameInHcl, nameInOutput } from "../desktops/output-names";
import { synthesizedStacks, warnInOutput } from "../desktops/synthesized-stacks";
import { DesktopCheckError } from "../errors";
import type { EnvironmentPins } from "./environment-pins";

/**
 * Names the pins of lookups in the output of the stacks that they belong to; of one outside every stack, in all.
 * @lazy
 */
export function namePins(
  stacks: readonly IConstruct[],
  lookups: readonly AnsweredLookup[],
  environments: ReadonlyMap<string, EnvironmentPins>,
): void {
  const isWithin = (path: string, stack: IConstruct) => path.startsWith(`${stack.node.path}/`);
  for (const { environment, pinName, path } of lookups) {
    const pin = environments.get(environment)?.pin(pinName);
    if (!pin) continue;
    const own = stacks.filter((stack) => isWithin(path, stack));
    const { pinnedAt, images } = pin;
    for (const stack of own.length > 0 ? own : stacks)
      nameInOutput(stack, { environment, pin: pinName, pinnedAt, images });
  }
}

/**
 * Holds what was synthesized against the images that it is built from.
 * @throws DesktopCheckError with everything that does not fit
 * @lazy
 */
export function checkSynthesized(
  root: IConstruct,
  lookups: readonly AnsweredLookup[],
  environments: ReadonlyMap<string, EnvironmentPins>,
): void {
  nameInHcl(root);
  const pins = new Map(
    [...environments].filter(([, one]) => one.isRead).map(([name, one]) => [name, one.pins] as const),
  );
  const { errors, warnings } = checkStacks(synthesizedStacks(root), { lookups, pins });
  if (errors.length > 0) throw new DesktopCheckError(errors);
  warnInOutput(
    root,
    warnings.map(({ stack, path, problem, advice }) => ({ stack, path, message: `${problem} ${advice}` })),
  );
}
