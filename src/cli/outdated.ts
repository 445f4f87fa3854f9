import { Command } from "commander";
import { type Outdated, outdated, reselect } from "../pins/moves";
import { answerEach, report, sections, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { requiredListings, withListings } from "./listings";
import { describeMoves, movesForJson } from "./moves";

/** `workspace-images outdated`: pins for which the filter now selects another image. */
export function outdatedCommand(): Command {
  return withCommonOptions(new Command("outdated"))
    .summary("show pins whose filter now selects another image")
    .description(
      "Shows the pins whose filter now selects another image, or cannot decide for one any more. Changes nothing; exit code 1 if there are any.",
    )
    .addHelpText(
      "after",
      `
With --json, a pin's "to" has none or several images where its filter cannot
decide for one.

Examples:
  workspace-images outdated
  workspace-images outdated --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await withListings((source) =>
        answerEach({ env }, async ({ environment, lockFile }) => {
          const otherwise = withoutPins(lockFile) ?? "every pin is what its filter selects";
          if (!lockFile || lockFile.pins.size === 0) return { moves: new Map<string, Outdated>(), otherwise };
          const listings = await source.environment(environment, lockFile);
          const filters = [...lockFile.pins.values()].map(({ filter }) => filter);
          const known = await requiredListings(listings, filters);
          const selections = reselect(lockFile.pins, known, environment.name);
          return { moves: outdated(lockFile.pins, selections), otherwise };
        }),
      );
      report(answers, {
        asJson: json,
        json: ({ moves }) => movesForJson(moves),
        text: sections(({ moves, otherwise }, environment) =>
          moves.size === 0
            ? `${environment}: ${otherwise}`
            : `${environment}: ${moves.size} outdated\n${describeMoves(moves)}`,
        ),
        no: ({ moves }) => moves.size > 0,
      });
    });
}
