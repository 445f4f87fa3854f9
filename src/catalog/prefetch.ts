import type { IConstruct } from "constructs";
import { ConfigurationError } from "../errors";
import type { EnvironmentConfig } from "../project/environment";
import { Environments, openEnvironments } from "../project/environments";
import { findProject, lookupsBesideApp, whyNoEnvironments } from "../project/project";
import { type Mode, modeOf } from "./mode";
import { PinnedAnswers } from "./pinned-answers";
import { PinnedEnvironments } from "./pinned-environments";
import type { Availability } from "./resolution";

/** Options of `WorkspaceImageCatalog.prefetch`. */
export interface PrefetchOptions {
  /**
   * How lookups are answered.
   * @default - the variable WORKSPACE_IMAGES_MODE, else `frozen` in a pipeline (CI is set, or the variables of a known
   * service are there), else `auto`
   */
  readonly mode?: Mode | undefined;
  /**
   * The environments by name.
   * @default - `workspaceImages.environments` in cdktf.json, or `environments` in workspace-images.json
   */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>> | undefined;
  /**
   * The folder whose `workspace-images/` holds the lock files: tests give one of their own, so that the project's are
   * never touched.
   * @default - the project's
   */
  readonly directory?: string | undefined;
  /**
   * Lists every environment beforehand, in this thread, instead of when a lookup needs it. For tests with a server of
   * their own in this process, which cannot answer while a lookup waits; the emulator can.
   * @default false
   */
  readonly eager?: boolean | undefined;
  /** Ends the prefetch early, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Prepares the answers to an app's lookups, from the pins of its project.
 * @throws ConfigurationError if environments or options are wrong
 * @lazy
 * @internal users need none of the types that it leads to
 */
export async function prefetchAnswers(
  root: IConstruct,
  options: PrefetchOptions,
): Promise<{ readonly mode: Mode; readonly answers: PinnedAnswers }> {
  const project = findProject();
  // A test that gives a folder of its own has pins of its own, whatever this file asks for.
  if (project.configuration?.lookups !== undefined && options.directory === undefined)
    throw lookupsBesideApp(project);
  const environments = options.environments
    ? new Environments({ environments: options.environments }, () => "The option environments")
    : openEnvironments(project, root.node.tryGetContext("workspaceImages"));
  if (environments.names.length === 0) {
    throw new ConfigurationError(
      options.environments
        ? 'The option environments has none: it is an object of environments by name, such as { dev: { region: "cn-north-4" } }.'
        : `${whyNoEnvironments(project)} Or give the option environments.`,
    );
  }
  const mode = modeOf(options.mode);
  const directory = options.directory ?? project.directory;
  const availability: Availability = mode === "frozen" ? { kind: mode, directory } : { kind: "unlisted" };
  const answers = new PinnedAnswers(new PinnedEnvironments(directory, environments, availability));
  if (mode === "auto") await answers.prefetch(options);
  return { mode, answers };
}
