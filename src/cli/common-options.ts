import { basename } from "node:path";
import { type Command, Option } from "commander";
import { ConfigurationError } from "../errors";
import { type Environment, readEnvironments } from "../project/environment";
import { configurationFile, findProject, type Project, whyNoEnvironments } from "../project/project";

/** Options that every command has. */
export interface CommonOptions {
  readonly env?: string[] | undefined;
  readonly json?: boolean | undefined;
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
