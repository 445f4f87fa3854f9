import { Command } from "commander";
import { ConfigurationError } from "../errors";
import type { LockFile } from "../lock-file";
import { readLockFile } from "../lock-file";
import { isSamePlace, promote } from "../pinning";
import { answerEach, type CommonOptions, openProject, withListings } from "./environments";
import { choose, move, reportMoves } from "./moves";

/** `workspace-images promote <from> <to> [pin…]`: gives one environment the images of another. */
export function promoteCommand(): Command {
  return new Command("promote")
    .argument("<from>", "environment that has the images")
    .argument("<to>", "environment that gets them")
    .argument("[pin...]", "pins to promote (default: all)")
    .description(
      "Gives <to> the images that <from> has pinned: by ID in the same region and project, else the image of the same name, type, OS version and architecture. Moves all pins or none; asks nothing.",
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
        const source = sourceOf(from, to, names);
        const pins = choose(source.pins, names);
        const answers = await withListings("Listing images", (listings) =>
          answerEach({ env: [to] }, async ({ project, environment, lockFile }) => {
            const known = lockFile ?? configuredPlace(environment);
            const { place, listing } =
              known && isSamePlace(source, known)
                ? { place: { region: known.region, projectId: known.projectId }, listing: undefined }
                : await listings.environment(environment, lockFile);
            const images = listing && !isSamePlace(source, place) ? (await listing({})).images : [];
            const before = lockFile?.pins ?? new Map();
            const moved = promote(
              { environment: from, place: source, pins },
              { environment: to, place, pins: before },
              images,
            );
            return move(before, moved, {
              directory: project.directory,
              environment,
              place,
              dryRun: options.dryRun,
            });
          }),
        );
        reportMoves(answers, options);
      },
    );
}

function sourceOf(from: string, to: string, names: readonly string[]): LockFile {
  if (from === to) throw new ConfigurationError(`"${from}" cannot be promoted to itself.`);
  const { project, environments } = openProject([from, to]);
  const source = readLockFile(project.directory, environments[0]!);
  const unknown = names.filter((name) => !source?.pins.has(name));
  if (source && source.pins.size > 0 && unknown.length === 0) return source;
  throw new ConfigurationError(
    unknown.length > 0
      ? `Environment "${from}" has no pin ${unknown.join(", ")}. See: workspace-images pins --env ${from}`
      : `Environment "${from}" has no pins to promote: run cdktf synth there first, with CI unset.`,
  );
}

/** Where configuration alone says where an environment is, no one need be asked. */
function configuredPlace({ region, projectId }: { region?: string; projectId?: string }) {
  return region && projectId ? { region, projectId } : undefined;
}
