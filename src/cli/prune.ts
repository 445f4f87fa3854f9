import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { readLookups, recordingTo } from "../catalog/lookup-record";
import { AppError, ConfigurationError } from "../errors";
import { lockFileName, updateLockFile } from "../pins/lock-file";
import type { Pin } from "../pins/pin";
import type { Project } from "../project/project";
import { printable } from "../text/printable";
import { answerEach, report, sections, thenEach, withoutPins } from "./answers";
import { type CommonOptions, openProject, withCommonOptions } from "./common-options";
import { untilInterrupted } from "./interruption";
import { count } from "./layout";
import { colors, withProgress } from "./output";
import { pinForJson } from "./pins";

/** Time that the app may take, seconds. */
const TIME_LIMIT = 300;
/** Time that an app may take to end once it is asked to, ms. */
const GRACE = 2000;
/** How much of the app's last output an error shows, characters. */
const SHOWN_OUTPUT = 4000;

/** `workspace-images prune`: drops the pins that no lookup of the app asks for. */
export function pruneCommand(): Command {
  return withCommonOptions(new Command("prune"))
    .summary("drop the pins that no lookup of the app asks for")
    .description(
      "Runs the app command of cdktf.json once, without a network, and drops the pins that no lookup asked for. The app must build all its stacks; where it fails, nothing is dropped.",
    )
    .option("--dry-run", "show what would be dropped, and change nothing")
    .option("--time-limit <seconds>", "end the app after this time", seconds, TIME_LIMIT)
    .addHelpText(
      "after",
      `
Examples:
  workspace-images prune --dry-run
  workspace-images prune --env dev`,
    )
    .action(
      async ({ env, json, dryRun, timeLimit }: CommonOptions & { dryRun?: boolean; timeLimit: number }) => {
        const { project } = openProject(env);
        const asked = await askApp(project, timeLimit);
        const plans = await answerEach({ env }, ({ environment, lockFile }) => {
          if (asked instanceof AppError) throw asked;
          const names = asked.get(environment.name);
          if (!names) {
            throw new AppError(
              "the app has no such environment, so that it is not known which of its pins are asked for. Nothing was dropped.",
            );
          }
          const dropped = new Map([...(lockFile?.pins ?? [])].filter(([name]) => !names.has(name)));
          return { environment, lockFile, dropped };
        });
        const answers = thenEach(plans, (plan) => {
          const { environment, lockFile, dropped } = plan;
          if (!dryRun && lockFile && dropped.size > 0) {
            updateLockFile(project.directory, environment, lockFile, (pins) => {
              for (const name of dropped.keys()) pins.delete(name);
            });
          }
          return plan;
        });
        report(answers, {
          asJson: json,
          json: ({ dropped }) =>
            Object.fromEntries([...dropped].map(([name, pin]) => [name, pinForJson(pin)])),
          text: sections(({ lockFile, dropped }, environment) => {
            if (dropped.size === 0)
              return `${environment}: ${withoutPins(lockFile) ?? "every pin is asked for"}`;
            const what = dryRun ? "would be dropped" : `dropped from ${lockFileName(environment)}`;
            return `${environment}: ${count(dropped.size, "pin")} ${what}\n${droppedText(dropped)}`;
          }),
        });
      },
    );
}

function droppedText(dropped: ReadonlyMap<string, Pin>): string {
  return [...dropped.keys()].map((name) => `  ${colors.red(`- ${printable(name)}`)}`).join("\n");
}

/** The pins that the app asks for, by environment, or why that is not known. */
async function askApp(
  { cdktfJson, directory }: Project,
  timeLimit: number,
): Promise<Map<string, Set<string>> | AppError> {
  const app = cdktfJson?.app;
  if (typeof app !== "string" || app === "") {
    throw new ConfigurationError(
      'cdktf.json has no "app": the command that runs the app, such as "npx tsx main.ts".',
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), "workspace-images-"));
  const record = join(scratch, "lookups");
  try {
    writeFileSync(record, "");
    const variables = {
      ...process.env,
      CDKTF_OUTDIR: join(scratch, "cdktf.out"),
      CDKTF_CONTEXT_JSON: JSON.stringify(cdktfJson?.context ?? {}),
      ...recordingTo(record),
    };
    const { failure, advice, output } = await untilInterrupted((signal) =>
      withProgress("Running the app", runShell(app, directory, variables, timeLimit, signal)),
    );
    if (failure) {
      return new AppError(
        `The app command "${app}" ${failure}, so that it is not known which pins it asks for. Nothing was dropped. ${advice}\n${output.trim()}`,
      );
    }
    const asked = readLookups(record);
    return (
      asked ??
      new AppError(
        `The app command "${app}" ended without synthesizing an app that has a catalog: it must call WorkspaceImageCatalog.prefetch(app) and app.synth(). Nothing was dropped.\n${output.trim()}`,
      )
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Runs a shell command, with nothing to read, to its end or to its time limit.
 * @throws the signal's reason once the command and what it started were ended, where the signal said so
 */
function runShell(
  command: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
  timeLimit: number,
  signal: AbortSignal,
): Promise<{ failure?: string; advice?: string; output: string }> {
  return new Promise((resolve, reject) => {
    // A process group of its own: what the app started ends with it.
    const child = spawn(command, {
      cwd,
      env,
      shell: true,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-SHOWN_OUTPUT);
      });
    }
    let isLate = false;
    let lastResort: NodeJS.Timeout | undefined;
    const end = () => {
      endGroup(child, "SIGTERM");
      lastResort = setTimeout(() => {
        endGroup(child, "SIGKILL");
        // Whoever left the group could hold them open for ever.
        child.stdout.destroy();
        child.stderr.destroy();
      }, GRACE);
    };
    const limit = setTimeout(() => {
      isLate = true;
      end();
    }, timeLimit * 1000);
    signal.addEventListener("abort", end, { once: true });
    child.on("error", reject).on("close", (code, killedBy) => {
      clearTimeout(limit);
      clearTimeout(lastResort);
      if (isLate || signal.aborted) endGroup(child, "SIGKILL");
      if (signal.aborted) reject(signal.reason);
      else if (isLate)
        resolve({
          failure: `did not end within ${timeLimit} s`,
          advice: "Give it more with --time-limit, or see where it hangs.",
          output,
        });
      else if (code !== 0)
        resolve({
          failure: `failed (${killedBy ?? `exit code ${code}`})`,
          advice: "Mend the app first; cdktf synth shows the same.",
          output,
        });
      else resolve({ output });
    });
  });
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"]);
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}

function seconds(text: string): number {
  const number = Number(text);
  // Node's timers end at 2^31 ms.
  if (/^\d{1,7}$/.test(text) && number > 0 && number <= 2_000_000) return number;
  throw new InvalidArgumentError("It must be a whole number of seconds, from 1 to 2000000.");
}
