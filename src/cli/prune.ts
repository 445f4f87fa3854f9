import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { Project } from "../environment";
import { AppError, ConfigurationError } from "../errors";
import { type Pin, updateLockFile } from "../lock-file";
import { readLookups, recordingTo } from "../lookup-record";
import { answerEach, type CommonOptions, openProject, withCommonOptions } from "./environments";
import { report, withProgress } from "./output";
import { pinForJson } from "./pins";

/** `workspace-images prune`: drops the pins that no lookup of the app asks for. */
export function pruneCommand(): Command {
  return withCommonOptions(new Command("prune"))
    .description(
      "Runs the app command of cdktf.json once, without a network, and drops the pins that no lookup asked for. The app must build all its stacks.",
    )
    .option("--dry-run", "show what would be dropped, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images prune --dry-run
  workspace-images prune --env dev`,
    )
    .action(async ({ env, json, dryRun }: CommonOptions & { dryRun?: boolean }) => {
      const { project } = openProject(env);
      const asked = await withProgress("Running the app", runApp(project));
      const answers = await answerEach({ env }, ({ environment, lockFile }) => {
        const names = asked.get(environment.name) ?? new Set();
        const dropped = new Map([...(lockFile?.pins ?? [])].filter(([name]) => !names.has(name)));
        if (lockFile && dropped.size > 0 && !dryRun) {
          updateLockFile(project.directory, environment, lockFile, (pins) => {
            for (const name of dropped.keys()) pins.delete(name);
          });
        }
        return dropped;
      });
      report<ReadonlyMap<string, Pin>>(answers, {
        asJson: json,
        json: (dropped) => Object.fromEntries([...dropped].map(([name, pin]) => [name, pinForJson(pin)])),
        text: (dropped, environment) =>
          dropped.size === 0
            ? `${environment}: every pin is asked for`
            : `${environment}: ${dryRun ? "would drop" : "dropped"} ${[...dropped.keys()].join(", ")}`,
      });
    });
}

async function runApp({ cdktfJson, directory }: Project): Promise<Map<string, Set<string>>> {
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
    const { code, output } = await shell(app, directory, {
      ...process.env,
      CDKTF_OUTDIR: join(scratch, "cdktf.out"),
      CDKTF_CONTEXT_JSON: JSON.stringify(cdktfJson?.context ?? {}),
      ...recordingTo(record),
    });
    const asked = readLookups(record);
    if (code === 0 && asked) return asked;
    throw new AppError(
      code === 0
        ? `The app command "${app}" ended without synthesizing an app that has a catalog: it must call WorkspaceImageCatalog.prefetch(app) and app.synth().`
        : `The app command "${app}" failed (exit code ${code}), so that it is not known which pins it asks for. Mend the app first; cdktf synth shows the same.\n${output.trim()}`,
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function shell(
  command: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk).slice(-4000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
