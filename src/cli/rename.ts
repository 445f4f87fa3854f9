import { basename } from "node:path";
import { Command, Option } from "commander";
import { ConfigurationError } from "../errors";
import { lockFileName } from "../pins/lock-file";
import type { Pin } from "../pins/pin";
import { renamePin } from "../pins/rename";
import { renameEnvironment } from "../pins/rename-environment";
import { ENVIRONMENT_NAME, type Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { mentionsOf } from "../project/mentions";
import { configurationFile, findProject, type Project } from "../project/project";
import { printable } from "../text/printable";
import { answerEach, answering, report, sections } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { writeChanges } from "./moves";
import { requirePin } from "./pin-names";

interface RenameOptions extends CommonOptions {
  readonly environment?: boolean;
  readonly keep?: boolean;
  readonly dryRun?: boolean;
}

/**
 * `workspace-images rename`: gives a pin, or an environment, another name.
 * @lazy
 */
export function renameCommand(): Command {
  return withCommonOptions(new Command("rename"))
    .summary("give a pin, or an environment, another name")
    .argument("<old>", "name of a pin; with --environment, of an environment")
    .argument("<new>", "its new name")
    .description(
      "Gives a pin another name in every environment, with its images, dates, hold and history: also onto a pin that a synth just took because the lookup was renamed first. With --environment it moves an environment's lock file, and names what in configuration and code must change. Asks no service.",
    )
    .addOption(new Option("--environment", "rename an environment").conflicts("env"))
    .option("--keep", "keep it under the old name, too: a copy, or a split")
    .option("--dry-run", "show what would change, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images rename office office-windows
  workspace-images rename office office-lab --keep --env dev
  workspace-images rename --environment prod prod-north
  workspace-images rename --environment prod prod-pilot --keep`,
    )
    .action((from: string, to: string, options: RenameOptions) =>
      options.environment ? ofEnvironment(from, to, options) : ofPin(from, to, options),
    );
}

async function ofPin(
  from: string,
  to: string,
  { env, json, keep = false, dryRun }: RenameOptions,
): Promise<void> {
  requirePin(from, env);
  const plans = await answerEach({ env }, ({ project, environment, lockFile }) => {
    const before = lockFile?.pins ?? new Map<string, Pin>();
    const changes = renamePin(before, from, to, { keep, environment: environment.name });
    return { project, environment, place: lockFile, before, changes };
  });
  const answers = writeChanges(plans, ({ changes }) => changes, dryRun);
  report(answers, {
    asJson: json,
    json: ({ changes }) => (changes.size > 0 ? { [from]: to } : {}),
    text: sections(({ changes }, environment) => {
      if (changes.size === 0) return `${environment}: it has no pin ${printable(from)}`;
      const what = `${dryRun ? "would be " : ""}${keep ? "copied" : "renamed"}`;
      return `${environment}: ${printable(from)} ${what} to ${printable(to)} in ${lockFileName(environment)}`;
    }),
  });
}

async function ofEnvironment(from: string, to: string, options: RenameOptions): Promise<void> {
  const { json, keep = false, dryRun = false } = options;
  const project = findProject();
  const { directory } = project;
  const environments = readEnvironments(project);
  if (from === to || !ENVIRONMENT_NAME.test(to)) {
    throw new ConfigurationError(
      `"${to}" cannot be the new name: it must have 1 to 64 letters, digits, dots, dashes or underscores, and be another one.`,
    );
  }
  const answers = await answering(
    [[to, environments.get(to) ?? { ...environments.get(from), name: to }]],
    (environment) => {
      const { pins } = renameEnvironment({ directory, from, to: environment, keep, dryRun });
      return { pins: [...pins.keys()], change: toChange(project, environments, from, to, keep) };
    },
  );
  report(answers, {
    asJson: json,
    json: ({ pins, change }) => ({ from, pins, change }),
    text: sections(({ change }) => {
      const what = `${dryRun ? "would be " : ""}${keep ? "copied" : "moved"}`;
      const next = change.map((line) => `  ${printable(line)}`);
      return [
        `${lockFileName(from)} ${what} to ${lockFileName(to)}`,
        ...(next.length > 0 ? ["To change:", ...next] : []),
      ].join("\n");
    }),
  });
}

/** What still has the old name. */
function toChange(
  project: Project,
  environments: ReadonlyMap<string, Environment>,
  from: string,
  to: string,
  keep: boolean,
): string[] {
  const file = basename(configurationFile(project));
  const changes: string[] = [];
  if (!environments.has(to)) {
    changes.push(
      keep || !environments.has(from)
        ? `${file}: add environments.${to}`
        : `${file}: environments.${from} becomes environments.${to}`,
    );
  } else if (!keep && environments.has(from)) {
    changes.push(`${file}: remove environments.${from}`);
  }
  if (keep) return changes;
  for (const { name, promotion } of environments.values()) {
    if (promotion?.from === from)
      changes.push(`${file}: environments.${name}.promotion.from becomes "${to}"`);
  }
  return [...changes, ...mentionsOf(from, project.directory).map((line) => `${line}: names "${from}"`)];
}
