import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { ConfigurationError } from "../errors";
import type { WorkspaceImage } from "../images/workspace-image";
import { changeCommands, describeCommands } from "../pins/change-command";
import { readFileLookups } from "../pins/file-lookups";
import { type History, type HistoryEvent, readHistory } from "../pins/history";
import { describeChange, hasSameIds, type Pin } from "../pins/pin";
import { readRevocations } from "../pins/revoked";
import { readEnvironments } from "../project/environments";
import { findProject } from "../project/project";
import { groupBy } from "../text/group-by";
import { jsonInPieces } from "../text/json";
import { choose as chooseNames, isAmong } from "../text/pattern";
import { printable } from "../text/printable";
import { filterTime, formatTime } from "../text/time";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { untilInterrupted } from "./interruption";
import { count, wrap } from "./layout";
import { colors, print, printWarning, withProgress } from "./output";

interface HistoryOptions extends CommonOptions {
  readonly since?: number;
  readonly html?: string;
}

/**
 * `workspace-images history [pin…]`: who moved what when.
 * @lazy
 */
export function historyCommand(): Command {
  return withCommonOptions(new Command("history"))
    .summary("show who moved which pin when, from git")
    .argument("[pin...]", "pins or patterns to follow, by any name that they had (default: all)")
    .option("--since <date>", "from this day on, such as 2026-11-01", since)
    .addOption(
      new Option("--html <file>", "write a page with a picture of pins and environments over time").conflicts(
        "json",
      ),
    )
    .description(
      "Shows what happened to pins in the commits of the branch that is checked out: when and with which commit it came in, and by whom. Renamed pins and environments are followed. Asks no service.",
    )
    .addHelpText(
      "after",
      `
Examples:
  workspace-images history office-windows --env prod
  workspace-images history --since 2026-01-01 --html history.html`,
    )
    .action((names: string[], { env, json, since: from, html }: HistoryOptions) =>
      untilInterrupted(async (signal) => {
        const project = findProject();
        const { directory } = project;
        const environments = readEnvironments(project);
        const history = await withProgress("Reading the history", readHistory({ directory, signal }));
        if (history.isShallow)
          printWarning("Older commits were not fetched, so that history begins late: git fetch --unshallow.");
        requireEnvironments(history, environments.keys(), env);
        const events = choose(history, names, env).filter(
          ({ commit }) => from === undefined || commit.time >= from,
        );
        const isWithoutApp = readFileLookups(project) !== undefined;
        const commandsOf: CommandsOf = (event) => {
          const source = environments.get(event.lane?.environment ?? "")?.promotion?.from;
          return changeCommands(event, { lanes: history.lanes, source, isWithoutApp });
        };
        if (html !== undefined) {
          const { historyPage } = require("./history-page") as typeof import("./history-page");
          const lanes = new Set(events.flatMap(({ lane }) => lane ?? []));
          const isAll = names.length === 0 && env === undefined;
          const shown = history.lanes.filter((lane) => isAll || lanes.has(lane));
          const revocations = readRevocations(directory);
          writePage(
            html,
            historyPage({ events, lanes: shown, commandsOf, revocations, now: new Date(), from }),
          );
          print(`Wrote ${html}.`);
        } else if (json) {
          print(jsonInPieces(eventsForJson(events, commandsOf)));
        } else {
          print(events.length > 0 ? eventsText(events, commandsOf) : "Nothing happened to pins.");
        }
      }),
    );
}

/** The commands that may be behind an event, step by step. */
type CommandsOf = (event: HistoryEvent) => string[][];

function since(text: string): number {
  const time = filterTime(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError(
    "It must be a day such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z.",
  );
}

function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such folder" : message;
    throw new ConfigurationError(`--html ${printable(file)} cannot be written: ${why}.`, { cause });
  }
}

/**
 * A misspelt environment must not pass for one in which nothing happened.
 * @param configured the environments of now
 */
function requireEnvironments(
  { events }: History,
  configured: Iterable<string>,
  wanted: readonly string[] = [],
): void {
  const known = new Set([...configured, ...events.flatMap(environmentsOf)]);
  const { unknown } = chooseNames(known, wanted);
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    `There is no environment "${unknown[0]}", neither now nor in git. Environments: ${[...known].join(", ") || "none"}.`,
  );
}

/** What happened to pins and in environments that have, or had, these names. */
function choose(
  { events }: History,
  names: readonly string[],
  environments: readonly string[] | undefined,
): HistoryEvent[] {
  const chosen = events.filter((event) => {
    const isPin = names.length === 0 || namesOf(event).some((name) => isAmong(name, names));
    const isEnvironment =
      environments === undefined || environmentsOf(event).some((name) => isAmong(name, environments));
    return isPin && isEnvironment;
  });
  const lanes = new Set(chosen.flatMap(({ lane }) => lane ?? []));
  const missing = names.filter(
    (name) => !events.some((event) => namesOf(event).some((known) => isAmong(known, [name]))),
  );
  if (missing.length > 0) {
    const known = [...new Set(events.flatMap(namesOf))].sort();
    throw new ConfigurationError(
      `git knows no pin ${missing.join(", ")}. Pins: ${known.join(", ") || "none"}.`,
    );
  }
  // A pin is followed under the names that it had before and after.
  return events.filter((event) => chosen.includes(event) || (event.lane && lanes.has(event.lane)));
}

