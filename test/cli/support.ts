import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { oldWindows, recentWindows } from "../support/images";
import { type Ended, ROOT, run, TestProject } from "../support/project";

/** The built command line. */
export const CLI = join(ROOT, "lib/cli/index.js");

/** A project of two environments that get their images from `dev` alone. */
export function projectOfChains(): TestProject {
  const region = "cn-north-4";
  return new TestProject({
    dev: { region },
    "prod-a": { region, promotion: { from: "dev" } },
    "prod-b": { region, promotion: { from: "dev" } },
  });
}

/** An emulator that has an old and a recent image of Windows, and where it has them. */
export async function twoReleases() {
  const emulator = await WorkspaceEmulator.start({ images: { "cn-north-4": [oldWindows, recentWindows] } });
  return { emulator, place: { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") } };
}

/** What a pin that was moved to `recentWindows` had before. */
export const previousOfRecent = [
  { ids: ["old"], names: ["Windows_11_a"], imageType: "gold", until: "2026-01-01T00:00:00Z" },
];

/** A command that goes on while the test does something to it. */
export interface Started {
  readonly child: ChildProcess;
  /** What it printed so far on standard output. */
  output(): string;
  readonly ended: Promise<Ended>;
}

/** Starts a command without waiting for its end. */
export function start(
  project: TestProject,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Started {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: project.directory,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return { child, output: () => stdout, ended };
}

/** Waits until something holds, or fails after a while. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs the command line on a pseudo-terminal, which gets standard output and standard error. */
export function onTerminal(
  project: TestProject,
  command: string,
  variables: Readonly<Record<string, string>> = {},
  columns = 80,
): Promise<Ended> {
  const line = `stty cols ${columns}; "$NODE" "$CLI" ${command}`;
  return run("script", ["-qec", line, "/dev/null"], {
    cwd: project.directory,
    variables: { TERM: "xterm", NODE: process.execPath, CLI, ...variables },
  });
}
