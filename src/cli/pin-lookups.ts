import type { ListingSource } from "../catalog/listing-source";
import type { Availability, Lookup } from "../catalog/resolution";
import { resolve } from "../catalog/resolve";
import { ConfigurationError, NotPinnedError, PinFilterChangedError } from "../errors";
import { readFileLookups } from "../pins/file-lookups";
import { type LockedPlace, readLockFile } from "../pins/lock-file";
import type { Pin, Pins, Question } from "../pins/pin";
import { type Revocations, readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { type Project, WORKSPACE_IMAGES_JSON } from "../project/project";
import type { PinnedEnvironment } from "./answers";
import { requiredListings } from "./listings";
import type { PlannedMoves } from "./moves";

/** Lookups by the names of their pins. */
export type Questions = ReadonlyMap<string, Question>;

/**
 * The lookups of a project without an app.
 * @throws ConfigurationError if its lookups stand in an app, or nowhere
 */
export function requireLookups(project: Project): Questions {
  const lookups = readFileLookups(project);
  if (lookups) return lookups;
  throw new ConfigurationError(
    project.cdktfJson?.app
      ? "Which pin? The lookups of this project stand in its app: cdktf synth takes their pins."
      : `Which pin? Name one, or add "lookups" to ${WORKSPACE_IMAGES_JSON}: { "office-windows": { "imageType": "gold" } }.`,
  );
}

/** Where the pins and questions of a lock file and workspace-images.json differ, by pin. */
export function disagreements(
  { project, environment, lockFile }: PinnedEnvironment,
  lookups: Questions,
): Map<string, NotPinnedError | PinFilterChangedError> {
  const known = knownOf(lockFile, readRevocations(project.directory), () => undefined);
  const found = new Map<string, NotPinnedError | PinFilterChangedError>();
  for (const lookup of lookupsOf(lookups, environment)) {
    try {
      resolve(lookup, { ...known, availability: { kind: "frozen", directory: project.directory } });
    } catch (error) {
      if (!(error instanceof NotPinnedError || error instanceof PinFilterChangedError)) throw error;
      found.set(lookup.pinName, error);
    }
  }
  return found;
}

/** Takes pins for lookups, environment after environment: what one takes, others may take over. */
export class LookupPinning {
  private readonly taken = new Map<string, { pins: Pins; place: LockedPlace }>();
  private readonly environments: ReadonlyMap<string, Environment>;
  private readonly revocations: Revocations;

  constructor(
    private readonly project: Project,
    private readonly lookups: Questions,
    private readonly source: ListingSource,
  ) {
    this.environments = readEnvironments(project);
    this.revocations = readRevocations(project.directory);
  }

  /** Names of environments, those first that others take images from. */
  inOrder(names: Iterable<string>): string[] {
    const depth = (name: string): number => {
      const from = this.environments.get(name)?.promotion?.from;
      return from === undefined ? 0 : 1 + depth(from);
    };
    return [...names].sort((a, b) => depth(a) - depth(b));
  }

  /** What is known of an environment's images; nothing is listed where no image must be chosen. */
  async availability({ environment, lockFile }: PinnedEnvironment): Promise<Availability> {
    const unlisted = { kind: "unlisted" } as const;
    const open = this.resolveAll(environment, lockFile, unlisted).filter(
      ([, resolution]) => resolution === "unlisted",
    );
    if (open.length === 0) return unlisted;
    const { place, listing } = await this.source.environment(environment, lockFile);
    const filters = open.map(([{ question }]) => question.filter);
    return { kind: "listed", place, listings: await requiredListings({ listing }, filters) };
  }

  /** The pins that are missing, and those whose question changed. */
  plan({ environment, lockFile }: PinnedEnvironment, availability: Availability): PlannedMoves {
    const before = lockFile?.pins ?? new Map<string, Pin>();
    const place = lockFile ?? (availability.kind === "listed" ? availability.place : undefined);
    const moved = new Map<string, Pin>();
    const notes: string[] = [];
    for (const [{ pinName }, resolution] of this.resolveAll(environment, lockFile, availability)) {
      if (resolution === "unlisted") continue;
      if (resolution.isNew) moved.set(pinName, resolution.pin);
      notes.push(...resolution.notes.map(({ text }) => text));
    }
    if (place) this.taken.set(environment.name, { place, pins: new Map([...before, ...moved]) });
    const otherwise = "nothing to pin: every lookup has its pin";
    return { project: this.project, environment, place, before, moved, notes, otherwise };
  }

  private resolveAll(
    environment: Environment,
    lockFile: PinnedEnvironment["lockFile"],
    availability: Availability,
  ): [Lookup, ReturnType<typeof resolve>][] {
    const pins = new Map(lockFile?.pins);
    return lookupsOf(this.lookups, environment).map((lookup) => {
      const known = knownOf(lockFile, this.revocations, () => this.promoted(environment, lookup.pinName));
      const resolution = resolve(lookup, { ...known, pins, availability });
      if (resolution !== "unlisted") pins.set(lookup.pinName, resolution.pin);
      return [lookup, resolution];
    });
  }

  private promoted(
    { promotion }: Environment,
    pinName: string,
  ): { pin: Pin; place: LockedPlace } | undefined {
    const from = promotion && this.environments.get(promotion.from);
    if (!from) return undefined;
    const taken = this.taken.get(from.name) ?? this.read(from);
    const pin = taken?.pins.get(pinName);
    return taken && pin && { pin, place: taken.place };
  }

  /** What an environment has that takes no pins in this run. */
  private read(environment: Environment): { pins: Pins; place: LockedPlace } | undefined {
    const file = readLockFile(this.project.directory, environment);
    if (!file) return undefined;
    const read = { pins: file.pins, place: file };
    this.taken.set(environment.name, read);
    return read;
  }
}

function lookupsOf(lookups: Questions, environment: Environment): Lookup[] {
  return [...lookups].map(([pinName, question]) => ({
    subject: `Lookup "${pinName}" (environment "${environment.name}")`,
    environment,
    pinName,
    question,
    isWithoutApp: true,
  }));
}

function knownOf(
  lockFile: PinnedEnvironment["lockFile"],
  revocations: Revocations,
  promoted: () => { pin: Pin; place: LockedPlace } | undefined,
) {
  return { pins: lockFile?.pins ?? new Map(), place: lockFile, promoted, revocations, now: new Date() };
}
