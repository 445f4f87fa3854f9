import type { IConstruct } from "constructs";
import {
  CatalogError,
  ConfigurationError,
  EnvironmentUnavailableError,
  LockFileError,
  NoCredentialsError,
  NotPinnedError,
  PinConflictError,
  PinFilterChangedError,
  StalePinError,
  WorkspaceImagesError,
} from "../errors";
import {
  type Cardinality,
  type ListingQuery,
  parseFilter,
  parseListingQuery,
  type SingleImageFilter,
} from "../images/image-filter";
import { describeImage, type Listing, listingQueryOf, selectImages } from "../images/image-selection";
import type { WorkspaceImage } from "../images/workspace-image";
import { type LockFile, lockFileName, readLockFile, updateLockFile } from "../pins/lock-file";
import { describeChange, isPinName, isStale, type Pin, type Question, questionKey } from "../pins/pin";
import {
  type Environment,
  type EnvironmentConfig,
  parseEnvironments,
  readEnvironments,
} from "../project/environment";
import { findProject } from "../project/project";
import { printable } from "../text/printable";
import { formatTime } from "../text/time";
import { isToken } from "../text/tokens";
import { isRecording, recordLookups } from "./lookup-record";

/**
 * How lookups are answered: `frozen` from lock files alone, without a network;
 * `auto` from lock files, and from a listing where a lookup has no pin yet.
 */
export type Mode = "frozen" | "auto";

/** Options of {@link WorkspaceImageCatalog.prefetch}. */
export interface PrefetchOptions {
  /**
   * How lookups are answered.
   * @default - the variable WORKSPACE_IMAGES_MODE, else `frozen` where CI is set, else `auto`
   */
  readonly mode?: Mode;
  /**
   * The environments by name.
   * @default - `workspaceImages.environments` in cdktf.json
   */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>;
  /**
   * The queries to list in every environment. A lookup by `platform` or `packageType` needs one that names it,
   * because no field of an image shows them.
   * @default - one, unfiltered
   */
  readonly listings?: readonly ListingQuery[];
  /** Ends the prefetch early, with the signal's reason. */
  readonly signal?: AbortSignal;
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
}

/** What one lookup asked and got. */
interface Answer {
  readonly path: string;
  readonly key: string;
  readonly question: Question;
  readonly images: readonly WorkspaceImage[];
}

type Level = "info" | "warn";

/** Everything known of one environment in this run. */
interface Shelf {
  readonly environment: Environment;
  readonly lockFile?: LockFile | undefined;
  readonly place?: { readonly region: string; readonly projectId: string };
  /** The listings for a filter: of `fromImages`, they stand for whatever the service would have answered. */
  readonly listings?: (filter: SingleImageFilter) => readonly Listing[];
  readonly failure?: WorkspaceImagesError;
  readonly answers: Map<string, Answer>;
  readonly gained: Map<string, Pin>;
}

const CATALOG = Symbol.for("cdktf-huaweicloud-workspace-images/catalog");
const ENVIRONMENT = Symbol.for("cdktf-huaweicloud-workspace-images/environment");

type Root = IConstruct & {
  [CATALOG]?: WorkspaceImageCatalog | "prefetching";
  synth?: (...args: unknown[]) => unknown;
};

