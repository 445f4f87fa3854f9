import type { IConstruct } from "constructs";
import { type AnsweredLookup, checkStacks } from "../desktops/checks";
import { type NamedPin, nameInOutput } from "../desktops/output-names";
import { isStack, synthesizedStacks, warnInOutput } from "../desktops/synthesized-stacks";
import { DesktopCheckError } from "../errors";
import type { EnvironmentPins } from "./environment-pins";

/**
 * Holds what was synthesized against the images that it is built from, and has it name their pins.
 * @throws DesktopCheckError with everything that does not fit
 * @lazy
 */
export function completeOutput(
  root: IConstruct,
  lookups: readonly AnsweredLookup[],
  environments: ReadonlyMap<string, EnvironmentPins>,
): void {
  const pins = new Map(
    [...environments].filter(([, one]) => one.isRead).map(([name, one]) => [name, one.pins] as const),
  );
  const stacks = synthesizedStacks(root);
  const placed = lookups.map((lookup) => {
    return { ...lookup, isShared: !stacks.some(({ path }) => lookup.path.startsWith(`${path}/`)) };
  });
  const { errors, warnings } = checkStacks(stacks, { lookups: placed, pins });
  if (errors.length > 0) throw new DesktopCheckError(errors);
  nameInOutput(root, namesByStack(root, lookups, environments));
  warnInOutput(
    root,
    warnings.map(({ stack, path, problem, advice }) => ({ stack, path, message: `${problem} ${advice}` })),
  );
}

/** The pins of the lookups within each stack; of one outside every stack, in all. */
function namesByStack(
  root: IConstruct,
  lookups: readonly AnsweredLookup[],
  environments: ReadonlyMap<string, EnvironmentPins>,
): Map<string, NamedPin[]> {
  const stacks = root.node
    .findAll()
    .filter(isStack)
    .map(({ node }) => node.path);
  const named = new Map(stacks.map((stack) => [stack, new Map<string, NamedPin>()]));
  for (const { environment, pinName, path } of lookups) {
    const pin = environments.get(environment)?.pin(pinName);
    if (!pin) continue;
    const own = stacks.filter((stack) => path.startsWith(`${stack}/`));
    const { pinnedAt, images } = pin;
    for (const stack of own.length > 0 ? own : stacks) {
      named
        .get(stack)
        ?.set(JSON.stringify([environment, pinName]), { environment, pin: pinName, pinnedAt, images });
    }
  }
  return new Map(
    [...named].filter(([, pins]) => pins.size > 0).map(([stack, pins]) => [stack, [...pins.values()]]),
  );
}
