import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentConfig } from "cdktf-huaweicloud-workspace-images";
import { ROOT, run } from "../test/support/project";

export { ROOT };

/** What was measured, and whether it is within its budget. */
export interface Measurement {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
  readonly ok: boolean;
}

/** Within the repository, where the packages are found. */
const FOLDER = join(ROOT, ".bench");

/** Runs benchmarks in variables that say nothing of this machine, and removes what they leave. */
export async function inCleanSurroundings(work: () => Promise<void>): Promise<void> {
  for (const name of Object.keys(process.env)) {
    if (/^(HW_|WORKSPACE_IMAGES_|CI$|NODE_DEBUG$|NODE_OPTIONS$)/.test(name)) delete process.env[name];
  }
  process.env.CHECKPOINT_DISABLE = "1";
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  try {
    await work();
  } finally {
    process.chdir(ROOT);
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

/** A folder of its own. */
export function newFolder(): string {
  return mkdtempSync(join(FOLDER, "of-"));
}

/** A project with environments, made the current folder: the library reads it from there. */
export function enterProject(
  environments: Readonly<Record<string, EnvironmentConfig>>,
  cdktfJson: object = {},
): string {
  const directory = newFolder();
  writeFileSync(
    join(directory, "cdktf.json"),
    JSON.stringify({ ...cdktfJson, context: { workspaceImages: { environments } } }),
  );
  process.chdir(directory);
  return directory;
}

/** Runs Node to its good end, and gives what it printed on standard output. */
export async function runNode(
  args: readonly string[],
  { cwd = ROOT, variables = {} }: { cwd?: string; variables?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd, variables });
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * What several things take, ms, round by round. They take turns, so that a slow moment of the machine meets all of
 * them; the first round does not count.
 */
async function timesOf<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => unknown>>,
): Promise<ReadonlyMap<Name, readonly number[]>> {
  const names = Object.keys(things) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const started = performance.now();
      const given = await things[name]();
      // What measures itself gives its time.
      const time = typeof given === "number" ? given : performance.now() - started;
      if (round > 0) times.get(name)!.push(time);
    }
  }
  return times;
}

/** Medians of what several things take, ms. */
export async function medians<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => unknown>>,
): Promise<Record<Name, number>> {
  const times = await timesOf(rounds, things);
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)])) as Record<Name, number>;
}

/**
 * How much longer one thing takes than another that it is built on: medians of what each round differed by, which
 * the machine's slow minutes change least.
 */
export async function compare(rounds: number, one: () => unknown, other: () => unknown) {
  const times = await timesOf(rounds, { one, other });
  const [ones, others] = [times.get("one")!, times.get("other")!];
  return {
    difference: median(ones.map((time, round) => time - others[round]!)),
    ratio: median(ones.map((time, round) => time / others[round]!)),
    one: median(ones),
    other: median(others),
  };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