/** The images and pins of all environments of an app: filled once before stacks are built, then asked by constructs. */
export class WorkspaceImageCatalog {
  /**
   * Reads every environment's lock file and, in mode `auto`, lists its images, all environments at once.
   * Call it once, before the first stack; when `app.synth()` has succeeded, new pins are written to the lock files.
   * An environment that cannot be reached fails only the lookups that have no pin.
   * `app.synth()` throws LockFileError where the pins cannot be written, and PinConflictError where another app
   * or process pinned something else under the same name meanwhile.
   * @throws CatalogError if the app already has a catalog
   * @throws ConfigurationError if environments or options are wrong
   * @throws FilterError if the option listings is wrong
   * @throws LockFileError if a lock file is damaged, or of another environment, region or project
   */
  static async prefetch(app: IConstruct, options: PrefetchOptions = {}): Promise<WorkspaceImageCatalog> {
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
        throw new ConfigurationError(
          `There are no environments: add "workspaceImages": { "environments": { "dev": { "region": "cn-north-4" } } } to the context in cdktf.json (${project.cdktfJson ? `of ${project.directory}` : `there is none in ${project.directory} or above it`}), or give the option environments.`,
        );
      }
      const mode = modeOf(options);
      const lockFiles = [...environments.values()].map((environment) => ({
        environment,
        lockFile: readLockFile(project.directory, environment),
      }));
      const warnings: string[] = [];
      const shelves =
        mode === "frozen"
          ? lockFiles.map((shelf) => ({ ...shelf, ...emptyShelf() }))
          : await list(lockFiles, options, (message) => warnings.push(message));
      const catalog = new WorkspaceImageCatalog(mode, shelves, warnings, project.directory);
      root[CATALOG] = catalog;
      catalog.writePinsAfterSynth(root);
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
    const shelves = Object.entries(images).map(([name, images]) => ({
      environment: { name },
      listings: (filter: SingleImageFilter) => [{ query: listingQueryOf(filter), images }],
      ...emptyShelf(),
    }));
    const catalog = new WorkspaceImageCatalog("auto", shelves, []);
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

  private readonly shelves: ReadonlyMap<string, Shelf>;
  /** What was said of constructs outside every stack, and would not be printed there. */
  private readonly stray: { readonly level: Level; readonly message: string }[] = [];

  private constructor(
    /** How lookups are answered. */
    readonly mode: Mode,
    shelves: readonly Shelf[],
    /** Said once, on the first lookup: only what stands on a construct is printed by the CLI. */
    private readonly warnings: string[],
    private readonly directory?: string,
  ) {
    this.shelves = new Map(shelves.map((shelf) => [shelf.environment.name, shelf]));
  }

  /** Names of the environments. */
  get environments(): string[] {
    return [...this.shelves.keys()];
  }

  /**
   * The images that a lookup selects: its pin, else what its filter selects in the listing, which becomes its pin.
   * @param scope who asks
   * @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment
   */
  lookup(
    scope: IConstruct,
    { environment, pinName, filter: given, cardinality }: ImageLookup,
  ): readonly WorkspaceImage[] {
    for (const warning of this.warnings.splice(0)) this.annotate(scope, "warn", warning);
    const shelf = this.shelfFor(scope, environment);
    const subject = `${scope.node.path} (environment "${shelf.environment.name}")`;
    const pin = shelf.lockFile?.pins.get(pinName);
    // What is asked as it was pinned was checked when the pin was read.
    const filter = isAsPinned(given, cardinality, pin)
      ? pin.filter
      : parseFilter(given, cardinality, subject);
    if (isToken(pinName) || !isPinName(pinName)) {
      throw new ConfigurationError(
        `${subject}: ${JSON.stringify(pinName)} cannot name a pin: set pinName to 1 to 255 characters, without control characters or tokens.`,
      );
    }
    const question = { filter, cardinality };
    const key = questionKey(question);
    const answered = shelf.answers.get(pinName);
    if (answered) {
      if (answered.key === key) return answered.images;
      throw new PinConflictError(
        `${subject}: pin "${pinName}" is already used there by ${answered.path} for another filter (${describeChange(answered.question, question)}). Give one of the two lookups a pinName of its own.`,
      );
    }
    const images =
      this.pinned(scope, shelf, pinName, key, question, subject) ??
      this.select(scope, shelf, pinName, question, subject);
    shelf.answers.set(pinName, { path: scope.node.path, key, question, images });
    return images;
  }

  private shelfFor(scope: IConstruct, asked: string | undefined): Shelf {
    const name =
      asked ??
      (scope.node.scopes as { [ENVIRONMENT]?: string }[]).findLast((ancestor) => ancestor[ENVIRONMENT])?.[
        ENVIRONMENT
      ] ??
      (this.shelves.size === 1 ? this.environments[0] : undefined);
    const shelf = name === undefined ? undefined : this.shelves.get(name);
    if (shelf) return shelf;
    const known = `Environments: ${this.environments.join(", ")}.`;
    throw new ConfigurationError(
      name === undefined
        ? `${scope.node.path}: which environment? ${known} Set environment on the lookup, or WorkspaceImageCatalog.setEnvironment on its stack.`
        : `${scope.node.path}: there is no environment ${JSON.stringify(name)}. ${known} ${this.directory ? "Add it to workspaceImages.environments in cdktf.json." : "Give fromImages its images."}`,
    );
  }

