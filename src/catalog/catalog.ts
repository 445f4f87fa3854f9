import type { IConstruct } from "constructs";
import type { SkippedChecks } from "../desktops/skipped-checks";
import { CatalogError, ConfigurationError } from "../errors";
import type { Cardinality, SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import { isPinName } from "../pins/pin";
import { isToken } from "../text/tokens";
import { isHelperThread } from "../threads/helper-variable";
import type { GivenAnswers } from "./given-answers";
import type { Mode } from "./mode";
import type { PinnedAnswers } from "./pinned-answers";
import type { PrefetchOptions } from "./prefetch";

export type { Mode } from "./mode";
export type { PrefetchOptions } from "./prefetch";

/** What a construct asks the catalog. */
export interface ImageLookup {
  /**
   * Environment.
   * @default - the nearest scope's, else the only one
   */
  readonly environment?: string | undefined;
  /** Name of the pin in the environment. */
  readonly pinName: string;
  /** Filter, as the user gave it. */
  readonly filter: SingleImageFilter;
  /** Whether exactly one image is wanted, or all that match. */
  readonly cardinality: Cardinality;
  /**
   * Checks that are not made for resources which use its images.
   * @default - all are made
   */
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
   * `app.synth()` then throws DesktopCheckError where a resource does not fit its image. Where everything fits, it writes
   * new pins to the lock files, and throws LockFileError where one cannot be written, and PinConflictError where another
   * app or process pinned something else under the same name meanwhile.
   * @throws CatalogError if the app already has a catalog
   * @throws ConfigurationError if environments or options are wrong
   * @throws the reason of `options.signal` if that ends it
   */
  static async prefetch(app: IConstruct, options: PrefetchOptions = {}): Promise<WorkspaceImageCatalog> {
    // A program that is bundled into one file is its own helper: it runs until here a second time.
    if (isHelperThread()) {
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
      const { prefetchAnswers } = require("./prefetch") as typeof import("./prefetch");
      const { mode, answers } = await prefetchAnswers(root, options);
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
    const { GivenAnswers } = require("./given-answers") as typeof import("./given-answers");
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
    const scopes = scope.node.scopes as { [ENVIRONMENT]?: string }[];
    const given = asked ?? scopes.findLast((ancestor) => ancestor[ENVIRONMENT])?.[ENVIRONMENT];
    if (given !== undefined && this.answers.has(given)) return given;
    const { names } = this.answers;
    const name = given ?? (names.length === 1 ? names[0] : undefined);
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
