import pc from "picocolors";
import type { Environment } from "../environment";
import { type LockedPlace, type Pin, updateLockFile } from "../lock-file";
import type { Move, Pins } from "../pinning";
import type { Answer } from "./environments";
import { print, report, shortImages } from "./output";

/** What a moved pin does to each kind of resource that uses it (provider 1.97.1). */
const CONSEQUENCES = `What a new image does when Terraform applies it:
  huaweicloud_workspace_desktop           rebuilt in place: the system disk is reinstalled
  huaweicloud_workspace_desktop_pool      cannot be updated: the plan fails, or the pool is
                                          replaced where the provider has enable_force_new
  huaweicloud_workspace_app_image_server  replaced
  huaweicloud_workspace_app_server_group  updated in place`;

/** Moves as `--json` shows them. */
export function movesForJson(moves: ReadonlyMap<string, Move>): Record<string, Move> {
  return Object.fromEntries(moves);
}

/** Moves for people: old → new. */
export function describeMoves(moves: ReadonlyMap<string, Move>): string {
  return [...moves]
    .map(([name, { from, to }]) => `  ${pc.bold(name)}\n    - ${shortImages(from)}\n    + ${shortImages(to)}`)
    .join("\n");
}

/** Writes moved pins, unless it is a dry run, and gives what moved. */
export function move(
  pins: Pins,
  moved: Pins,
  target: { directory: string; environment: Environment; place: LockedPlace; dryRun: boolean | undefined },
): Map<string, Move> {
  if (!target.dryRun && moved.size > 0) {
    updateLockFile(target.directory, target.environment, target.place, (current) => {
      for (const [name, pin] of moved) current.set(name, pin);
    });
  }
  return new Map(
    [...moved].map(([name, { images }]) => [name, { from: pins.get(name)?.images ?? [], to: images }]),
  );
}

/** Reports what moved, and what that does when it is applied. */
export function reportMoves(
  answers: ReadonlyMap<string, Answer<ReadonlyMap<string, Move>>>,
  { json, dryRun }: { json?: boolean | undefined; dryRun?: boolean | undefined },
): void {
  report(answers, {
    asJson: json,
    json: movesForJson,
    text: (moves, environment) =>
      moves.size === 0
        ? `${environment}: nothing to move`
        : `${environment}: ${moves.size} ${dryRun ? "would move" : "moved"}\n${describeMoves(moves)}`,
  });
  const any = [...answers.values()].some((answer) => "value" in answer && answer.value.size > 0);
  if (!json && any) print(`\n${CONSEQUENCES}`);
}

/** The pins named, or all. */
export function choose(pins: Pins | undefined, names: readonly string[]): Map<string, Pin> {
  return new Map([...(pins ?? [])].filter(([name]) => names.length === 0 || names.includes(name)));
}
