import type { IConstruct } from "constructs";
import { isStack } from "../desktops/synthesized-stacks";
import { printableLines } from "../text/printable";
import type { EnvironmentPins } from "./environment-pins";
import type { Note } from "./resolution";

/** How many pins a hint names. */
const MAX_NAMED = 5;
/** What was said of the whole process: it may have several apps, and list more than once. */
const warned = new Set<string>();

/** What is said to whoever synthesizes: the command line prints what stands on the constructs of a stack. */
export class Annotations {
  /** Said of the next construct that asks, because only what stands on a construct is printed. */
  private readonly pending: Note[] = [];
  /** What was said of constructs outside every stack, and would not be printed there. */
  private readonly stray: Note[] = [];

  /** Warns of something that concerns the whole process, once in it. */
  warn(text: string): void {
    if (warned.has(text)) return;
    warned.add(text);
    this.pending.push({ level: "warn", text });
  }

  /** Says something of a construct. */
  add(scope: IConstruct, notes: readonly Note[]): void {
    if (notes.length === 0 && this.pending.length === 0) return;
    for (const { level, text } of [...this.pending.splice(0), ...notes]) {
      const message = printableLines(text);
      scope.node.addMetadata(`@cdktf/${level}`, message);
      if (!scope.node.scopes.some(isStack)) this.stray.push({ level, text: message });
    }
  }

  /** Says in a stack what would not be printed elsewhere, and what only a whole run shows. */
  complete(stack: IConstruct, environments: readonly EnvironmentPins[]): void {
    this.add(stack, [...this.stray.splice(0), ...environments.flatMap(hintAtRename)]);
  }
}

/** Where a new pin came while another one is asked for no longer, a lookup may have been renamed. */
function hintAtRename(pins: EnvironmentPins): Note[] {
  const { environment, asked, gained } = pins;
  if (gained.size === 0) return [];
  const locked = [...(pins.lockFile?.pins.keys() ?? [])];
  const taken = [...gained.keys()].filter((name) => !locked.includes(name));
  const left = locked.filter((name) => !asked.has(name));
  const [to] = taken;
  const [from] = left;
  if (to === undefined || from === undefined) return [];
  const { renameCommand } = require("../pins/advice") as typeof import("../pins/advice");
  return [
    {
      level: "warn",
      text: `Environment "${environment.name}" got ${named(taken)}, and ${named(left)} ${left.length === 1 ? "is" : "are"} asked for no longer. If a lookup was renamed, let its pin keep images, dates and history: ${renameCommand(from, to)}`,
    },
  ];
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  return `${names.length === 1 ? "pin" : "pins"} ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
