import { constants } from "node:os";
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { type EnvironmentListings, type ListingSource, openListings } from "../catalog/listing-source";
import { ConfigurationError, ListingRequiredError, WorkspaceImagesError } from "../errors";
import type { ListingQuery } from "../images/image-filter";
import type { Listing } from "../images/image-selection";
import { type LockFile, readLockFile } from "../pins/lock-file";
import { type Environment, readEnvironments } from "../project/environment";
import { configurationFile, findProject, type Project, whyNoEnvironments } from "../project/project";
import { type Answer, printWarning, withProgress } from "./output";

/** Options that every command has. */
export interface CommonOptions {
  readonly env?: string[] | undefined;
  readonly json?: boolean | undefined;
}

/** One environment of the project, with its pins. */
export interface Workplace {
  readonly project: Project;
  readonly environment: Environment;
  readonly lockFile: LockFile | undefined;
}

/** Adds the options that every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--env <name>", "environment; repeatable (default: all that are configured)").argParser(
        (name: string, names: string[] = []) => [...names, name],
      ),
    )
    .option("--json", "print one JSON object, keyed by environment");
}

/**
 * The project of the current folder and its environments.
 * @param names the environments asked for; all where undefined
 * @throws ConfigurationError if one is unknown or none is configured
 */
export function openProject(names?: readonly string[]): { project: Project; environments: Environment[] } {
  const project = findProject();
  const known = readEnvironments(project);
  if (known.size === 0) {
    throw new ConfigurationError(whyNoEnvironments(project));
  }
  const environments = [...new Set(names ?? known.keys())].map((name) => {
    const environment = known.get(name);
    if (environment) return environment;
    throw new ConfigurationError(
      `There is no environment "${name}" in ${basename(configurationFile(project))}. Environments: ${[...known.keys()].join(", ")}.`,
    );
  });
  return { project, environments };
}

/**
 * Answers for every environment that was asked for, side by side; an environment that fails does not stop the others.
 * @returns the answers by environment, in the order in which they were asked for, else that of the configuration
 */
export async function answerEach<T>(
  { env }: CommonOptions,
  answer: (workplace: Workplace) => T | Promise<T>,
): Promise<Map<string, Answer<T>>> {
  const { project, environments } = openProject(env);
  const answers = environments.map(async (environment): Promise<[string, Answer<T>]> => {
    try {
      const lockFile = readLockFile(project.directory, environment);
      return [environment.name, { value: await answer({ project, environment, lockFile }) }];
    } catch (error) {
      if (error instanceof WorkspaceImagesError) return [environment.name, { error }];
      throw error;
    }
  });
  return new Map(await Promise.all(answers));
}

/** Goes on from answers, one environment after the other; one that fails does not stop the others. */
export function thenEach<T, U>(
  answers: ReadonlyMap<string, Answer<T>>,
  next: (value: T) => U,
): Map<string, Answer<U>> {
  return new Map(
    [...answers].map(([name, answer]): [string, Answer<U>] => {
      if ("error" in answer) return [name, answer];
      try {
        return [name, { value: next(answer.value) }];
      } catch (error) {
        if (error instanceof WorkspaceImagesError) return [name, { error }];
        throw error;
      }
    }),
  );
}

/** Runs a command's work with access to the listings, which are always taken anew; Ctrl-C ends it. */
export function withListings<T>(work: (source: ListingSource) => Promise<T>): Promise<T> {
  return untilInterrupted(async (signal) => {
    const source = await openListings({ signal, onWarning: printWarning });
    try {
      return await withProgress("Listing images", work(source));
    } finally {
      await source.close();
    }
  });
}

/**
 * Runs work that Ctrl-C, or SIGTERM, ends through the signal that it gets.
 * @throws Interrupted if that happened
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => interrupt.abort(new Interrupted(name));
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted ? interrupt.signal.reason : error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** The user ended a command. */
export class Interrupted extends Error {
  /** As a shell counts it: 128 and the number of the signal. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super("Interrupted; nothing was changed.");
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** What to say of an environment that has no pins; undefined where it has some. */
export function withoutPins(lockFile: LockFile | undefined): string | undefined {
  if (!lockFile) return "no lock file yet: cdktf synth takes its pins (unless CI is set)";
  return lockFile.pins.size === 0 ? "no pins" : undefined;
}

/**
 * Gives `decide` the listings that it needs: it asks for more by throwing ListingRequiredError.
 * What the filters can be decided from is listed, and no more.
 */
export async function withRequiredListings<T>(
  { listing }: EnvironmentListings,
  decide: (listings: readonly Listing[]) => T,
): Promise<T> {
  const listings = [await listing({})];
  for (;;) {
    try {
      return decide(listings);
    } catch (error) {
      if (!(error instanceof ListingRequiredError)) throw error;
      const query = error.listing as ListingQuery;
      if (listings.some((known) => JSON.stringify(known.query) === JSON.stringify(query))) throw error;
      listings.push(await listing(query));
    }
  }
}
