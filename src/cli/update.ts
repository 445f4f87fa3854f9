import { Command } from "commander";
import { decide } from "../pins/moves";
import { readRevocations } from "../pins/revoked";
import { explainUpdates, updateProspects } from "../pins/update";
import { answerEach, withoutPins } from "./answers";
import {
  type ChangeOptions,
  namedEnvironments,
  type OverrideOptions,
  overrideOf,
  withChangeOptions,
  withOverrideOptions,
} from "./common-options";
import { requiredListings, withListings } from "./listings";
import { carryOut, type PlannedMoves } from "./moves";
import { printWarning } from "./output";
import { choosePins, requirePins } from "./pin-names";

/**
 * `workspace-images update [pin…]`: moves pins to what their question selects now.
 * @lazy
 */
export function updateCommand(): Command {
  return withOverrideOptions(withChangeOptions(new Command("update")))
    .summary("move pins to what their question selects now")
    .argument("[pin...]", "pins or patterns to move (default: all that can)")
    .description(
      "Moves pins to what their question selects now, and says what that does to resources. Asks nothing. Without names it moves what it can and lists the rest: held, undecided, or governed by a policy. With names it moves all of them in an environment, or none. A pin that is older than maxPinAgeDays and still what its question selects is dated anew.",
    )
    .addHelpText(
      "after",
      `
Examples:
  workspace-images update --env dev --dry-run
  workspace-images update office-windows --env dev
  workspace-images update 'office-*' --all-environments
  workspace-images update office-windows --env prod --override --reason "CVE-1"`,
    )
    .action(async (names: string[], options: ChangeOptions & OverrideOptions) => {
      const env = namedEnvironments(options);
      const override = overrideOf(options);
      requirePins(names, env);
      const plans = await withListings((source) =>
        answerEach({ env }, async ({ project, environment, lockFile }): Promise<PlannedMoves> => {
          const pins = choosePins(lockFile?.pins, names);
          const nothing = { project, environment, place: undefined, before: pins, moved: new Map() };
          if (!lockFile || pins.size === 0) {
            const otherwise = withoutPins(lockFile) ?? `it has no pin ${names.join(", ")}`;
            return { ...nothing, otherwise };
          }
          const revocations = readRevocations(project.directory);
          const { place, ...listings } = await source.environment(environment, lockFile);
          const filters = [...pins.values()].map(({ filter }) => filter);
          const listed = {
            environment,
            region: place.region,
            listings: await requiredListings(listings, filters),
            revocations,
            now: new Date(),
          };
          const prospects = updateProspects(pins, listed);
          for (const text of explainUpdates(pins, listed)) printWarning(text);
          const decided = decide(prospects, {
            environment: environment.name,
            override,
            leaves: () => names.length === 0,
            next: "Name the other pins to move them, or none: then what can move does.",
          });
          const otherwise = "nothing to move: every pin is what its question selects";
          return { project, environment, place, before: pins, ...decided, otherwise };
        }),
      );
      carryOut(plans, options);
    });
}
