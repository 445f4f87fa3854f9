import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { ConfigurationError, LockFileError } from "../errors";
import {
  contentsOf,
  findCommit,
  type GitCommit,
  markResolved,
  sidesOfConflict,
  type UnmergedFile,
  unmergedFiles,
} from "../pins/git";
import type { GitFolder } from "../pins/git-process";
import { LOCK_FILE_PATH, LOCK_FOLDER, lockFileName } from "../pins/lock-file";
import { describeConflict } from "../pins/lock-file-damage";
import { type LockFile, MAX_LOCK_FILE, parseLockFile, serializeLockFile } from "../pins/lock-file-format";
import type { Pin } from "../pins/pin";
import { type OpenPin, type Resolution, resolveConflict, type Side } from "../pins/resolve-conflict";
import { withFileMutex } from "../project/atomic-file";
import { findProject } from "../project/project";
import { readBounded } from "../project/read-file";
import { isAmong } from "../text/pattern";
import { printable } from "../text/printable";
import { shellCommand } from "../text/shell";
import { type Answer, answering, report, sections } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { untilInterrupted } from "./interruption";
import { count } from "./layout";
import { colors, print } from "./output";

const SIDES = ["ours", "theirs"] as const satisfies readonly Side[];

/** What somebody decided on a pin. */
interface Decision {
  readonly pin: string;
  readonly revision: string;
}

/** The commits of both sides, where git names them. */
type Commits = Record<Side, GitCommit | undefined>;

/** `workspace-images resolve`: merges lock files that are in a merge conflict. */
export function resolveCommand(): Command {
  return withCommonOptions(new Command("resolve"))
    .summary("merge lock files that are in a merge conflict")
    .option(
      "--take <pin=commit>",
      "for a pin that is asked about, the side to take, by its commit; repeatable",
      decision,
    )
    .description(
      "Merges the lock files that a merge, rebase, cherry-pick or stash left in conflict, from both sides as git's index has them, and tells the index. Question, images and hold of a pin are merged each by itself: the side that changed something wins. Pins that were moved on both sides, moved on one and held on the other, or dropped on one and changed on the other are asked about (exit code 1); their file stays in conflict until --take says which side it is.",
    )
    .addHelpText(
      "after",
      `
A side is named by any revision of its commit: HEAD, a branch, or the ID that is
shown; "ours" and "theirs" work too, and mean what git means by them.
Asks no service.

Examples:
  workspace-images resolve
  workspace-images resolve --take office-windows=feature`,
    )
    .action(({ env, json, take = [] }: CommonOptions & { take?: Decision[] }) =>
      untilInterrupted(async (signal) => {
        const { directory } = findProject();
        const git = { directory, signal };
        const files = new Map<string, UnmergedFile>();
        for (const file of await unmergedFiles(git, LOCK_FOLDER)) {
          const environment = LOCK_FILE_PATH.exec(file.path)?.[1];
          if (environment !== undefined && isAmong(environment, env ?? [environment]))
            files.set(environment, file);
        }
        const commits = await sidesOfConflict(git);
        const sides = await sidesTaken(git, take, commits);
        const answers = await answering([...files], async (file, environment) => {
          return resolveConflict({ environment, ...(await readSides(git, file)) }, (pin) => sides.get(pin));
        });
        requireAsked(take, answers);
        const written: string[] = [];
        for (const [environment, answer] of answers) {
          if ("error" in answer || answer.value.open.length > 0) continue;
          write(directory, environment, answer.value.merged);
          written.push(lockFileName(environment));
        }
        if (written.length > 0) await markResolved(git, written);
        const others = environmentsOn(directory).filter((name) => isAmong(name, env ?? [name]));
        for (const environment of others.filter((name) => !files.has(name))) {
          const error = leftMarkers(directory, environment);
          if (error) answers.set(environment, { error });
        }
        report(answers, {
          asJson: json,
          json: ({ merged, open }) => ({
            resolved: open.length === 0,
            pins: merged.pins.size,
            open: open.map((pin) => openForJson(pin, commits)),
          }),
          text: sections((resolution, environment) => resolutionText(resolution, environment, commits)),
          no: ({ open }) => open.length > 0,
        });
        if (!json && answers.size === 0) print("No lock file is in conflict.");
      }),
    );
}

function decision(text: string, decisions: Decision[] = []): Decision[] {
  const at = text.lastIndexOf("=");
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError("It must be a pin and a commit, such as office-windows=HEAD.");
  return [...decisions, { pin: text.slice(0, at), revision: text.slice(at + 1) }];
}

async function sidesTaken(
  git: GitFolder,
  decisions: readonly Decision[],
  commits: Commits,
): Promise<Map<string, Side>> {
  const taken = new Map<string, Side>();
  for (const { pin, revision } of decisions) {
    const id = await findCommit(git, revision);
    const named = SIDES.filter((side) => side === revision || (id !== undefined && commits[side]?.id === id));
    if (named.length !== 1) {
      const known = SIDES.map((side) => labelOf(side, commits)).join(" or ");
      throw new ConfigurationError(
        `--take ${pin}=${revision} names no side of the conflict: it is ${known}.`,
      );
    }
    taken.set(pin, named[0]!);
  }
  return taken;
}

