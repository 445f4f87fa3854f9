import { Command } from "commander";
import { ConfigurationError } from "../errors";
import { readLockFile } from "../pins/lock-file";
import { reselect, update } from "../pins/moves";
import { answerEach, withoutPins } from "./answers";
import { type CommonOptions, openProject, withCommonOptions } from "./common-options";
import { requiredListings, withListings } from "./listings";
import { carryOut, choose, type PlannedMoves } from "./moves";

/** `workspace-images update [pin…]`: moves pins to what their filter selects now. */
export function updateCommand(): Command {
  return withCommonOptions(new Command("update"))
    .summary("move pins to what their filter selects now")
    .argument("[pin...]", "pins to move (default: all)")
    .description(
      "Moves pins to what their filter selects now, and says what that does to resources. Asks nothing. In an environment it moves all or none.",
    )
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
      const plans = await withListings((source) =>
        answerEach({ env }, async ({ project, environment, lockFile }): Promise<PlannedMoves> => {
          const pins = choose(lockFile?.pins, names);
          const plan = { project, environment, before: pins, moved: new Map() };
          if (!lockFile || pins.size === 0) {
            const otherwise = withoutPins(lockFile) ?? `it has no pin ${names.join(", ")}`;
            return { ...plan, place: lockFile, otherwise };
          }
          const listings = await source.environment(environment, lockFile);
          const filters = [...pins.values()].map(({ filter }) => filter);
          const known = await requiredListings(listings, filters);
          const selections = reselect(pins, known, environment.name);
          return {
            ...plan,
            place: listings.place,
            moved: update(pins, selections),
            otherwise: "nothing to move: every pin is what its filter selects",
          };
        }),
      );
      carryOut(plans, { json, dryRun });
    });
}

/** A misspelt pin must not pass for one that is up to date. */
function requireKnown(names: readonly string[], env: string[] | undefined): void {
  const { project, environments } = openProject(env);
  const unknown = new Set(names);
  const known = new Set<string>();
  for (const environment of environments) {
    try {
      for (const name of readLockFile(project.directory, environment)?.pins.keys() ?? []) {
        unknown.delete(name);
        known.add(name);
      }
    } catch {
      // It may hold the pin; that it cannot be read is reported as its answer.
      return;
    }
  }
  if (unknown.size > 0) {
    throw new ConfigurationError(
      `There is no pin ${[...unknown].join(", ")} in ${environments.map(({ name }) => name).join(", ")}. Pins: ${[...known].sort().join(", ") || "none"}.`,
    );
  }
}
