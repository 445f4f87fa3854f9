import type { IConstruct } from "constructs";
import { type AnsweredLookup, parseChecks, type SkippedChecks } from "../desktops/checks";
import {
  CatalogError,
  ConfigurationError,
  EnvironmentUnavailableError,
  ListingRequiredError,
  LockFileError,
  PinConflictError,
} from "../errors";
import {
  type Cardinality,
  type ListingQuery,
  parseFilter,
  type SingleImageFilter,
} from "../images/image-filter";
import { selectImages } from "../images/image-selection";
import { listingOf } from "../images/listing";
import { normalizeImage, type WorkspaceImage } from "../images/workspace-image";
import { renameCommand } from "../pins/advice";
import { describeChange, isPinName, isSameQuestion, type Pin } from "../pins/pin";
import { type Revocations, readRevocations } from "../pins/revoked";
import { type EnvironmentConfig, parseEnvironments, readEnvironments } from "../project/environment";
import { findProject, whyNoEnvironments } from "../project/project";
import { isToken } from "../text/tokens";
import { Annotations } from "./annotations";
import { becomeListingThread, isListingThread } from "./deferred-listing";
import { EnvironmentPins } from "./environment-pins";
import { Listings } from "./listings";
import { recordLookups } from "./lookup-record";
import { type Mode, modeOf } from "./mode";
import { type Lookup, type Promoted, type Resolution, resolve } from "./resolve";
import { savePins } from "./save";
import { followSynth } from "./synth";
import { checkSynthesized, namePins } from "./synthesized";

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
    if (isListingThread()) return becomeListingThread();
    const root: Root = app.node.root;
    options.signal?.throwIfAborted();
    claim(root, "prefetching");
    try {
      // In mode frozen too, so that a forgotten await shows in every mode.
      await Promise.resolve();
      const project = findProject();
      const environments = options.environments
        ? parseEnvironments({ environments: options.environments }, "The option environments")
        : readEnvironments(project, root.node.tryGetContext("workspaceImages"));
      if (environments.size === 0) {
        throw new ConfigurationError(`${whyNoEnvironments(project)} Or give the option environments.`);
      }
      const mode = modeOf(options.mode);
      const directory = options.directory ?? project.directory;
      const kind = mode === "frozen" ? "frozen" : "unlisted";
      const pinned = [...environments.values()].map(
        (environment) => [environment.name, new EnvironmentPins(directory, environment, { kind })] as const,
      );
      const catalog = new WorkspaceImageCatalog(mode, new Map(pinned));
      if (mode === "auto") await catalog.listings.prefetch(options);
      root[CATALOG] = catalog;
      catalog.follow(root);
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
    const given = Object.entries(images).map(([name, list]) => [name, list.map(normalizeImage)] as const);
    const catalog = new WorkspaceImageCatalog("auto", new Map(given));
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

  private readonly annotations = new Annotations();
  private readonly listings: Listings;
  private readonly pinned: ReadonlyMap<string, EnvironmentPins>;
  private readonly answered: AnsweredLookup[] = [];
  private revocations: Revocations | undefined;

  private constructor(
    /** How lookups are answered. */
    readonly mode: Mode,
    /** The pins of each environment, or in unit tests its images. */
    private readonly byName: ReadonlyMap<string, EnvironmentPins | readonly WorkspaceImage[]>,
  ) {
    const pinned = [...byName].filter(
      (entry): entry is [string, EnvironmentPins] => entry[1] instanceof EnvironmentPins,
    );
    this.pinned = new Map(pinned);
    this.listings = new Listings([...this.pinned.values()], (warning) => this.annotations.warn(warning));
  }

  /** Names of the environments. */
  get environments(): string[] {
    return [...this.byName.keys()];
  }

  /**
   * The images that a lookup gets: its pin's, else what is chosen for a new pin.
   * @param scope who asks
   * @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment
   */
  lookup(scope: IConstruct, lookup: ImageLookup): readonly WorkspaceImage[] {
    const { pinName, filter: given, cardinality, checks } = lookup;
    const { path } = scope.node;
    const environment = this.environmentOf(scope, lookup.environment);
    const source = this.byName.get(environment)!;
    const subject = `${path} (environment "${environment}")`;
    if (isToken(pinName) || !isPinName(pinName)) {
      throw new ConfigurationError(
        `${subject}: ${JSON.stringify(pinName)} cannot name a pin: set pinName to 1 to 255 characters, without control characters or tokens.`,
      );
    }
    let images: readonly WorkspaceImage[];
    if (source instanceof EnvironmentPins) {
      images = this.pin(scope, source, pinName, given, cardinality, subject).images;
    } else {
      const filter = parseFilter(given, cardinality, subject);
      images = selectImages([listingOf(source, filter)], filter, cardinality, subject);
    }
    this.answered.push({ environment, pinName, path, images, checks: parseChecks(checks, subject) });
    return images;
  }

  private pin(
    scope: IConstruct,
    pins: EnvironmentPins,
    pinName: string,
    given: SingleImageFilter,
    cardinality: Cardinality,
    subject: string,
  ): Pin {
    pins.asked.add(pinName);
    const answered = pins.answers.get(pinName);
    const known = answered?.pin ?? pins.pin(pinName);
    // What is asked as it was pinned was checked when the pin was read.
    const filter = isAsPinned(given, cardinality, known)
      ? known.filter
      : parseFilter(given, cardinality, subject);
    const question = { filter, cardinality };
    if (answered) {
      if (isSameQuestion(answered.pin, question)) return answered.pin;
      throw new PinConflictError(
        `${subject}: pin "${pinName}" is already used there by ${answered.path} for another question (${describeChange(answered.pin, question)}). Give one of the two lookups a pinName of its own, such as "${pinName}-2"; that one keeps the images of this pin with: ${renameCommand(pinName, `${pinName}-2`, { keep: true })}`,
      );
    }
    const { environment } = pins;
    const { pin, isNew, notes } = this.resolve({ subject, environment, pinName, question }, pins);
    this.annotations.add(scope, notes);
    if (isNew) pins.gained.set(pinName, pin);
    pins.answers.set(pinName, { path: scope.node.path, pin });
    return pin;
  }

  /** Answers a lookup, and lists its environment where that must be. */
  private resolve(lookup: Lookup, pins: EnvironmentPins): Exclude<Resolution, "unlisted"> {
    this.revocations ??= readRevocations(pins.directory);
    const { environment, pinName } = lookup;
    const { revocations } = this;
    const now = new Date();
    for (;;) {
      try {
        const resolution = resolve(lookup, {
          pins: pins.pins,
          place: pins.place,
          availability: pins.availability,
          promoted: () => this.promoted(environment.promotion?.from, pinName),
          revocations,
          now,
        });
        if (resolution !== "unlisted") return resolution;
        this.listings.list(pins, pinName);
      } catch (error) {
        if (error instanceof ListingRequiredError) {
          if (this.listings.listFurther(pins, error.listing as ListingQuery)) continue;
        }
        throw error instanceof EnvironmentUnavailableError ? this.saveOthers(error) : error;
      }
    }
  }

  /** What was taken for other environments is not lost because one is out of reach here. */
  private saveOthers(error: EnvironmentUnavailableError): EnvironmentUnavailableError {
    const written = savePins(this.pinned.values());
    if (written.length === 0) return error;
    return new EnvironmentUnavailableError(
      `${error.message}\nThe new pins of other environments were written, commit them: ${written.join(", ")}.`,
      { cause: error.cause },
    );
  }

  /** The pin that a new one takes over, where the policy of its environment names where images come from. */
  private promoted(from: string | undefined, pinName: string): Promoted | undefined {
    const source = from === undefined ? undefined : this.pinned.get(from);
    if (!source) return undefined;
    try {
      const pin = source.pin(pinName);
      const { place } = source;
      return pin && place && { pin, place };
    } catch (error) {
      // A damaged lock file fails the lookups of its own environment, and no others.
      if (error instanceof LockFileError) return undefined;
      throw error;
    }
  }

  private environmentOf(scope: IConstruct, asked: string | undefined): string {
    const name =
      asked ??
      (scope.node.scopes as { [ENVIRONMENT]?: string }[]).findLast((ancestor) => ancestor[ENVIRONMENT])?.[
        ENVIRONMENT
      ] ??
      (this.byName.size === 1 ? this.environments[0] : undefined);
    if (name !== undefined && this.byName.has(name)) return name;
    const known = `Environments: ${this.environments.join(", ")}.`;
    throw new ConfigurationError(
      name === undefined
        ? `${scope.node.path}: which environment? ${known} Set environment on the lookup, or WorkspaceImageCatalog.setEnvironment on its stack.`
        : `${scope.node.path}: there is no environment ${JSON.stringify(name)}. ${known} ${this.pinned.size > 0 ? "Add it where these are configured." : "Give fromImages its images."}`,
    );
  }

  private follow(root: IConstruct): void {
    followSynth(root, {
      before: (stacks) => {
        const [first] = stacks;
        if (first) this.annotations.complete(first, [...this.pinned.values()]);
        namePins(stacks, this.answered, this.pinned);
      },
      after: () => {
        checkSynthesized(root, this.answered, this.pinned);
        savePins(this.pinned.values());
        this.listings.close();
        recordLookups(Object.fromEntries([...this.pinned].map(([name, { asked }]) => [name, [...asked]])));
      },
    });
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

function isAsPinned(given: SingleImageFilter, cardinality: Cardinality, pin: Pin | undefined): pin is Pin {
  if (pin?.cardinality !== cardinality) return false;
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return (
    asked.length === Object.keys(pin.filter).length &&
    asked.every(([key, value]) => value === pin.filter[key as keyof SingleImageFilter])
  );
}
