import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { WorkspaceImagesError } from "../errors";
import { printableLines } from "../text/printable";
import { EXIT } from "./answers";
import { Interrupted } from "./interruption";
import { printError } from "./output";

const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));

/** The commands in the groups in which `--help` shows them. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, () => Command>>>> = {
  Look: {
    list: () => (require("./list") as typeof import("./list")).listCommand(),
    pins: () => (require("./pins") as typeof import("./pins")).pinsCommand(),
    outdated: () => (require("./outdated") as typeof import("./outdated")).outdatedCommand(),
    diff: () => (require("./diff") as typeof import("./diff")).diffCommand(),
    history: () => (require("./history") as typeof import("./history")).historyCommand(),
  },
  Move: {
    pin: () => (require("./pin") as typeof import("./pin")).pinCommand(),
    update: () => (require("./update") as typeof import("./update")).updateCommand(),
    promote: () => (require("./promote") as typeof import("./promote")).promoteCommand(),
    rollback: () => (require("./rollback") as typeof import("./rollback")).rollbackCommand(),
    hold: () => (require("./hold") as typeof import("./hold")).holdCommand(),
  },
  Check: {
    verify: () => (require("./verify") as typeof import("./verify")).verifyCommand(),
    guard: () => (require("./guard") as typeof import("./guard")).guardCommand(),
  },
  Tend: {
    rename: () => (require("./rename") as typeof import("./rename")).renameCommand(),
    prune: () => (require("./prune") as typeof import("./prune")).pruneCommand(),
    resolve: () => (require("./resolve") as typeof import("./resolve")).resolveCommand(),
  },
  Try: { emulate: () => (require("./emulate") as typeof import("./emulate")).emulateCommand() },
};

/**
 * Runs the command line and sets the exit code.
 * @param args what stands behind the program's name
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await programFor(args[0] ?? "").parseAsync(args, { from: "user" });
  } catch (error) {
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
  }
}

/** The program with the one command that is named; with all where none is, or an unknown one. */
function programFor(named: string): Command {
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
  // `help` is a command, too, and stands in the first group.
  program.commandsGroup("Look:");
  const isKnown = Object.values(GROUPS).some((commands) => Object.hasOwn(commands, named));
  for (const [group, commands] of Object.entries(GROUPS)) {
    for (const [name, command] of Object.entries(commands)) {
      if (!isKnown || name === named) program.addCommand(command().helpGroup(`${group}:`));
    }
  }
  // A usage error is a question that could not be answered; commander's own code for it would say "no".
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ outputError: (text, write) => write(`${printableLines(text.trimEnd())}\n`) });
    command.exitOverride().showHelpAfterError("(--help shows how it is used)");
  }
  return program;
}

/** The file system or the network refused something: a full disk, a folder that is gone. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
