import type { IConstruct } from "constructs";
import type { SkippedChecks } from "../desktops/skipped-checks";
import { CatalogError, ConfigurationError } from "../errors";
import type { Cardinality, SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import { isPinName } from "../pins/pin";
import type { EnvironmentConfig } from "../project/environment";
import { Environments, openEnvironments } from "../project/environments";
import { findProject, whyNoEnvironments } from "../project/project";
import { isToken } from "../text/tokens";
import { parentThread } from "../threads/parent-thread";
import { GivenAnswers } from "./given-answers";
import { type Mode, modeOf } from "./mode";
import { PinnedAnswers } from "./pinned-answers";
import { PinnedEnvironments } from "./pinned-environments";

export type { Mode } from "./mode";

/** Options of {@link WorkspaceImageCatalog.prefetch}. */
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

/** What a construct asks the catalog. */
export interface ImageLookup {
  /** Environment; default: the nearest scope's, else the only one. */
  readonly environment?: string | undefined;
  /** Name of the pin in the environment. */
  readonly pinName: string;
  /** Filter, as the user gave it. */
  readonly filter: SingleImageFilter;
  /** Whether exactly one image is wanted, or all that match. */
  readonly cardinality: Cardinality;
  /** Checks that are not made for resources which use its images. */
  readonly checks?: SkippedChecks | undefined;
}

const CATALOG = Symbol.for("cdktf-huaweicloud-workspace-images/catalog");
const ENVIRONMENT = Symbol.for("cdktf-huaweicloud-workspace-images/environment");

type Root = IConstruct & { [CATALOG]?: WorkspaceImageCatalog | "prefetching" };

/** The images and pins of all environments of an app: prepared once before stacks are built, then asked by constructs. */
export class WorkspaceImageCatalog {
  /**
   * Prepares the answers to an app's lookups. Call it once, before the first stack.
   * In mode `auto`, environments that have no lock file yet are listed here, for ten seconds at most; any other is
   * listed when a lookup needs it, which is where it has no pin and no other pin has its question.
   * When `app.synth()` has succeeded, new pins are written to the lock files. It throws LockFileError where that cannot
   * be, and PinConflictError where another app or process pinned something else under the same name meanwhile.
   * @throws CatalogError if the app already has a catalog
   * @throws ConfigurationError if environments or options are wrong
   */
  static async prefetch(app: IConstruct, options: PrefetchOptions = {}): Promise<WorkspaceImageCatalog> {
    // A program that is bundled into one file is its own helper: it runs until here a second time.
    if (parentThread) {
      const { becomeListingThread, isListingThread } =
        require("./deferred-listing") as typeof import("./deferred-listing");
      if (isListingThread()) return becomeListingThread();
    }
    const root: Root = app.node.root;
    options.signal?.throwIfAborted();
    claim(root, "prefetching");
    try {
      // In mode frozen too, so that a forgotten await shows in every mode.
      await Promise.resolve();
      const project = findProject();
      const environments = options.environments
        ? new Environments({ environments: options.environments }, () => "The option environments")
        : openEnvironments(project, root.node.tryGetContext("workspaceImages"));
      if (environments.names.length === 0) {
        throw new ConfigurationError(`${whyNoEnvironments(project)} Or give the option environments.`);
      }
      const mode = modeOf(options.mode);
      const directory = options.directory ?? project.directory;
      const kind = mode === "frozen" ? "frozen" : "unlisted";
      const answers = new PinnedAnswers(new PinnedEnvironments(directory, environments, { kind }));
      if (mode === "auto") await answers.prefetch(options);
      const catalog = new WorkspaceImageCatalog(mode, answers);
      root[CATALOG] = catalog;
      answers.follow(root);
      return catalog;
    } catch (error) {
      delete root[CATALOG];
      throw error;
    }
  }

  /**
   * A catalog of given images for unit tests of your stacks: no network, no lock files.
   * A filter that the service decides is taken to hold for an image that lacks the field: `platform` and
   * `packageType` for every image, `imageType`, `osType` and `architecture` where they are left out.
   * @param images the images of each environment
   * @throws CatalogError if the app already has a catalog
   */
  static fromImages(
    scope: IConstruct,
    images: Readonly<Record<string, readonly WorkspaceImage[]>>,
  ): WorkspaceImageCatalog {
    const catalog = new WorkspaceImageCatalog("auto", new GivenAnswers(images));
    claim(scope.node.root, catalog);
    return catalog;
  }

  /**
   * The catalog of the app that `scope` belongs to.
   * @throws CatalogError if {@link WorkspaceImageCatalog.prefetch} was forgotten or not awaited
   */
  static of(scope: IConstruct): WorkspaceImageCatalog {
    const catalog = (scope.node.root as Root)[CATALOG];
    if (catalog instanceof Object) return catalog;
    const subject = scope.node.path || "The app";
    throw new CatalogError(
      catalog === "prefetching"
        ? `${subject}: WorkspaceImageCatalog.prefetch has not finished. Await it before the first stack is built.`
        : `${subject}: there is no catalog. Before the first stack, call: await WorkspaceImageCatalog.prefetch(app). In unit tests: WorkspaceImageCatalog.fromImages(app, …).`,
    );
  }

  /** Sets the environment of all lookups within `scope` that name none, for example of a stack. */
  static setEnvironment(scope: IConstruct, environment: string): void {
    Object.defineProperty(scope, ENVIRONMENT, { value: environment, configurable: true });
  }

  private constructor(
    /** How lookups are answered. */
    readonly mode: Mode,
    private readonly answers: PinnedAnswers | GivenAnswers,
  ) {}

  /** Names of the environments. */
  get environments(): string[] {
    return this.answers.names;
  }

  /**
   * The images that a lookup gets: its pin's, else what is chosen for a new pin.
   * @param scope who asks
   * @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment
   */
  lookup(scope: IConstruct, lookup: ImageLookup): readonly WorkspaceImage[] {
    const { pinName } = lookup;
    const environment = this.environmentOf(scope, lookup.environment);
    const subject = `${scope.node.path} (environment "${environment}")`;
    if (isToken(pinName) || !isPinName(pinName)) {
      throw new ConfigurationError(
        `${subject}: ${JSON.stringify(pinName)} cannot name a pin: set pinName to 1 to 255 characters, without control characters or tokens.`,
      );
    }
    return this.answers.images(scope, { ...lookup, environment, subject });
  }

  private environmentOf(scope: IConstruct, asked: string | undefined): string {
    const { names } = this.answers;
    const name =
      asked ??
      (scope.node.scopes as { [ENVIRONMENT]?: string }[]).findLast((ancestor) => ancestor[ENVIRONMENT])?.[
        ENVIRONMENT
      ] ??
      (names.length === 1 ? names[0] : undefined);
    if (name !== undefined && this.answers.has(name)) return name;
    const known = `Environments: ${names.join(", ")}.`;
    throw new ConfigurationError(
      name === undefined
        ? `${scope.node.path}: which environment? ${known} Set environment on the lookup, or WorkspaceImageCatalog.setEnvironment on its stack.`
        : `${scope.node.path}: there is no environment ${JSON.stringify(name)}. ${known} ${this.answers.advice}`,
    );
  }
}

function claim(root: Root, catalog: WorkspaceImageCatalog | "prefetching"): void {
  if (root[CATALOG]) {
    throw new CatalogError(
      "This app already has a catalog: call WorkspaceImageCatalog.prefetch (or fromImages) once, before the first stack.",
    );
  }
  Object.defineProperty(root, CATALOG, { value: catalog, configurable: true, writable: true });
}