  private pinned(
    scope: IConstruct,
    { environment, lockFile, failure, answers }: Shelf,
    pinName: string,
    key: string,
    question: Question,
    subject: string,
  ): readonly WorkspaceImage[] | undefined {
    const pin = lockFile?.pins.get(pinName);
    const matches = pin !== undefined && questionKey(pin) === key;
    if (!matches && this.mode === "frozen") {
      const next = `Run cdktf synth where the environment can be reached (CI unset, or WORKSPACE_IMAGES_MODE=auto), then commit ${lockFileName(environment.name)}.`;
      if (!pin) {
        throw new NotPinnedError(
          `${subject}: no pin "${pinName}" in ${lockFileName(environment.name)}, and mode frozen asks no one. ${next}`,
        );
      }
      throw new PinFilterChangedError(
        `${subject}: the filter was changed after pin "${pinName}" was taken (${describeChange(pin, question)}). ${next}`,
      );
    }
    if (!matches) return undefined;
    if (failure && answers.size === 0) {
      this.annotate(
        scope,
        failure instanceof NoCredentialsError ? "info" : "warn",
        `Environment "${environment.name}" was not listed; its pins are used as they are. ${failure.message}`,
      );
    }
    const stale = describeAge(environment, pinName, pin);
    if (stale && environment.onStalePin === "error") throw new StalePinError(`${subject}: ${stale}`);
    if (stale) this.annotate(scope, "warn", `The ${stale}`);
    return pin.images;
  }

  private select(
    scope: IConstruct,
    shelf: Shelf,
    pinName: string,
    question: Question,
    subject: string,
  ): readonly WorkspaceImage[] {
    const { filter, cardinality } = question;
    const before = shelf.lockFile?.pins.get(pinName);
    if (!shelf.listings) {
      const why = before
        ? `the filter was changed after pin "${pinName}" was taken (${describeChange(before, question)})`
        : `there is no pin "${pinName}" yet`;
      throw new EnvironmentUnavailableError(
        `${subject}: ${why}, and the images could not be listed. ${shelf.failure?.message}`,
        { cause: shelf.failure },
      );
    }
    const images = selectImages(shelf.listings(filter), filter, cardinality, subject);
    if (shelf.place) {
      const names = images.map(describeImage).join(", ") || "no image";
      const next = `Once the synth has succeeded, commit ${lockFileName(shelf.environment.name)}.`;
      this.annotate(
        scope,
        "info",
        before
          ? `The filter of pin "${pinName}" was changed (${describeChange(before, question)}): ${before.images.map(describeImage).join(", ") || "no image"} → ${names}. ${next}`
          : `New pin "${pinName}": ${names}. ${next}`,
      );
      shelf.gained.set(pinName, { ...question, pinnedAt: formatTime(new Date()) ?? "", images });
    }
    return images;
  }

  private annotate(scope: IConstruct, level: Level, text: string): void {
    const message = printable(text);
    scope.node.addMetadata(`@cdktf/${level}`, message);
    if (!scope.node.scopes.some(isStack)) this.stray.push({ level, message });
  }

  /**
   * `synth` itself is followed, not a validation of the root: an app may skip validations,
   * and one that is added later could still fail the synth.
   */
  private writePinsAfterSynth(root: Root): void {
    const synth = root.synth;
    if (!synth) return;
    root.synth = (...args) => {
      const stack = root.node.findAll().find(isStack);
      if (stack) {
        for (const { level, message } of this.stray.splice(0))
          stack.node.addMetadata(`@cdktf/${level}`, message);
      }
      const result = synth.apply(root, args);
      // Under the CLI, a stack with error annotations is synthesized first and refused after.
      const refused = root.node
        .findAll()
        .some(({ node }) => node.metadata.some(({ type }) => type === "@cdktf/error"));
      if (!refused) {
        this.writePins();
        recordLookups(
          Object.fromEntries([...this.shelves].map(([name, { answers }]) => [name, [...answers.keys()]])),
        );
      }
      return result;
    };
  }

