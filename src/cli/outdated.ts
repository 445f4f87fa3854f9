import { Command } from "commander";
import { outdated, reselect } from "../pinning";
import {
  answerEach,
  type CommonOptions,
  withCommonOptions,
  withListings,
  withRequiredListings,
} from "./environments";
import { describeMoves, movesForJson } from "./moves";
import { report } from "./output";

/** `workspace-images outdated`: pins for which the filter now selects another image. */
export function outdatedCommand(): Command {
  return withCommonOptions(new Command("outdated"))
    .description(
      "Shows the pins whose filter now selects another image. Changes nothing; exit code 1 if there are any.",
    )
    .addHelpText(
      "after",
      `
Examples:
  workspace-images outdated
  workspace-images outdated --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await withListings("Listing images", (source) =>
        answerEach({ env }, async ({ environment, lockFile }) => {
          if (!lockFile) return new Map();
          const listings = await source.environment(environment, lockFile);
          const selected = await withRequiredListings(listings, (known) =>
            reselect(lockFile.pins, known, environment.name),
          );
          return outdated(lockFile.pins, selected);
        }),
      );
      report(answers, {
        asJson: json,
        json: movesForJson,
        text: (moves, environment) =>
          moves.size === 0
            ? `${environment}: every pin is what its filter selects`
            : `${environment}: ${moves.size} outdated\n${describeMoves(moves)}`,
        no: (moves) => moves.size > 0,
      });
    });
}
