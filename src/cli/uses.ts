import { countOf } from "../desktops/consequences";
import { type ResourceKind, resourceKind } from "../desktops/resource-kinds";
import { readOutput } from "../desktops/synthesized-stacks";
import {
  describeUses,
  type PinsByEnvironment,
  type Use,
  type Uses,
  usesInStacks,
  usesInTerraform,
} from "../desktops/uses";
import { ConfigurationError } from "../errors";
import type { Project } from "../project/project";
import { groupBy } from "../text/group-by";
import { printable } from "../text/printable";
import { answerEach, report, sections, thenEach } from "./answers";
import { type CommonOptions, openProject } from "./common-options";
import { wrap } from "./layout";
import { colors, printWarning } from "./output";
import { choosePins, requirePins } from "./pin-names";

/** Shows which resources pins feed, and what a move does to each. */
export async function showUses(
  wanted: readonly string[],
  { env, json, plan }: CommonOptions & { readonly plan?: string | undefined },
): Promise<void> {
  requirePins(wanted, env);
  const answers = await answerEach({ env }, ({ environment, lockFile }) => ({
    environment: environment.name,
    chosen: choosePins(lockFile?.pins, wanted),
  }));
  const pins = new Map(
    [...answers.values()].flatMap((answer) =>
      "value" in answer ? [[answer.value.environment, answer.value.chosen] as const] : [],
    ),
  );
  const { uses } = plan ? await usesInTerraform(plan, pins) : usesInOutput(openProject(env).project, pins);
  const byPin = groupBy(uses, ({ environment, pin }) => keyOf(environment, pin));
  const found = thenEach(
    answers,
    ({ environment, chosen }) =>
      new Map(
        [...chosen.keys()].sort().map((pin) => [pin, byPin.get(keyOf(environment, pin)) ?? []] as const),
      ),
  );
  report(found, {
    asJson: json,
    json: (named) =>
      Object.fromEntries(
        [...named].map(([pin, fed]) => [pin, fed.map(({ environment: _, pin: __, ...use }) => use)]),
      ),
    text: sections((named, environment) =>
      named.size === 0
        ? `${environment}: no pins`
        : `${environment}:\n${[...named].map(([pin, fed]) => pinText(pin, fed)).join("\n")}`,
    ),
  });
}

/**
 * What pins feed in what was synthesized last; warns of what that does not tell.
 * @throws ConfigurationError if nothing was synthesized
 */
function usesInOutput(project: Project, pins: PinsByEnvironment): Uses {
  const output = readOutput(project);
  if (!output) {
    throw new ConfigurationError(
      "Nothing was synthesized here: run cdktf synth, or give --plan a plan or state that terraform show -json wrote.",
    );
  }
  const found = usesInStacks(output.stacks, pins);
  if (output.hclStacks.length > 0) {
    printWarning(
      `Stacks in HCL are not read: ${output.hclStacks.join(", ")}. Give --plan a plan of theirs instead.`,
    );
  }
  if (found.movedSince.length > 0) {
    printWarning(
      `Synthesized before these pins were as they are: ${found.movedSince.join(", ")}. What is shown is what they fed then; run cdktf synth for what they feed now.`,
    );
  }
  return found;
}

function pinText(pin: string, uses: readonly Use[]): string {
  const summary = uses.length === 0 ? "feeds nothing" : `a move ${describeUses(uses)}`;
  const lines = uses.map(({ path, address, type, instances }) => {
    const number = instances === 1 ? "" : ` (${numberText(resourceKind(type)!, instances)})`;
    const shown = path === undefined ? [address] : [path, address];
    return `    ${shown.map(printable).join("\n      ")}${number}`;
  });
  return [`  ${colors.bold(printable(pin))}\n${wrap(summary, "    ")}`, ...lines].join("\n");
}

function numberText(kind: ResourceKind, instances: number | undefined): string {
  return instances === undefined ? "count or for_each" : countOf(kind, instances);
}

function keyOf(environment: string, pin: string): string {
  return JSON.stringify([environment, pin]);
}
