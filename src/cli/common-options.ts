import { basename } from "node:path";
import { type Command, Option } from "commander";
import { ConfigurationError } from "../errors";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { configurationFile, findProject, type Project, whyNoEnvironments } from "../project/project";
import { choose } from "../text/pattern";
import { oneLine } from "../text/printable";

/** Options that every command has. */
export interface CommonOptions {
  /** Names and patterns. */
  readonly env?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

/** Options of commands that change pins. */
export interface ChangeOptions extends CommonOptions {
  readonly allEnvironments?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Options of commands that move pins where a policy forbids it. */
export interface OverrideOptions {
  readonly override?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Adds the options that every command has. */
export function withCommonOptions(command: Command): Command {
  return withEnvironments(
    command,
    "environment or pattern ('prod-*'); repeatable (default: all that are configured)",
  );
}

/** Adds the options of commands that change pins, and therefore do nothing before environments are named. */
export function withChangeOptions(command: Command): Command {
  return withEnvironments(command, "environment or pattern ('prod-*'); repeatable")
    .option("--all-environments", "all that are configured, instead of --env")
    .option("--dry-run", "show what would change, and change nothing");
}

/** Adds the options that lift a hold or a policy once. */
export function withOverrideOptions(command: Command): Command {
  return command
    .option("--override", "move against a hold or a policy of the environment")
    .option("--reason <text>", "why; it is kept in the pin");
}

/** Adds `--json` where environments are arguments. */
export function withJsonOption(command: Command): Command {
  return command.option("--json", "print one JSON object, keyed by environment");
}

function withEnvironments(command: Command, description: string): Command {
  return withJsonOption(
    command.addOption(
      new Option("--env <name>", description).argParser((name: string, names: string[] = []) => [
        ...names,
        name,
      ]),
    ),
  );
}

/**
 * The project of the current folder and its environments.
 * @param wanted names and patterns of the environments asked for; all where undefined
 * @throws ConfigurationError if one is unknown or none is configured
 */
export function openProject(wanted?: readonly string[]): { project: Project; environments: Environment[] } {
  const project = findProject();
  const known = readEnvironments(project);
  if (known.size === 0) {
    throw new ConfigurationError(whyNoEnvironments(project));
  }
  const { chosen, unknown } = choose(known.keys(), wanted ?? [...known.keys()]);
  const [missing] = unknown;
  if (missing !== undefined) {
    throw new ConfigurationError(
      `There is no environment "${missing}" in ${basename(configurationFile(project))}. Environments: ${[...known.keys()].join(", ")}.`,
    );
  }
  return { project, environments: [...chosen].map((name) => known.get(name)!) };
}

/**
 * The environments that a change is about.
 * @returns undefined for all
 * @throws ConfigurationError where none was named: forgetting `--env` must not move prod
 */
export function namedEnvironments({ env, allEnvironments }: ChangeOptions): readonly string[] | undefined {
  if (env && allEnvironments) {
    throw new ConfigurationError("Give either --env or --all-environments, not both.");
  }
  if (env || allEnvironments) return env;
  const { environments } = openProject();
  throw new ConfigurationError(
    `In which environments? Name them with --env (also a pattern such as 'prod-*'), or give --all-environments. Environments: ${environments.map(({ name }) => name).join(", ")}.`,
  );
}

/** A reason as it is kept: one line, without what would hide or turn other text; undefined where there is none. */
export function reasonOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : oneLine(text, 500) || undefined;
}

/**
 * Why policies do not count this time.
 * @throws ConfigurationError where one of the two options is missing
 */
export function overrideOf({ override, reason }: OverrideOptions): string | undefined {
  if (!override && reason === undefined) return undefined;
  const given = reasonOf(reason);
  if (override && given !== undefined) return given;
  throw new ConfigurationError(
    'To move against a hold or a policy, say why: --override --reason "…". The reason is kept in the pin.',
  );
}
