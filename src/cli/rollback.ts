import { Command } from "commander";
import { decide } from "../pins/moves";
import { readRevocations } from "../pins/revoked";
import { rollbackProspects } from "../pins/rollback";
import { answerEach } from "./answers";
import { type ChangeOptions, namedEnvironments, reasonOf, withChangeOptions } from "./common-options";
import { withListings } from "./listings";
import { carryOut, type PlannedMoves } from "./moves";
import { choosePins, requirePins } from "./pin-names";

interface RollbackOptions extends ChangeOptions {
  readonly to?: string;
  readonly reason?: string;
}

/**
 * `workspace-images rollback <pin…>`: gives pins back what they had before, and holds them.
 * @lazy
 */
export function rollbackCommand(): Command {
  return withChangeOptions(new Command("rollback"))
    .summary("give pins back what they had before, and hold them")
    .argument("<pin...>", "pins or patterns")
    .description(
      "Gives pins back the images that they had before their last move, and holds them there, so that no update undoes it. Policies of the environment do not stand against it; a revoked image does. What the image does not answer is noted in the pin. An image that is not listed any more can be kept by what runs on it, but nothing new can be built from it.",
    )
    .option("--to <image>", "ID or name of another image that the pins had")
    .option("--reason <text>", "why; it is kept with the hold")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images rollback office-windows --env prod
  workspace-images rollback office-windows --env prod --reason "printers fail"
  workspace-images rollback office-windows --env prod --to 99914048-42cc-…
Later:
  workspace-images hold office-windows --env prod --release`,
    )
    .action(async (names: string[], options: RollbackOptions) => {
      const env = namedEnvironments(options);
      requirePins(names, env);
      const plans = await withListings((source) =>
        answerEach({ env }, async ({ project, environment, lockFile }): Promise<PlannedMoves> => {
          const before = choosePins(lockFile?.pins, names);
          const otherwise = `it has no pin ${names.join(", ")}`;
          if (!lockFile || before.size === 0)
            return { project, environment, place: undefined, before, moved: new Map(), otherwise };
          const { place, listing } = await source.environment(environment, lockFile);
          const prospects = rollbackProspects(before, {
            environment,
            region: place.region,
            listing: (await listing({})).images,
            revocations: readRevocations(project.directory),
            now: new Date(),
            to: options.to,
            reason: reasonOf(options.reason),
          });
          const decided = decide(prospects, {
            environment: environment.name,
            leaves: () => false,
            next: `Name another image that it had with --to; any other one takes: workspace-images pin <pin> --env ${environment.name} --image <id>`,
          });
          return { project, environment, place, before, ...decided, otherwise };
        }),
      );
      carryOut(plans, options);
    });
}