function namesOf({ change, lane }: HistoryEvent): string[] {
  return [change?.pin, change?.was, lane?.pin].filter((name) => name !== undefined);
}

function environmentsOf({ environment, origin, lane }: HistoryEvent): string[] {
  return [environment, origin?.environment, lane?.environment].filter((name) => name !== undefined);
}

/** Newest first, commit by commit. */
function eventsText(events: readonly HistoryEvent[], commandsOf: CommandsOf): string {
  const commits = groupBy(events.toReversed(), ({ commit }) => commit);
  return [...commits]
    .map(([commit, ofCommit]) => {
      const authors = [...new Set(ofCommit.map(({ by }) => by.author))].join(", ");
      const head = `${time(commit.time)}  ${colors.yellow(commit.id.slice(0, 10))}  ${printable(authors)}`;
      const lines = ofCommit.toReversed().map((event) => eventText(event, commandsOf(event)));
      return `${head}\n${wrap(printable(ofCommit[0]!.by.subject), "  ")}\n${lines.join("\n")}`;
    })
    .join("\n\n");
}

function time(ms: number): string {
  return formatTime(new Date(ms))!.replace("T", " ").slice(0, 16);
}

function eventText({ environment, change, origin, gap }: HistoryEvent, commands: string[][]): string {
  if (gap !== undefined)
    return wrap(`${environment}: ${colors.red("not readable")}: ${printable(gap)}`, "    ");
  const by = describeCommands(commands);
  if (origin)
    return `    ${environment}: ${origin.isCopy ? "copied" : "renamed"} from ${origin.environment}${by}`;
  const { pin, was, what, before, after } = change!;
  const name = was === undefined ? printable(pin) : `${printable(was)} → ${printable(pin)}`;
  const details = [
    ...(hasOtherImages(before, after) || what.includes("pinned") || what.includes("dropped")
      ? [...imageLines("-", before), ...imageLines("+", after)]
      : []),
    ...(what.includes("asks otherwise") ? [describeChange(before!, after!)] : []),
    ...(what.includes("held") ? [`hold: ${after!.hold!.reason}`] : []),
    ...(after?.override && after.override.since !== before?.override?.since
      ? [`against a policy: ${after.override.reason}`]
      : []),
  ];
  return [
    `    ${environment}: ${colors.bold(name)} ${what.join(", ")}${by}`,
    ...details.map((line) => wrap(printable(line), "      ")),
  ].join("\n");
}

function hasOtherImages(before: Pin | undefined, after: Pin | undefined): boolean {
  return before !== undefined && after !== undefined && !hasSameIds(before.images, after.images);
}

function imageLines(sign: string, pin: Pin | undefined): string[] {
  const { images = [] } = pin ?? {};
  const shown = images.slice(0, 5).map((image) => `${sign} ${imageName(image)}`);
  return images.length > 5 ? [...shown, `${sign} and ${count(images.length - 5, "other image")}`] : shown;
}

function imageName({ id, name }: WorkspaceImage): string {
  return printable(name === undefined ? id : `${name} (${id})`);
}

/** By environment, oldest first. */
function eventsForJson(events: readonly HistoryEvent[], commandsOf: CommandsOf) {
  const byEnvironment = groupBy(events, ({ environment }) => environment);
  return Object.fromEntries(
    [...byEnvironment].map(([environment, ofEnvironment]) => [
      environment,
      ofEnvironment.map((event) => eventForJson(event, commandsOf(event))),
    ]),
  );
}

function eventForJson({ commit, by, change, origin, gap }: HistoryEvent, commands: string[][]) {
  const { before, after } = change ?? {};
  return {
    time: formatTime(new Date(commit.time)),
    commit: commit.id,
    author: by.author,
    subject: by.subject,
    ...(by !== commit && { branchCommit: by.id }),
    ...(gap !== undefined && { gap }),
    ...(origin && { [origin.isCopy ? "copiedFrom" : "renamedFrom"]: origin.environment }),
    ...(commands.length > 0 && { commands }),
    ...(change && {
      pin: change.pin,
      ...(change.was !== undefined && { was: change.was }),
      what: change.what,
      ...(before && { from: stateForJson(before) }),
      ...(after && { to: stateForJson(after) }),
    }),
  };
}

function stateForJson({ filter, pinnedAt, images, hold, override }: Pin) {
  return {
    filter,
    pinnedAt,
    images: images.map(({ id, name }) => ({ id, ...(name !== undefined && { name }) })),
    ...(hold && { hold }),
    ...(override && { override }),
  };
}
