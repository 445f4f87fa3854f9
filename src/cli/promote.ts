import { Command } from "commander";
import type { ListingSource } from "../catalog/listing-source";
import { ConfigurationError } from "../errors";
import { readArrivals } from "../pins/arrival";
import { isSamePlace } from "../pins/counterpart";
import { type LockFile, readLockFile } from "../pins/lock-file";
import { decide, type Prospect } from "../pins/moves";
import type { Pin } from "../pins/pin";
import { promotionProspects } from "../pins/promotion";
import { type Revocations, readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { choose, isPattern } from "../text/pattern";
import { answerEach, type PinnedEnvironment, withoutPins } from "./answers";
import {
  type CommonOptions,
  type OverrideOptions,
  openProject,
  overrideOf,
  withJsonOption,
  withOverrideOptions,
} from "./common-options";
import { withListings } from "./listings";
import { carryOut, type PlannedMoves } from "./moves";
import { choosePins } from "./pin-names";

interface PromoteOptions extends CommonOptions, OverrideOptions {
  readonly ready?: boolean;
  readonly dryRun?: boolean;
}

/**
 * `workspace-images promote <from> <to> [pin…]`: gives environments the images of another.
 * @lazy
 */
export function promoteCommand(): Command {
  return withOverrideOptions(withJsonOption(new Command("promote")))
    .summary("give environments the images of another")
    .argument("<from>", "environment that has the images")
    .argument("<to>", "environments that get them: names or patterns, with commas")
    .argument("[pin...]", "pins or patterns to promote (default: all)")
    .description(
      "Gives <to> the images that <from> has pinned: by ID in the same region and project, or where the project sees the ID in the same region, else the image of the same name, type, OS version and architecture. Every pin keeps its own question, which the image must answer; a pin that is new gets the question, too. In an environment it moves all pins or none, except held ones, and says what that does to resources. Asks nothing.",
    )
    .option("--ready", "move what can, and list what is not ripe or cannot (for scheduled jobs)")
    .option("--dry-run", "show what would move, and change nothing")
    .addHelpText(
      "after",
      `
With promotion.minAgeDays, <to> takes only what <from> has had for that long,
counted from the commit that brought it into the lock file of <from>.

Examples:
  workspace-images promote dev staging
  workspace-images promote staging prod office-windows --dry-run
  workspace-images promote staging 'prod-*' 'office-*'
  workspace-images promote staging prod-north,prod-south --ready`,
    )
    .action(async (from: string, to: string, names: string[], options: PromoteOptions) => {
      const override = overrideOf(options);
      const { project, source, env } = openPromotion(from, to);
      const plans = await withListings((listings) =>
        answerEach({ env }, async (pinned): Promise<PlannedMoves> => {
          const { environment, lockFile } = pinned;
          const pins = sourcePins(project, source, names);
          const revocations = readRevocations(project.directory);
          const { place, prospects } = await prospectsOf(pinned, { source, pins, revocations, listings });
          const decided = decide(prospects, {
            environment: environment.name,
            override,
            leaves: ({ rule }) => options.ready === true || (rule === "hold" && names.length === 0),
            next: "Name the other pins to move them, or give --ready to move what can.",
          });
          const before = lockFile?.pins ?? new Map();
          const otherwise = `nothing to move: it has the images of "${from}"`;
          return { project, environment, place, before, ...decided, otherwise };
        }),
      );
      carryOut(plans, options);
    });
}

/** What would give an environment the images of another one's pins. */
export async function prospectsOf(
  { project, environment, lockFile }: PinnedEnvironment,
  from: {
    readonly source: Environment;
    readonly pins: Pick<LockFile, "region" | "projectId" | "pins">;
    readonly revocations: Revocations;
    readonly listings: ListingSource;
  },
): Promise<{ place: LockFile | { region: string; projectId: string }; prospects: Prospect[] }> {
  const { source, pins, revocations, listings } = from;
  const { place, listing } = await listings.environment(environment, lockFile);
  const images = isSamePlace(pins, place) ? [] : (await listing({})).images;
  const arrival = environment.promotion?.minAgeDays
    ? await readArrivals(project, source.name)
    : (_: string, { pinnedAt }: Pin) => ({ time: new Date(pinnedAt) });
  const prospects = promotionProspects(
    { environment: source.name, place: pins, pins: pins.pins, arrival },
    { environment, place, pins: lockFile?.pins ?? new Map(), listing: images },
    { revocations, now: new Date() },
  );
  return { place, prospects };
}

/** The environments of a promotion; a pattern does not mean the one that it comes from. */
function openPromotion(
  from: string,
  to: string,
): { project: Project; source: Environment; env: readonly string[] } {
  const wanted = to.split(",").map((name) => name.trim());
  if (wanted.includes(from)) throw new ConfigurationError(`"${from}" cannot be promoted to itself.`);
  if (isPattern(from)) throw new ConfigurationError(`<from> must be one environment, not "${from}".`);
  const { project, environments } = openProject([from, ...wanted]);
  const names = environments.map(({ name }) => name);
  const env = [...choose(names, wanted).chosen].filter((name) => name !== from);
  if (env.length === 0) throw new ConfigurationError(`"${from}" cannot be promoted to itself.`);
  return { project, source: environments.find(({ name }) => name === from)!, env };
}

/** The pins of an environment that are to be promoted, and where they are. */
function sourcePins(
  project: Project,
  environment: Environment,
  names: readonly string[],
): LockFile & { pins: Map<string, Pin> } {
  const { name: from } = environment;
  const source = readLockFile(project.directory, environment);
  const nothing = withoutPins(source);
  if (!source || nothing) {
    throw new ConfigurationError(`Environment "${from}" has nothing to promote: ${nothing}.`);
  }
  const { unknown } = choose(source.pins.keys(), names);
  if (unknown.length === 0) return { ...source, pins: choosePins(source.pins, names) };
  throw new ConfigurationError(
    `Environment "${from}" has no pin ${unknown.join(", ")}. Pins: ${[...source.pins.keys()].slice(0, 50).join(", ")}.`,
  );
}
