import { Command } from "commander";
import type { ListingSource } from "../catalog/listing-source";
import { type LockFile, readLockFile } from "../pins/lock-file";
import type { Prospect } from "../pins/moves";
import { type OutdatedPin, outdated } from "../pins/outdated";
import { type Revocations, readRevocations } from "../pins/revoked";
import { explainUpdates, updateProspects } from "../pins/update";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { printable } from "../text/printable";
import { answerEach, type PinnedEnvironment, report, sections, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { describeMove, describeProblem, imageLines, pinHeading } from "./describe-moves";
import { wrap } from "./layout";
import { requiredListings, withListings } from "./listings";
import { colors, printWarning } from "./output";
import { prospectsOf } from "./promote";

/**
 * `workspace-images outdated`: pins that are not as they should be, or could be.
 * @lazy
 */
export function outdatedCommand(): Command {
  return withCommonOptions(new Command("outdated"))
    .summary("show pins that are not as they should be, or could be")
    .description(
      "Shows pins whose images do not answer their question, are revoked, cannot be chosen any more, are older than maxPinAgeDays, or for which there are others: by their own question, or in the environment that they are promoted from. Changes nothing; exit code 1 if something calls for action, which a held pin does only where its image is revoked, and one that is not ripe for promotion does not.",
    )
    .addHelpText(
      "after",
      `
With --json, a pin's "to" has none or several images where it has a "problem".

Examples:
  workspace-images outdated
  workspace-images outdated --env 'prod-*' --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await withListings((source) =>
        answerEach({ env }, async (pinned) => {
          const otherwise = withoutPins(pinned.lockFile) ?? "every pin is as it should be";
          return { found: await outdatedIn(pinned, source), otherwise };
        }),
      );
      report(answers, {
        asJson: json,
        json: ({ found }) => Object.fromEntries(found),
        text: sections(({ found, otherwise }, environment) =>
          found.size === 0
            ? `${environment}: ${otherwise}`
            : `${environment}: ${found.size} outdated\n${[...found].map(describeOutdated).join("\n")}`,
        ),
        no: ({ found }) => [...found.values()].some(({ callsForAction }) => callsForAction),
      });
    });
}

async function outdatedIn(
  pinned: PinnedEnvironment,
  source: ListingSource,
): Promise<Map<string, OutdatedPin>> {
  const { project, environment, lockFile } = pinned;
  if (!lockFile || lockFile.pins.size === 0) return new Map();
  const revocations = readRevocations(project.directory);
  const circumstances = { revocations, now: new Date() };
  const from = environment.promotion && readEnvironments(project).get(environment.promotion.from);
  const prospects = from
    ? await promoted(pinned, from, source, revocations)
    : await selected(lockFile, environment, source, circumstances);
  return outdated(lockFile.pins, prospects, environment, lockFile.region, circumstances);
}

/** What the questions of pins select now. */
async function selected(
  lockFile: LockFile,
  environment: Environment,
  source: ListingSource,
  circumstances: { revocations: Revocations; now: Date },
): Promise<Prospect[]> {
  const listings = await source.environment(environment, lockFile);
  const filters = [...lockFile.pins.values()].map(({ filter }) => filter);
  const known = await requiredListings(listings, filters);
  const { region } = listings.place;
  const listed = { environment, region, listings: known, ...circumstances };
  for (const text of explainUpdates(lockFile.pins, listed)) printWarning(text);
  return updateProspects(lockFile.pins, listed);
}

/** What pins would get by promotion: of the pins that are there on both sides. */
async function promoted(
  pinned: PinnedEnvironment,
  from: Environment,
  listings: ListingSource,
  revocations: Revocations,
): Promise<Prospect[]> {
  const source = readLockFile(pinned.project.directory, from);
  if (!source) return [];
  const pins = new Map([...source.pins].filter(([name]) => pinned.lockFile?.pins.has(name)));
  const { prospects } = await prospectsOf(pinned, {
    source: from,
    pins: { ...source, pins },
    revocations,
    listings,
  });
  return prospects;
}

function describeOutdated([name, pin]: [string, OutdatedPin]): string {
  const { needs, unmet, revoked = [], hold, problem, ripeAt, from } = pin;
  const notes = [
    ...(unmet ? [`does not answer its question: ${unmet.join(", ")}`] : []),
    ...revoked.map((reason) => `revoked: ${reason}`),
    ...(hold ? [`held since ${hold.since}: ${hold.reason}`] : []),
    ...(ripeAt === undefined ? [] : [`ripe for promotion from ${ripeAt} on`]),
  ];
  const images = needs.includes("newer")
    ? describeMove(pin)
    : from.map((image) => imageLines("=", image)).join("\n");
  return [
    pinHeading(name, colors.yellow(needs.join(", "))),
    images,
    ...notes.map((note) => wrap(printable(note), "      ")),
    ...(problem === undefined ? [] : [describeProblem(problem)]),
  ].join("\n");
}