  private writePins(): void {
    for (const { environment, place, lockFile, gained } of this.shelves.values()) {
      if (!place || !this.directory || gained.size === 0) continue;
      updateLockFile(this.directory, environment, place, (pins) => {
        for (const [name, pin] of gained) {
          const before = lockFile?.pins.get(name);
          const now = pins.get(name);
          // Another app or process pinned the same meanwhile: its pin stays as it is.
          if (now && isSamePin(now, pin)) continue;
          if (now && !(before && isSamePin(now, before))) {
            throw new PinConflictError(
              `Environment "${environment.name}": another app or process took pin "${name}" meanwhile, for another filter or image (${describeChange(now, pin) || "the same filter"}). It was kept. Run cdktf synth again; if two lookups share the name, give one of them a pinName of its own.`,
            );
          }
          pins.set(name, pin);
        }
      });
      gained.clear();
    }
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

function emptyShelf() {
  return { answers: new Map(), gained: new Map() };
}

function modeOf({ mode }: PrefetchOptions): Mode {
  if (isRecording()) return "frozen";
  const { WORKSPACE_IMAGES_MODE: variable, CI: ci } = process.env;
  const chosen = mode ?? (variable || (ci && ci !== "false" && ci !== "0" ? "frozen" : "auto"));
  if (chosen === "frozen" || chosen === "auto") return chosen;
  throw new ConfigurationError(
    `The mode ${JSON.stringify(chosen)} (${mode ? "option mode" : "WORKSPACE_IMAGES_MODE"}) is unknown: use "frozen" or "auto".`,
  );
}

function isStack(construct: IConstruct): boolean {
  return "synthesizer" in construct;
}

/** What is wrong with a pin's age, if anything. */
function describeAge(environment: Environment, pinName: string, pin: Pin): string | undefined {
  if (!isStale(pin, environment)) return undefined;
  const { name, maxPinAgeDays } = environment;
  return `pin "${pinName}" was taken at ${pin.pinnedAt}, more than ${maxPinAgeDays} days ago. Move it with: workspace-images update ${pinName} --env ${name}. If that finds nothing newer, take it anew: delete it from ${lockFileName(name)} and run cdktf synth with WORKSPACE_IMAGES_MODE=auto.`;
}

function isAsPinned(given: SingleImageFilter, cardinality: Cardinality, pin: Pin | undefined): pin is Pin {
  if (pin?.cardinality !== cardinality) return false;
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return (
    asked.length === Object.keys(pin.filter).length &&
    asked.every(([key, value]) => value === pin.filter[key as keyof SingleImageFilter])
  );
}

function isSamePin(a: Pin, b: Pin): boolean {
  const key = (pin: Pin) => JSON.stringify([questionKey(pin), pin.images.map(({ id }) => id)]);
  return key(a) === key(b);
}

async function list(
  shelves: readonly { environment: Environment; lockFile: LockFile | undefined }[],
  { listings = [{}], signal }: PrefetchOptions,
  onWarning: (message: string) => void,
): Promise<Shelf[]> {
  if (!Array.isArray(listings) || listings.length === 0) {
    throw new ConfigurationError("The option listings is empty or no list: leave it out, or name queries.");
  }
  const queries = listings.map((query) => parseListingQuery(query, "The option listings"));
  const { openListings } = require("./listing-source") as typeof import("./listing-source");
  const source = await openListings({ signal, onWarning });
  try {
    return await Promise.all(
      shelves.map(async ({ environment, lockFile }): Promise<Shelf> => {
        const shelf = { environment, lockFile, ...emptyShelf() };
        try {
          const { place, listing } = await source.environment(environment, lockFile);
          const listed = await Promise.all(queries.map(listing));
          return { ...shelf, place, listings: () => listed };
        } catch (error) {
          if (signal?.aborted || !isUnreachable(error)) throw error;
          return { ...shelf, failure: error };
        }
      }),
    );
  } finally {
    await source.close();
  }
}

/** Errors of the network, the service or the credentials; a wrong configuration or lock file is none. */
function isUnreachable(error: unknown): error is WorkspaceImagesError {
  return (
    error instanceof WorkspaceImagesError &&
    !(error instanceof ConfigurationError) &&
    !(error instanceof LockFileError)
  );
}
