import type { IConstruct } from "constructs";
import type { AnsweredLookup } from "../desktops/checks";
import { parseChecks, type SkippedChecks } from "../desktops/skipped-checks";
import {
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
import type { WorkspaceImage } from "../images/workspace-image";
import { describeChange, isSameQuestion, type Pin } from "../pins/pin";
import { type Revocations, readRevocations } from "../pins/revoked";
import { Annotations } from "./annotations";
import type { EnvironmentPins } from "./environment-pins";
import type { Listings } from "./listings";
import { recordLookups } from "./lookup-record";
import type { PinnedEnvironments } from "./pinned-environments";
import type { Lookup, Promoted, Resolution } from "./resolution";
import { resolve } from "./resolve";
import { followSynth } from "./synth";

/** What a construct asks, in an environment that is known. */
export interface LocatedLookup {
  readonly environment: string;
  readonly pinName: string;
  /** Filter, as the user gave it. */
  readonly filter: SingleImageFilter;
  readonly cardinality: Cardinality;
  readonly checks?: SkippedChecks | undefined;
  /** Who asks and where, for errors. */
  readonly subject: string;
}

/** Answers from pins: what was pinned, or what is chosen for a new pin, which is written when the synth succeeded. */
export class PinnedAnswers {
  /** What to say of an unknown environment. */
  readonly advice = "Add it where these are configured.";
  private readonly annotations = new Annotations();
  private opened: Listings | undefined;
  private readonly answered: AnsweredLookup[] = [];
  private revocations: Revocations | undefined;

  constructor(private readonly environments: PinnedEnvironments) {}

  has(name: string): boolean {
    return this.environments.has(name);
  }

  get names(): string[] {
    return this.environments.names;
  }

  /** Lists what is better listed before the first stack. */
  prefetch(options: Parameters<Listings["prefetch"]>[0]): Promise<void> {
    return this.listings.prefetch(options);
  }

  /** The images that a lookup gets. */
  images(scope: IConstruct, lookup: LocatedLookup): readonly WorkspaceImage[] {
    const { environment, pinName, checks, subject } = lookup;
    const { images } = this.pin(scope, this.environments.get(environment)!, lookup);
    const { path } = scope.node;
    this.answered.push({ environment, pinName, path, images, checks: parseChecks(checks, subject) });
    return images;
  }

  /** Checks, names and saves around an app's synth. */
  follow(root: IConstruct): void {
    followSynth(root, {
      before: (stacks) => {
        const [first] = stacks;
        if (first) this.annotations.complete(first, [...this.environments.asked.values()]);
      },
      after: () => {
        const { completeOutput } = require("./synthesized-output") as typeof import("./synthesized-output");
        completeOutput(root, this.answered, this.environments.asked);
        this.save();
        this.opened?.close();
        recordLookups(() =>
          Object.fromEntries(
            this.names.map((name) => [name, [...(this.environments.asked.get(name)?.asked ?? [])]]),
          ),
        );
      },
    });
  }

  /** Loaded where something is listed: a frozen synth never gets there. */
  private get listings(): Listings {
    const { Listings } = require("./listings") as typeof import("./listings");
    this.opened ??= new Listings(this.environments, (warning) => this.annotations.warn(warning));
    return this.opened;
  }

  private pin(scope: IConstruct, pins: EnvironmentPins, lookup: LocatedLookup): Pin {
    const { pinName, filter: given, cardinality, subject } = lookup;
    pins.asked.add(pinName);
    const answered = pins.answers.get(pinName);
    const known = answered?.pin ?? pins.pin(pinName);
    // A filter that is the pin's own was checked when the pin was read.
    const filter = isAsPinned(given, cardinality, known)
      ? known.filter
      : parseFilter(given, cardinality, subject);
    const question = { filter, cardinality };
    if (answered) {
      if (isSameQuestion(answered.pin, question)) return answered.pin;
      const { renameCommand } = require("../pins/advice") as typeof import("../pins/advice");
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

  /** Writes what this run took; most runs take nothing. */
  private save(): string[] {
    const environments = [...this.environments.asked.values()];
    if (environments.every(({ gained }) => gained.size === 0)) return [];
    const { savePins } = require("./save") as typeof import("./save");
    return savePins(environments);
  }

  /** What was taken for other environments is not lost because one is out of reach here. */
  private saveOthers(error: EnvironmentUnavailableError): EnvironmentUnavailableError {
    const written = this.save();
    if (written.length === 0) return error;
    return new EnvironmentUnavailableError(
      `${error.message}\nThe new pins of other environments were written, commit them: ${written.join(", ")}.`,
      { cause: error.cause },
    );
  }

  /** The pin that a new one takes over, where the policy of its environment names where images come from. */
  private promoted(from: string | undefined, pinName: string): Promoted | undefined {
    const source = from === undefined ? undefined : this.environments.get(from);
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
}

function isAsPinned(given: SingleImageFilter, cardinality: Cardinality, pin: Pin | undefined): pin is Pin {
  if (pin?.cardinality !== cardinality) return false;
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return (
    asked.length === Object.keys(pin.filter).length &&
    asked.every(([key, value]) => value === pin.filter[key as keyof SingleImageFilter])
  );
}
