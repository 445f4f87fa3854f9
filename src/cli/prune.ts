import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { readLookups, recordingTo } from "../catalog/lookup-record";
import { AppError, ConfigurationError } from "../errors";
import { readFileLookups } from "../pins/file-lookups";
import { lockFileName, updateLockFile } from "../pins/lock-file";
import type { Pin, Pins } from "../pins/pin";
import type { Project } from "../project/project";
import { printable } from "../text/printable";
import { answerEach, type PinnedEnvironment, report, sections, thenEach, withoutPins } from "./answers";
import { type ChangeOptions, namedEnvironments, openProject, withChangeOptions } from "./common-options";
import { untilInterrupted } from "./interruption";
import { count } from "./layout";
import { colors, withProgress } from "./output";
import { requirePin } from "./pin-names";
import { pinForJson } from "./pins";

/** Time that the app may take, seconds. */
const TIME_LIMIT = 300;
/** Time that an app may take to end once it is asked to, and what it left behind once it has ended, ms. */
const GRACE = 2000;
/** How much of the app's last output an error shows, characters. */
const SHOWN_OUTPUT = 4000;

interface PruneOptions extends ChangeOptions {
  readonly timeLimit: number;
}

/**
 * `workspace-images prune [pin]`: drops the pins that no lookup asks for, or one by name.
 * @lazy
 */
export function pruneCommand(): Command {
  return withChangeOptions(new Command("prune"))
    .summary("drop the pins that no lookup asks for, or one by name")
    .argument("[pin]", "the pin to drop; needs --env or --all-environments")
    .description(
      "Runs the app command of cdktf.json once, without a network, and drops the pins that no lookup asked for, in the environments where the app looked something up; an environment that it did not build is left alone. Where the app fails, nothing is dropped. Without an app, the lookups are those of workspace-images.json.",
    )
    .option("--time-limit <seconds>", "end the app after this time", seconds, TIME_LIMIT)
    .addHelpText(
      "after",
      `
Examples:
  workspace-images prune --dry-run
  workspace-images prune --env dev
  workspace-images prune old-office --env 'prod-*'`,
    )
    .action(async (name: string | undefined, options: PruneOptions) => {
      const { dryRun, timeLimit } = options;
      const env = name === undefined ? options.env : namedEnvironments(options);
      if (name !== undefined) requirePin(name, env);
      // Before the app runs: what is pinned meanwhile was not asked for by this run, and is not its to drop.
      const read = await answerEach({ env }, (pinned) => pinned);
      const asked = name === undefined ? await askedIn(openProject(env).project, timeLimit) : undefined;
      const plans = thenEach(read, (pinned) => {
        if (asked instanceof AppError) throw asked;
        const dropped = name === undefined ? unasked(pinned, asked) : onePin(pinned, name);
        return { ...pinned, dropped };
      });
      const answers = dryRun ? plans : thenEach(plans, drop);
      report(answers, {
        asJson: options.json,
        json: ({ dropped }) =>
          Object.fromEntries([...(dropped ?? [])].map(([pin, state]) => [pin, pinForJson(state)])),
        text: sections(({ lockFile, dropped }, environment) => {
          if (!dropped || dropped.size === 0) {
            const otherwise = !dropped
              ? "left alone, because the app looked nothing up there"
              : name === undefined
                ? "every pin is asked for"
                : `it has no pin ${name}`;
            return `${environment}: ${withoutPins(lockFile) ?? printable(otherwise)}`;
          }
          const what = dryRun ? "would be dropped" : `dropped from ${lockFileName(environment)}`;
          return `${environment}: ${count(dropped.size, "pin")} ${what}\n${droppedText(dropped)}`;
        }),
      });
    });
}

/** What is to be dropped in one environment; undefined where that is not known. */
interface PlannedDrop extends PinnedEnvironment {
  readonly dropped: Pins | undefined;
}

function drop(plan: PlannedDrop): PlannedDrop {
  const { project, environment, lockFile, dropped } = plan;
  if (!lockFile || !dropped || dropped.size === 0) return plan;
  const done = new Map<string, Pin>();
  updateLockFile(project.directory, environment, lockFile, (pins) => {
    done.clear();
    for (const [name, pin] of dropped) {
      // What was moved, held or taken anew meanwhile is in use.
      if (JSON.stringify(pins.get(name)) !== JSON.stringify(pin)) continue;
      pins.delete(name);
      done.set(name, pin);
    }
  });
  return { ...plan, dropped: done };
}

function unasked(
  { environment, lockFile }: PinnedEnvironment,
  asked: ReadonlyMap<string, ReadonlySet<string>> | ReadonlySet<string> | undefined,
): Pins | undefined {
  const names =
    asked instanceof Set ? asked : (asked as ReadonlyMap<string, ReadonlySet<string>>).get(environment.name);
  // An app may build one stage at a time.
  if (!names || (names.size === 0 && !(asked instanceof Set))) return undefined;
  return new Map([...(lockFile?.pins ?? [])].filter(([name]) => !names.has(name)));
}

function onePin({ lockFile }: PinnedEnvironment, name: string): Pins {
  const pin = lockFile?.pins.get(name);
  return new Map(pin ? [[name, pin]] : []);
}

/** The pins that are asked for: by environment where an app asks, of all environments where a file does. */
function askedIn(
  project: Project,
  timeLimit: number,
): Promise<Map<string, Set<string>> | AppError> | ReadonlySet<string> {
  const lookups = readFileLookups(project);
  return lookups ? new Set(lookups.keys()) : askApp(project, timeLimit);
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
        `The app command "${app}" ${failure}, so that it is not known which pins it asks for. Nothing was dropped. ${advice}\n${output.trim()}`.trim(),
      );
    }
    const asked = readLookups(record);
    return (
      asked ??
      new AppError(
        `The app command "${app}" ended without synthesizing an app that has a catalog: it must call WorkspaceImageCatalog.prefetch(app) and app.synth(). Nothing was dropped.\n${output.trim()}`.trim(),
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
    child.on("exit", () => {
      clearTimeout(limit);
      // Whatever it left behind may hold its output open for ever.
      lastResort ??= setTimeout(end, GRACE);
    });
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
