import { LockFileError } from "../errors";
import { type LockedPlace, lockFileName, updateLockFile } from "../pins/lock-file";
import type { Move, Prospect } from "../pins/moves";
import type { PinEdits, Pins } from "../pins/pin";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { printableLines } from "../text/printable";
import { affectedText, type CountedMove, countAffected } from "./affected";
import { type Answer, report, sections, thenEach } from "./answers";
import { describeLeft, describeMoves, replacesImage } from "./describe-moves";
import { count, wrap } from "./layout";
import { print } from "./output";

/** What one environment's pins are to become. */
export interface PlannedMoves {
  readonly project: Project;
  readonly environment: Environment;
  /** Where that is; undefined where nothing moves. */
  readonly place: LockedPlace | undefined;
  /** The pins as they were read. */
  readonly before: Pins;
  /** The pins that move. */
  readonly moved: Pins;
  /** Those that stay where they are, although there are other images for them. */
  readonly left?: ReadonlyMap<string, Prospect>;
  /** What else people should know. */
  readonly notes?: readonly string[];
  /** What to say where none moves. */
  readonly otherwise: string;
}

/** Writes what was planned, unless it is a dry run, and reports it. Asks nothing. */
export function carryOut(
  plans: ReadonlyMap<string, Answer<PlannedMoves>>,
  { json, dryRun }: { readonly json?: boolean | undefined; readonly dryRun?: boolean | undefined },
  verb: "moved" | "pinned" = "moved",
): void {
  const answers = writeChanges(plans, ({ moved }) => moved, dryRun);
  const moves = new Map(
    [...answers.values()].flatMap((answer) =>
      "value" in answer ? [[answer.value, movesOf(answer.value)] as const] : [],
    ),
  );
  const replacing = [...moves.values()].flatMap((named) => [...named.values()].filter(replacesImage));
  const [{ project } = {}] = moves.keys();
  const affects = project ? countAffected(project, replacing) : new Map();
  report(answers, {
    asJson: json,
    json: (plan) => {
      const moved = [...moves.get(plan)!].map(([name, move]) => {
        const { from, to } = move;
        return [name, { from, to, ...(affects.has(move) && { affects: affects.get(move) }) }];
      });
      const left = [...(plan.left ?? [])].map(([name, { before, images, objections }]) => {
        return [name, { from: before?.images ?? [], to: images, left: objections }];
      });
      return Object.fromEntries([...moved, ...left]);
    },
    text: sections((plan, environment) => {
      const { moved, left = new Map(), notes = [], otherwise } = plan;
      const remarks = notes.map((note) => wrap(printableLines(note), "  "));
      if (moved.size === 0 && left.size === 0) return [`${environment}: ${otherwise}`, ...remarks].join("\n");
      const title = titleOf([...moves.get(plan)!.values()], verb, dryRun ? undefined : environment);
      const stays = left.size > 0 ? `, ${left.size} left as ${left.size === 1 ? "it is" : "they are"}` : "";
      const parts = [describeMoves(moves.get(plan)!), describeLeft(left), ...remarks].filter(Boolean);
      return `${environment}: ${title}${stays}\n${parts.join("\n")}`;
    }),
  });
  if (!json && replacing.length > 0) print(`\n${affectedText(affects)}`);
}

/** How many pins get images, and how many only another question. */
function titleOf(moves: readonly Move[], verb: "moved" | "pinned", writtenIn: string | undefined): string {
  const isWritten = writtenIn !== undefined;
  const asked = moves.filter(({ isKept }) => isKept).length;
  const imaged = moves.length - asked;
  const does = isWritten ? verb : { moved: "would move", pinned: "would be pinned" }[verb];
  const parts = [
    ...(imaged > 0 ? [`${count(imaged, "pin")} ${does}`] : []),
    ...(asked > 0 ? [`${count(asked, "question")} ${isWritten ? "" : "would be "}recorded`] : []),
  ];
  if (parts.length === 0) return "no pin moved";
  return `${parts.join(", ")}${isWritten ? ` in ${lockFileName(writtenIn)}` : ""}`;
}

/** The pins of an environment that something is planned for. */
type Planned = Pick<PlannedMoves, "project" | "environment" | "place" | "before">;

/** Writes what was planned, unless it is a dry run. What cannot be written is an error of its environment. */
export function writeChanges<P extends Planned>(
  plans: ReadonlyMap<string, Answer<P>>,
  changesOf: (plan: P) => PinEdits,
  dryRun: boolean | undefined,
): ReadonlyMap<string, Answer<P>> {
  if (dryRun) return plans;
  return thenEach(plans, (plan) => {
    write(plan, changesOf(plan));
    return plan;
  });
}

/**
 * What another process changed meanwhile is not overwritten.
 * @throws LockFileError if one was, or the file cannot be written
 */
function write({ project, environment, place, before }: Planned, changes: PinEdits): void {
  if (!place || changes.size === 0) return;
  updateLockFile(project.directory, environment, place, (current) => {
    for (const [name, pin] of changes) {
      if (JSON.stringify(current.get(name)) !== JSON.stringify(before.get(name))) {
        throw new LockFileError(
          `${lockFileName(environment.name)}: pin "${name}" was changed by another process meanwhile. No pin was changed; run the same command again.`,
        );
      }
      if (pin) current.set(name, pin);
      else current.delete(name);
    }
  });
}

function movesOf({ environment, before, moved }: PlannedMoves): Map<string, CountedMove> {
  return new Map(
    [...moved].map(([pin, { images: to, cardinality, pinnedAt }]) => {
      const current = before.get(pin);
      const from = current?.images ?? [];
      const isKept = current?.pinnedAt === pinnedAt;
      return [pin, { environment: environment.name, pin, from, to, isKept, cardinality, current }];
    }),
  );
}
