import { Command } from "commander";
import { ConfigurationError } from "../errors";
import { readLockFile } from "../lock-file";
import { type Move, reselect, update } from "../pinning";
import {
  answerEach,
  type CommonOptions,
  openProject,
  withCommonOptions,
  withListings,
  withRequiredListings,
} from "./environments";
import { choose, move, reportMoves } from "./moves";

/** `workspace-images update [pin…]`: moves pins to what their filter selects now. */
export function updateCommand(): Command {
  return withCommonOptions(new Command("update"))
    .argument("[pin...]", "pins to move (default: all)")
    .description("Moves pins to what their filter selects now, and says what that does. Asks nothing.")
    .option("--dry-run", "show what would move, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images update --env dev --dry-run
  workspace-images update office-windows --env dev`,
    )
    .action(async (names: string[], { env, json, dryRun }: CommonOptions & { dryRun?: boolean }) => {
      requireKnown(names, env);
      const answers = await withListings("Listing images", (source) =>
        answerEach({ env }, async ({ project, environment, lockFile }) => {
          const pins = choose(lockFile?.pins, names);
          if (pins.size === 0) return new Map<string, Move>();
          const listings = await source.environment(environment, lockFile);
          const selected = await withRequiredListings(listings, (known) =>
            reselect(pins, known, environment.name),
          );
          const { place } = listings;
          return move(pins, update(pins, selected), {
            directory: project.directory,
            environment,
            place,
            dryRun,
          });
        }),
      );
      reportMoves(answers, { json, dryRun });
    });
}

/** A misspelt pin must not pass for one that is up to date. */
function requireKnown(names: readonly string[], env: string[] | undefined): void {
  const { project, environments } = openProject(env);
  const known = environments.flatMap((environment) => {
    const pins = readLockFile(project.directory, environment)?.pins ?? new Map();
    return [...pins.keys()];
  });
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `There is no pin ${unknown.join(", ")} in ${environments.map(({ name }) => name).join(", ")}. See: workspace-images pins`,
    );
  }
}
