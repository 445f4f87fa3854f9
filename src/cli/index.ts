#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { WorkspaceImagesError } from "../errors";
import { printableLines } from "../text/printable";
import { EXIT } from "./answers";
import { diffCommand } from "./diff";
import { emulateCommand } from "./emulate";
import { guardCommand } from "./guard";
import { historyCommand } from "./history";
import { holdCommand } from "./hold";
import { Interrupted } from "./interruption";
import { listCommand } from "./list";
import { outdatedCommand } from "./outdated";
import { printError } from "./output";
import { pinCommand } from "./pin";
import { pinsCommand } from "./pins";
import { promoteCommand } from "./promote";
import { pruneCommand } from "./prune";
import { renameCommand } from "./rename";
import { resolveCommand } from "./resolve";
import { rollbackCommand } from "./rollback";
import { updateCommand } from "./update";
import { verifyCommand } from "./verify";

const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));

const program = new Command("workspace-images")
  .description("Pins the images of Huawei Cloud Workspace desktops per environment.")
  .version(version)
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .addHelpText(
    "after",
    `
It works from cdktf.json and the lock files in workspace-images/ beside it.
Exit codes: 0 done, 1 the answer is no (outdated, not verified),
2 it could not be answered.

Examples:
  workspace-images outdated
  workspace-images update office-windows --env dev
  workspace-images promote dev staging`,
  );

/** The commands in the groups in which `--help` shows them. */
const GROUPS: Readonly<Record<string, readonly Command[]>> = {
  Look: [listCommand(), pinsCommand(), outdatedCommand(), diffCommand(), historyCommand()],
  Move: [pinCommand(), updateCommand(), promoteCommand(), rollbackCommand(), holdCommand()],
  Check: [verifyCommand(), guardCommand()],
  Tend: [renameCommand(), pruneCommand(), resolveCommand()],
  Try: [emulateCommand()],
};

// For the command that help is itself.
program.commandsGroup("Look:");
for (const [group, commands] of Object.entries(GROUPS)) {
  for (const command of commands) program.addCommand(command.helpGroup(`${group}:`));
}

// A usage error is a question that could not be answered; commander's own code for it would say "no".
for (const command of [program, ...program.commands]) {
  command.configureOutput({ outputError: (text, write) => write(`${printableLines(text.trimEnd())}\n`) });
  command.exitOverride().showHelpAfterError("(--help shows how it is used)");
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // Whoever closes a pipe has read enough, as in: workspace-images list | head -1
    if (code === "EPIPE") return;
    process.exitCode = EXIT.unanswered;
    if (stream === process.stdout) printError(`The output cannot be written: ${message}.`);
  });
}

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.unanswered;
  } else if (error instanceof Interrupted) {
    printError(error.message);
    process.exitCode = error.exitCode;
  } else if (error instanceof WorkspaceImagesError || isOfSystem(error)) {
    printError(error.message);
    process.exitCode = EXIT.unanswered;
  } else {
    printError(
      `This is a defect of workspace-images; please report it.\n${(error as Error)?.stack ?? error}`,
    );
    process.exitCode = EXIT.unanswered;
  }
});

/** The file system or the network refused something: a full disk, a folder that is gone. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
