import { LockFileError } from "../errors";
import { differences, type WorkspaceImage } from "../images/workspace-image";
import { type LockedPlace, lockFileName, updateLockFile } from "../pins/lock-file";
import type { Move, Outdated } from "../pins/moves";
import type { Pin, Pins } from "../pins/pin";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { printable } from "../text/printable";
import { type Answer, report, sections, thenEach } from "./answers";
import { count, wrap } from "./layout";
import { colors, print } from "./output";

/** What a moved pin does to each kind of resource that uses it (provider 1.97.1). */
const CONSEQUENCES = `What a new image does to a resource when Terraform applies it:
  huaweicloud_workspace_desktop
    rebuilt in place: the system disk is reinstalled. image_type and image_id
    cannot change together with root_volume or data_volume.
  huaweicloud_workspace_desktop_pool
    cannot be updated: the plan fails, or the pool is replaced where the
    provider has enable_force_new.
  huaweicloud_workspace_app_image_server
    replaced.
  huaweicloud_workspace_app_server_group
    updated in place. image_product_id is required where image_type is gold;
    system_disk_size must not be below the image's least disk.`;

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
  /** What to say where none does. */
  readonly otherwise: string;
}

/** Moves as `--json` shows them. */
export function movesForJson(moves: ReadonlyMap<string, Move>): Record<string, Move> {
  return Object.fromEntries([...moves].map(([name, { from, to }]) => [name, { from, to }]));
}

/** Moves for people: what goes, what comes, and which fields that changes. */
export function describeMoves(moves: ReadonlyMap<string, Outdated>): string {
  return [...moves]
    .map(([name, move]) => `  ${colors.bold(printable(name))}\n${describeMove(move)}`)
    .join("\n");
}

/** Writes what was planned, unless it is a dry run, and reports it. Asks nothing. */
export function carryOut(
  plans: ReadonlyMap<string, Answer<PlannedMoves>>,
  { json, dryRun }: { readonly json?: boolean | undefined; readonly dryRun?: boolean | undefined },
): void {
  const answers = dryRun ? plans : thenEach(plans, write);
  report(answers, {
    asJson: json,
    json: (plan) => movesForJson(movesOf(plan)),
    text: sections((plan, environment) => {
      const { moved, otherwise } = plan;
      if (moved.size === 0) return `${environment}: ${otherwise}`;
      const where = dryRun ? "would move" : `moved in ${lockFileName(environment)}`;
      return `${environment}: ${count(moved.size, "pin")} ${where}\n${describeMoves(movesOf(plan))}`;
    }),
  });
  const replacesImages = [...answers.values()].some(
    (answer) => "value" in answer && [...movesOf(answer.value).values()].some(replacesImage),
  );
  if (!json && replacesImages) print(`\n${CONSEQUENCES}`);
}

/** The pins named, or all. */
export function choose(pins: Pins | undefined, names: readonly string[]): Map<string, Pin> {
  return new Map([...(pins ?? [])].filter(([name]) => names.length === 0 || names.includes(name)));
}

function write(plan: PlannedMoves): PlannedMoves {
  const { project, environment, place, before, moved } = plan;
  if (!place || moved.size === 0) return plan;
  updateLockFile(project.directory, environment, place, (current) => {
    for (const [name, pin] of moved) {
      if (JSON.stringify(current.get(name)) !== JSON.stringify(before.get(name))) {
        throw new LockFileError(
          `${lockFileName(environment.name)}: pin "${name}" was changed by another process meanwhile. No pin was moved; run the same command again.`,
        );
      }
      current.set(name, pin);
    }
  });
  return plan;
}

function movesOf({ before, moved }: PlannedMoves): Map<string, Outdated> {
  return new Map(
    [...moved].map(([name, pin]) => {
      const old = before.get(name);
      return [name, { from: old?.images ?? [], to: pin.images }];
    }),
  );
}

function replacesImage({ from, to }: Move): boolean {
  return from.some(({ id }) => !to.some((image) => image.id === id));
}

function describeMove({ from, to, problem }: Outdated): string {
  if (problem) return [...from.map((image) => imageLines("-", image)), describeProblem(problem)].join("\n");
  const gone = from.filter(({ id }) => !to.some((image) => image.id === id));
  const come = to.filter(({ id }) => !from.some((image) => image.id === id));
  const stay = from.flatMap((old) => to.filter(({ id }) => id === old.id).map((now) => ({ old, now })));
  const changed = stay.filter(({ old, now }) => differences(old, now).length > 0);
  const lines = changed.flatMap(({ old, now }) => [imageLines("~", now), ...describeChanges(old, now)]);
  lines.push(...gone.map((image) => imageLines("-", image)));
  for (const image of come) {
    const old = gone.find(({ name }) => name === image.name) ?? (from.length === 1 ? gone[0] : undefined);
    lines.push(imageLines("+", image), ...(old ? describeChanges(old, image) : []));
  }
  const same = stay.length - changed.length;
  if (lines.length === 0)
    lines.push(from.length > 0 ? "    the same images in another order" : "    no image");
  else if (same > 0) lines.push(`    = ${count(same, "image")} unchanged`);
  return lines.join("\n");
}

function imageLines(mark: "-" | "+" | "~", { id, name, createdAt }: WorkspaceImage): string {
  const paint = { "-": colors.red, "+": colors.green, "~": colors.yellow }[mark];
  const created = createdAt ? `, created ${createdAt.slice(0, 10)}` : "";
  return `    ${paint(`${mark} ${printable(name ?? "unnamed")}`)}\n      ${printable(id + created)}`;
}

/** What differs beside what the lines of two images show. */
function describeChanges(old: WorkspaceImage, now: WorkspaceImage): string[] {
  return differences(old, now)
    .filter((change) => old.id === now.id || !/^(id|name|createdAt) /.test(change))
    .map((change) => wrap(printable(change), "      "));
}

function describeProblem({ message }: Error): string {
  const lines = printable(message)
    .split("\n")
    .map((line) => wrap(line.trimStart(), line.startsWith(" ") ? "        " : "      "));
  return colors.yellow(`    ! ${lines.join("\n").trimStart()}`);
}
