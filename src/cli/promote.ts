import { Command } from "commander";
import { ConfigurationError } from "../errors";
import { isSamePlace } from "../pins/counterpart";
import { type LockFile, readLockFile } from "../pins/lock-file";
import { promote } from "../pins/moves";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { answerEach, withoutPins } from "./answers";
import { type CommonOptions, openProject } from "./common-options";
import { withListings } from "./listings";
import { carryOut, choose, type PlannedMoves } from "./moves";

/** `workspace-images promote <from> <to> [pin…]`: gives one environment the images of another. */
export function promoteCommand(): Command {
  return new Command("promote")
    .summary("give one environment the images of another")
    .argument("<from>", "environment that has the images")
    .argument("<to>", "environment that gets them")
    .argument("[pin...]", "pins to promote (default: all)")
    .description(
      "Gives <to> the images that <from> has pinned, and their filters: by ID in the same region and project, or where the project sees the ID in the same region, else the image of the same name, type, OS version and architecture. Moves all pins or none, and says what that does to resources. Asks nothing.",
    )
    .option("--dry-run", "show what would move, and change nothing")
    .option("--json", "print one JSON object, keyed by environment")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images promote dev staging
  workspace-images promote staging prod office-windows --dry-run`,
    )
    .action(
      async (from: string, to: string, names: string[], options: CommonOptions & { dryRun?: boolean }) => {
        if (from === to) throw new ConfigurationError(`"${from}" cannot be promoted to itself.`);
        const { project, environments } = openProject([from, to]);
        const plans = await withListings((listings) =>
          answerEach({ env: [to] }, async ({ environment, lockFile }): Promise<PlannedMoves> => {
            const source = sourceOf(project, environments[0]!, names);
            const pins = choose(source.pins, names);
            const { place, listing } = await listings.environment(environment, lockFile);
            const images = isSamePlace(source, place) ? [] : (await listing({})).images;
            const before = lockFile?.pins ?? new Map();
            const moved = promote(
              { environment: from, place: source, pins },
              { environment: to, place, pins: before },
              images,
            );
            const otherwise = `nothing to move: it has the images of "${from}"`;
            return { project, environment, place, before, moved, otherwise };
          }),
        );
        carryOut(plans, options);
      },
    );
}

function sourceOf(project: Project, environment: Environment, names: readonly string[]): LockFile {
  const { name: from } = environment;
  const source = readLockFile(project.directory, environment);
  const nothing = withoutPins(source);
  if (!source || nothing) {
    throw new ConfigurationError(`Environment "${from}" has nothing to promote: ${nothing}.`);
  }
  const unknown = names.filter((name) => !source.pins.has(name));
  if (unknown.length === 0) return source;
  throw new ConfigurationError(
    `Environment "${from}" has no pin ${unknown.join(", ")}. Pins: ${[...source.pins.keys()].join(", ")}.`,
  );
}
