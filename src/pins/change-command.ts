import { isSameRelease } from "./counterpart";
import type { HistoryEvent, Lane } from "./history";
import { isSameQuestion, type Pin } from "./pin";
import type { Happening } from "./pin-changes";

/** What tells commands apart that leave the same lock file behind. */
export interface ChangeContext {
  /** All pins over time. */
  readonly lanes: readonly Lane[];
  /** The environment that images come from alone, by policy. */
  readonly source: string | undefined;
  /** Whether the lookups stand in a file: then there is no app whose synth takes pins. */
  readonly isWithoutApp: boolean;
}

/**
 * What was run for what git knows of a pin: for each step the commands any of which leaves the same behind; where a
 * commit holds several moves of a pin, the last one's. Where its message names one of them, it was that one.
 */
export function changeCommands(event: HistoryEvent, context: ChangeContext): string[][] {
  const said = `${event.by.subject}\n${event.by.body}`.matchAll(/\bworkspace-images ([a-z]+)/g);
  const named = new Set([...said].map(([, command]) => command));
  return stepsOf(event, context).map((possible) => {
    const decided = possible.filter((command) => named.has(command.split(" ")[0]));
    return decided.length > 0 ? decided : possible;
  });
}

/** The same in words, such as `, by update or pin and by hold`; empty where none is known. */
export function describeCommands(steps: readonly (readonly string[])[]): string {
  const texts = steps.map((possible) =>
    possible.length < 3 ? possible.join(" or ") : `${possible.slice(0, -1).join(", ")} or ${possible.at(-1)}`,
  );
  return texts.length > 0 ? `, by ${texts.join(" and by ")}` : "";
}

function stepsOf(event: HistoryEvent, context: ChangeContext): string[][] {
  const { change, origin, isFileGone } = event;
  // That was the command: a lock file that is moved by hand says that it is another environment's, and is not read.
  if (origin) return [[`rename --environment${origin.isCopy ? " --keep" : ""}`]];
  if (!change) return [];
  const { what, after, replaced } = change;
  if (!after) return isFileGone ? [] : [["prune"]];
  const has = (happening: Happening) => what.includes(happening);
  const take = context.isWithoutApp ? ["pin"] : ["synth", "pin"];
  const steps: string[][] = [];
  if (has("pinned"))
    steps.push(after.adopted || after.unmet ? ["pin"] : [...take, ...promotions(event, context)]);
  if (has("copied")) steps.push([...take, "rename --keep"]);
  if (has("renamed"))
    steps.push(["rename", ...(replaced ? [] : take.map((command) => `${command} with prune`))]);
  if (has("moved") || has("moved back")) steps.push(movedBy(event, context));
  else if (has("asks otherwise")) steps.push(take);
  else if (has("renewed")) steps.push(["update", ...promotions(event, context)]);
  if (has("held") && !isRollback(event)) steps.push(["hold"]);
  if (has("released")) steps.push(["hold --release"]);
  return steps;
}

/** Only a rollback holds what it moves, in the same second. */
function isRollback({ change }: HistoryEvent): boolean {
  const { what = [], after } = change ?? {};
  return what.includes("moved back") && after?.hold !== undefined && after.hold.since === after.pinnedAt;
}

function movedBy(event: HistoryEvent, context: ChangeContext): string[] {
  if (isRollback(event)) return ["rollback"];
  const { change, lane } = event;
  const { what, after } = change!;
  const { source } = context;
  const rollback = what.includes("moved back") ? ["rollback"] : [];
  const isAgainstPolicy = after!.override?.since === after!.pinnedAt;
  if (source !== undefined && !isAgainstPolicy && isThereIn(source, event, context))
    return [promotion(source, lane!)];
  // Neither an update nor a promotion takes what the question does not select.
  const isNotSelected = after!.adopted || (after!.unmet && !what.includes("asks otherwise"));
  return isNotSelected ? [...rollback, "pin"] : [...rollback, "update", "pin", ...promotions(event, context)];
}

/** Promotions from the environments that had the same before. */
function promotions(event: HistoryEvent, context: ChangeContext): string[] {
  const { change, lane } = event;
  const { after, what } = change!;
  const isNew = what.includes("pinned");
  const sources = context.lanes.filter(
    ({ environment, pin, spans }) =>
      environment !== lane!.environment &&
      pin === lane!.pin &&
      spans.some(
        (span) =>
          isEarlier(span, event) && isAsOf(span, event) && (!isNew || isSameQuestion(span.state, after!)),
      ),
  );
  return sources.map(({ environment }) => promotion(environment, lane!));
}

/** Whether it was pinned before; what one run pins in several environments has about the same time. */
function isEarlier({ from, state }: Lane["spans"][number], { commit, change }: HistoryEvent): boolean {
  const { pinnedAt } = change!.after!;
  return from === commit ? state.pinnedAt < pinnedAt : state.pinnedAt <= pinnedAt;
}

function promotion(source: string, { environment }: Lane): string {
  return `promote ${source} ${environment}`;
}

function isThereIn(source: string, event: HistoryEvent, { lanes }: ChangeContext): boolean {
  return lanes.some(
    ({ environment, pin, spans }) =>
      environment === source && pin === event.lane!.pin && spans.some((span) => isAsOf(span, event)),
  );
}

/** Whether a pin was elsewhere at the time of a commit what it is here after it. */
function isAsOf({ from, until, state }: Lane["spans"][number], { commit, change }: HistoryEvent): boolean {
  const isThen = from.time <= commit.time && (until === undefined || until.time >= commit.time);
  return isThen && hasSameReleases(state, change!.after!);
}

/** Whether two pins have the same images; another region has them under other IDs. */
function hasSameReleases({ images }: Pin, other: Pin): boolean {
  return (
    images.length === other.images.length &&
    images.every((image) => other.images.some((one) => one.id === image.id || isSameRelease(one, image)))
  );
}
