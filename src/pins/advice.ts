import type { Environment } from "../project/environment";
import { shellCommand } from "../text/shell";
import type { Pin, Question } from "./pin";

/** The command that takes a pin for a question, as it stands in messages. */
export function pinCommand(name: string, { filter, cardinality }: Question, environment: string): string {
  const options = filterOptions(filter);
  const all = cardinality === "all" ? ["--all"] : [];
  return advise("pin", [name], ["--env", environment, ...all, ...options]);
}

/** The commands that move a pin to what its question asks, under the policy of its environment. */
export function moveCommand(name: string, pin: Pin, environment: Environment): string {
  const { promotion } = environment;
  const move = promotion
    ? promoteCommand(promotion.from, environment.name, name)
    : updateCommand(name, environment.name);
  if (!pin.hold) return move;
  return `${holdCommand(name, environment.name, { release: true })} && ${move}`;
}

/** The command that moves a pin to what its question asks. */
function updateCommand(name: string, environment: string): string {
  return advise("update", [name], ["--env", environment]);
}

/** The command that gives a pin of one environment the images that it has in another. */
export function promoteCommand(from: string, to: string, name: string): string {
  return advise("promote", [from, to, name], []);
}

/** The command that gives a pin back what it had before: what it had last, or another image. */
export function rollbackCommand(name: string, environment: string, to: string): string {
  return advise("rollback", [name], ["--env", environment, "--to", to]);
}

/** The command that drops a pin. */
export function pruneCommand(name: string, environment: string): string {
  return advise("prune", [name], ["--env", environment]);
}

/** The command that holds a pin, or releases it. */
export function holdCommand(name: string, environment: string, { release }: { release: boolean }): string {
  const what = release ? ["--release"] : ["--reason", "…"];
  return advise("hold", [name], ["--env", environment, ...what]);
}

/** The command that gives a pin another name in every environment, or a second one. */
export function renameCommand(name: string, to: string, { keep = false } = {}): string {
  return advise("rename", [name, to], keep ? ["--keep"] : []);
}

/** The command that lists what answers a question. */
export function listCommand(environment: string, { filter }: Pick<Question, "filter">): string {
  const { mostRecent: _, allowAnyImageType: __, ...criteria } = filter;
  return advise("list", [], ["--env", environment, ...filterOptions(criteria)]);
}

function filterOptions(filter: Question["filter"]): string[] {
  return Object.entries(filter).flatMap(([key, value]) => {
    const option = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [option] : [option, String(value)];
  });
}

function advise(command: string, names: readonly string[], options: readonly string[]): string {
  // A name may look like an option.
  const isOdd = names.some((name) => name.startsWith("-"));
  const words = isOdd ? [...options, "--", ...names] : [...names, ...options];
  return shellCommand("workspace-images", command, ...words);
}