/** A misspelt pin must not pass for one that is decided. */
function requireAsked(
  decisions: readonly Decision[],
  answers: ReadonlyMap<string, Answer<Resolution>>,
): void {
  const pins = new Set(
    [...answers.values()].flatMap((answer) =>
      "value" in answer
        ? [
            ...answer.value.merged.pins.keys(),
            ...answer.value.decided,
            ...answer.value.open.map(({ pin }) => pin),
          ]
        : [],
    ),
  );
  const unknown = decisions.filter(({ pin }) => !pins.has(pin));
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `There is no pin ${unknown.map(({ pin }) => pin).join(", ")} in a lock file that is in conflict. Pins: ${[...pins].sort().join(", ") || "none"}.`,
    );
  }
}

async function readSides(git: GitFolder, file: UnmergedFile) {
  const sides: { base?: LockFile; ours?: LockFile; theirs?: LockFile } = {};
  for (const side of ["base", ...SIDES] as const) {
    const blob = file[side];
    if (blob === undefined) continue;
    for await (const content of contentsOf(git, [blob], MAX_LOCK_FILE)) {
      if ("problem" in content) throw new LockFileError(`${file.path} (${side}) is ${content.problem}.`);
      try {
        sides[side] = parseLockFile(content.text, file.path);
      } catch (cause) {
        throw new LockFileError(
          `The side "${side}" of the conflict cannot be read: ${(cause as Error).message.replace(/\. Restore it.*$/s, "")}. Take the other side whole with git checkout --${side === "ours" ? "theirs" : "ours"} -- ${file.path}, and git add.`,
          { cause },
        );
      }
    }
  }
  return sides;
}

function write(directory: string, environment: string, merged: LockFile): void {
  const path = join(directory, lockFileName(environment));
  try {
    withFileMutex(path, (mutex) => {
      if (merged.pins.size > 0) mutex.replace(serializeLockFile(merged));
      else rmSync(path, { force: true });
    });
  } catch (cause) {
    throw new LockFileError(
      `${lockFileName(environment)} cannot be written: ${(cause as Error).message}. It is still in conflict; mend that and run the same command again.`,
      { cause },
    );
  }
}

function environmentsOn(directory: string): string[] {
  try {
    return readdirSync(join(directory, LOCK_FOLDER)).flatMap(
      (name) => LOCK_FILE_PATH.exec(`${LOCK_FOLDER}/${name}`)?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

/** Says so where markers are left in a file of which git knows no conflict. */
function leftMarkers(directory: string, environment: string): LockFileError | undefined {
  const name = lockFileName(environment);
  let text: string | undefined;
  try {
    text = readBounded(join(directory, name), MAX_LOCK_FILE);
  } catch {
    // The commands that need the file say why it cannot be read.
  }
  if (text === undefined || describeConflict(text) === undefined) return undefined;
  return new LockFileError(
    `${name} has merge-conflict markers, but git has no conflict of it: it was added with them. Bring the conflict back with git checkout --merge -- ${name}, then run this again; if it was committed, take the file from a commit before that.`,
  );
}

function resolutionText({ merged, open }: Resolution, environment: string, commits: Commits): string {
  if (open.length === 0)
    return `${environment}: ${colors.green("resolved")}, ${count(merged.pins.size, "pin")}`;
  const lines = open.flatMap((pin) => [
    `  ${colors.yellow(printable(pin.pin))} was ${REASONS[pin.why]}:`,
    ...SIDES.flatMap((side) => sideLines(pin[side], labelOf(side, commits))),
    `    ${SIDES.map((side) => shellCommand("--take", `${printable(pin.pin)}=${shortId(side, commits)}`)).join("   or   ")}`,
  ]);
  return `${environment}: ${count(open.length, "pin")} to decide on; nothing was written\n${lines.join("\n")}`;
}

const REASONS: Record<OpenPin["why"], string> = {
  moved: "moved on both sides",
  held: "held on one side and moved on the other",
  dropped: "dropped on one side and changed on the other",
};

function sideLines(pin: Pin | undefined, label: string): string[] {
  if (!pin) return [`    ${label}`, "      dropped"];
  const images = pin.images.map(({ id, name }) => (name ? `${printable(name)} (${id})` : id));
  return [
    `    ${label}`,
    ...(images.length > 0 ? images : ["no image"]).map((image) => `      ${image}`),
    `      since ${pin.pinnedAt}${pin.hold ? `, held: ${printable(pin.hold.reason)}` : ""}`,
  ];
}

function labelOf(side: Side, commits: Commits): string {
  const commit = commits[side];
  return commit ? `${shortId(side, commits)} ${printable(commit.subject)}` : side;
}

function shortId(side: Side, commits: Commits): string {
  return commits[side]?.id.slice(0, 10) ?? side;
}

function openForJson({ pin, why, ours, theirs }: OpenPin, commits: Commits) {
  const choice = (side: Side, version: Pin | undefined) => ({
    commit: commits[side]?.id ?? side,
    ...(commits[side] && { subject: commits[side].subject }),
    ...(version
      ? { pinnedAt: version.pinnedAt, images: version.images, ...(version.hold && { hold: version.hold }) }
      : { dropped: true }),
  });
  return { pin, why, choices: [choice("ours", ours), choice("theirs", theirs)] };
}
