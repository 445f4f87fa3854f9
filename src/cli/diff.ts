import { Command } from "commander";
import { ConfigurationError, LockFileError } from "../errors";
import { commitOf } from "../pins/git";
import type { GitFolder } from "../pins/git-process";
import { readHistory } from "../pins/history";
import { type LockFile, readLockFile } from "../pins/lock-file";
import { describeChange, type Pin } from "../pins/pin";
import type { PinChange } from "../pins/pin-changes";
import type { Objection } from "../pins/policy";
import { type ReviewedEnvironment, reviewEnvironment, reviewMoves } from "../pins/review";
import { lockFilesAt, policiesAt } from "../pins/revision";
import { readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { findProject } from "../project/project";
import { codeSpan, markdownTable } from "../text/markdown";
import { choose } from "../text/pattern";
import { printable } from "../text/printable";
import { type Affects, type CountedMove, countAffected, describeAffects, notCountedText } from "./affected";
import { type Answer, answering, report, sections } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { describeMove, describeObjection, pinHeading, replacesImage } from "./describe-moves";
import { untilInterrupted } from "./interruption";
import { wrap } from "./layout";
import { colors } from "./output";

interface DiffOptions extends CommonOptions {
  readonly markdown?: boolean;
  readonly check?: boolean | undefined;
}

/** What happened to an environment, and what policies have against it. */
interface Reviewed extends ReviewedEnvironment {
  readonly objections: ReadonlyMap<string, readonly Objection[]>;
}

/** What moves did to the resources of what was synthesized, by the change that moved. */
type AffectsOf = ReadonlyMap<PinChange, Affects>;

/**
 * `workspace-images diff [revision]`: pins between a commit and now.
 * @lazy
 */
export function diffCommand(): Command {
  return withCommonOptions(new Command("diff"))
    .summary("show what changed in pins since a commit")
    .argument("[revision]", "commit, branch or tag to compare with", "HEAD")
    .option("--markdown", "print Markdown, as for a comment on a change")
    .option("--check", "judge every move by the policies that stand in the revision")
    .description(
      "Shows what changed in the pins of every environment between a commit and now, committed or not, and what a moved image does to how many resources, where something was synthesized. With --check, exit code 1 if a move since then is against the policies as they stand in that commit, whoever made it: promotion, least age, holds, revoked images. Asks no service.",
    )
    .addHelpText(
      "after",
      `
Examples:
  workspace-images diff
  workspace-images diff origin/main --check
  workspace-images diff origin/main --check --markdown > comment.md`,
    )
    .action((revision: string, { env, json, markdown, check }: DiffOptions) =>
      untilInterrupted(async (signal) => {
        if (json && markdown) throw new ConfigurationError("Give either --json or --markdown, not both.");
        const git = { directory: findProject().directory, signal };
        const commit = await commitOf(git, revision);
        const answers = await review(git, commit, { env, check });
        const affects = affectsOf(answers);
        const text = markdown
          ? (values: ReadonlyMap<string, Reviewed>) => markdownOf(values, affects, commit, check)
          : sections((reviewed: Reviewed, name) => environmentText(reviewed, name, affects));
        report(answers, {
          asJson: json,
          json: (reviewed) => environmentForJson(reviewed, affects),
          text,
          no: ({ objections }) => objections.size > 0,
        });
      }),
    );
}

async function review(
  git: GitFolder,
  commit: string,
  { env, check }: Pick<DiffOptions, "env" | "check">,
): Promise<Map<string, Answer<Reviewed>>> {
  const { directory } = git;
  const configured = readEnvironments(findProject());
  const base = await lockFilesAt(git, commit);
  const current = new Map<string, LockFile | LockFileError | undefined>();
  for (const name of new Set([...configured.keys(), ...base.keys()]))
    current.set(name, readNow(directory, configured.get(name) ?? { name }));
  const wanted = choose(current.keys(), env ?? [...current.keys()]);
  if (wanted.unknown.length > 0) {
    throw new ConfigurationError(
      `There is no environment "${wanted.unknown[0]}", neither now nor in ${commit.slice(0, 10)}. Environments: ${[...current.keys()].join(", ")}.`,
    );
  }
  const lockFiles = new Map(
    [...current].filter((entry): entry is [string, LockFile] => isLockFile(entry[1])),
  );
  const removed = new Map(
    [...base].filter((entry): entry is [string, LockFile] => isLockFile(entry[1]) && !current.get(entry[0])),
  );
  const judge = check ? await judgeBy(git, commit, configured, lockFiles) : undefined;
  const renamed = new Set<string>();
  const answers = await answering(
    [...wanted.chosen].map((name) => [name, name]),
    (name): Reviewed => {
      const [before, after] = [base.get(name), current.get(name)];
      for (const file of [before, after]) if (file instanceof LockFileError) throw file;
      const reviewed = reviewEnvironment(name, before as LockFile, after as LockFile, removed);
      if (reviewed.was !== undefined) renamed.add(reviewed.was);
      return { ...reviewed, objections: judge?.(reviewed) ?? new Map() };
    },
  );
  // An environment that was renamed is shown under its new name alone.
  for (const name of renamed) answers.delete(name);
  return answers;
}

async function judgeBy(
  git: GitFolder,
  commit: string,
  environments: ReadonlyMap<string, Environment>,
  lockFiles: ReadonlyMap<string, LockFile>,
) {
  const { directory } = git;
  const [base, history] = await Promise.all([policiesAt(git, directory, commit), readHistory(git, commit)]);
  const current = { environments, revocations: readRevocations(directory) };
  return (reviewed: ReviewedEnvironment) =>
    reviewMoves(reviewed, { base, current, history, lockFiles, now: new Date() });
}

function isLockFile(file: LockFile | LockFileError | undefined): file is LockFile {
  return file !== undefined && !(file instanceof LockFileError);
}

function readNow(directory: string, environment: Environment): LockFile | LockFileError | undefined {
  try {
    return readLockFile(directory, environment);
  } catch (error) {
    if (error instanceof LockFileError) return error;
    throw error;
  }
}

/** Counts what moves did, where something was synthesized to count in: before them, or after. */
function affectsOf(answers: ReadonlyMap<string, Answer<Reviewed>>): AffectsOf {
  const moves = new Map<CountedMove, PinChange>();
  for (const answer of answers.values()) {
    if (!("value" in answer)) continue;
    const { environment, was: wasEnvironment = environment, changes } = answer.value;
    for (const change of changes) {
      const { pin, was = pin, before, after, what } = change;
      if (!before || !after || what.includes("copied")) continue;
      const move = { environment, pin, was: { environment: wasEnvironment, pin: was } };
      const { images: to, cardinality } = after;
      const counted = { ...move, from: before.images, to, cardinality, current: after };
      if (replacesImage(counted)) moves.set(counted, change);
    }
  }
  const counted = countAffected(findProject(), [...moves.keys()]);
  return new Map([...counted].map(([move, affects]) => [moves.get(move)!, affects]));
}

function environmentText({ was, changes, objections }: Reviewed, environment: string, affects: AffectsOf) {
  const name = was === undefined ? environment : `${was} → ${environment}`;
  if (changes.length === 0) return `${name}: no pin changed`;
  const lines = changes.map((change) => changeText(change, objections.get(change.pin) ?? [], affects));
  return [`${name}:`, ...lines].join("\n");
}

function changeText(change: PinChange, objections: readonly Objection[], affects: AffectsOf): string {
  const { pin, was, what, before, after } = change;
  const lines = [pinHeading(was === undefined ? pin : `${was} → ${pin}`, colors.yellow(what.join(", ")))];
  if (hasMoved(change)) lines.push(describeMove({ from: before?.images ?? [], to: after?.images ?? [] }));
  lines.push(
    ...[...affectsNotes(change, affects), ...notes(change)].map((note) => wrap(printable(note), "    ")),
    ...objections.map(describeObjection),
  );
  return lines.join("\n");
}

function hasMoved({ what }: PinChange): boolean {
  return what.some((one) => ["pinned", "dropped", "moved", "moved back", "renewed"].includes(one));
}

function affectsNotes(change: PinChange, affects: AffectsOf): string[] {
  const counted = affects.get(change);
  return counted ? [describeAffects(counted), notCountedText(counted)].filter(Boolean) : [];
}

/** What is to be said of a change beside its images. */
function notes({ what, before, after }: PinChange): string[] {
  return [
    ...(what.includes("asks otherwise") ? [describeChange(before!, after!)] : []),
    ...(after?.unmet && what.includes("asks otherwise")
      ? [`not met by its image: ${after.unmet.join(", ")}`]
      : []),
    ...(what.includes("held") ? [`held: ${after!.hold!.reason}`] : []),
    ...(after?.override && after.override.since !== before?.override?.since
      ? [`against a policy: ${after.override.reason}`]
      : []),
  ];
}

function markdownOf(
  values: ReadonlyMap<string, Reviewed>,
  affects: AffectsOf,
  commit: string,
  check: boolean | undefined,
): string {
  const changed = [...values].filter(([, { changes }]) => changes.length > 0);
  if (changed.length === 0) return `No pin changed since ${codeSpan(commit.slice(0, 10))}.`;
  const tables = changed.map(([environment, { was, changes, objections }]) => {
    const does = changes.map((change) => affectsNotes(change, affects).map(codeSpan).join(", "));
    const isCounted = does.some(Boolean);
    const rows = changes.map((change, at) => [
      ...changeMarkdown(change),
      ...(isCounted ? [does[at]!] : []),
      ...(check ? [objectionsMarkdown(objections.get(change.pin) ?? [])] : []),
    ]);
    const name = was === undefined ? codeSpan(environment) : `${codeSpan(was)} → ${codeSpan(environment)}`;
    const head = [
      "Pin",
      "What",
      "Before",
      "Now",
      ...(isCounted ? ["Resources"] : []),
      ...(check ? ["Policies"] : []),
    ];
    return `**${name}**\n\n${markdownTable(head, rows)}`;
  });
  return `### Pins changed since ${codeSpan(commit.slice(0, 10))}\n\n${tables.join("\n\n")}`;
}

function changeMarkdown(change: PinChange): string[] {
  const { pin, was, what, before, after } = change;
  return [
    was === undefined ? codeSpan(pin) : `${codeSpan(was)} → ${codeSpan(pin)}`,
    [what.join(", "), ...notes(change).map(codeSpan)].join(": "),
    imagesMarkdown(before),
    imagesMarkdown(after),
  ];
}

function objectionsMarkdown(objections: readonly Objection[]): string {
  return objections.map(({ message }) => `**no**: ${codeSpan(message)}`).join(", ") || "in order";
}

/** The first images, so that a comment does not grow without end. */
function imagesMarkdown(pin: Pin | undefined): string {
  if (!pin) return "";
  const { images } = pin;
  const shown = images
    .slice(0, 5)
    .map(({ id, name }) => codeSpan(name === undefined ? id : `${name} (${id})`));
  return [...shown, ...(images.length > 5 ? [`and ${images.length - 5} more`] : [])].join(", ") || "no image";
}

function environmentForJson({ was, changes, objections }: Reviewed, affects: AffectsOf) {
  return {
    ...(was !== undefined && { was }),
    changes: changes.map((change) => ({
      ...change,
      ...(affects.has(change) && { affects: affects.get(change) }),
      ...(objections.has(change.pin) && { objections: objections.get(change.pin) }),
    })),
  };
}
