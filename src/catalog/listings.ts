import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigurationError, ListingTooLargeError, WorkspaceImagesError } from "../errors";
import type { ListingQuery } from "../images/image-filter";
import { lockFileName } from "../pins/lock-file";
import type { DeferredListings } from "./deferred-listing";
import type { EnvironmentPins } from "./environment-pins";
import type { PinnedEnvironments } from "./pinned-environments";
import type { Availability } from "./resolution";

/** How long environments without a lock file are waited for before the first stack, ms. */
const PREFETCH_TIME = 10_000;

/** The listings of a run: what must be chosen is chosen from a fresh one, and nothing is listed without need. */
export class Listings {
  private deferred: DeferredListings | undefined;

  constructor(
    private readonly environments: PinnedEnvironments,
    private readonly onWarning: (message: string) => void,
  ) {}

  /**
   * Lists, side by side in this thread, the environments that have no lock file yet, or all.
   * One that is not done in time is listed like the others, when a lookup needs it.
   * @throws the signal's reason
   */
  async prefetch({
    eager,
    signal,
  }: {
    eager?: boolean | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<void> {
    const wanted = this.open(eager ? this.environments.names : this.withoutLockFile());
    if (wanted.length === 0) return;
    const time = new AbortController();
    const timer = eager ? undefined : setTimeout(() => time.abort(), PREFETCH_TIME);
    const { openListings } = require("./listing-source") as typeof import("./listing-source");
    const ending = AbortSignal.any([time.signal, ...(signal ? [signal] : [])]);
    try {
      const source = await openListings({ signal: ending, onWarning: this.onWarning });
      try {
        await Promise.all(
          wanted.map(async (pins) => {
            try {
              const { place, listing } = await source.environment(pins.environment, pins.lockFile);
              pins.availability = { kind: "listed", place, listings: [await listing({})] };
            } catch (error) {
              if (ending.aborted) return;
              if (!(error instanceof WorkspaceImagesError)) throw error;
              pins.availability = { kind: "unreachable", error };
            }
          }),
        );
      } finally {
        await source.close();
      }
    } finally {
      clearTimeout(timer);
    }
    signal?.throwIfAborted();
  }

  /**
   * Lists an environment while this thread waits, because one of its lookups has no pin. Those whose lock file lacks
   * that pin, too, are listed side by side: they will be asked next.
   */
  list(pins: EnvironmentPins, pinName: string): void {
    const others = this.open(this.environments.names).filter(
      (other) => other !== pins && other.availability.kind === "unlisted" && lacks(other, pinName),
    );
    this.thread().begin([pins, ...others].map((one) => requestOf(one, {})));
    pins.availability = this.wait(pins);
  }

  /** Lists what only the service can decide; whether that was not listed yet. */
  listFurther(pins: EnvironmentPins, query: ListingQuery): boolean {
    const { availability } = pins;
    const known = availability.kind === "listed" ? availability.listings : [];
    const isTooMuch =
      availability.kind === "unreachable" && availability.error instanceof ListingTooLargeError;
    if (availability.kind !== "listed" && !isTooMuch) return false;
    const key = JSON.stringify(query);
    if (known.some((listing) => JSON.stringify(listing.query) === key)) return false;
    this.thread().begin([requestOf(pins, query)]);
    const further = this.wait(pins);
    pins.availability =
      further.kind === "listed"
        ? { ...further, listings: [...known, ...further.listings] }
        : { ...further, query };
    return true;
  }

  /** Ends what may still be listed for nobody. */
  close(): void {
    this.deferred?.close();
    this.deferred = undefined;
  }

  private wait({ environment }: EnvironmentPins): Exclude<Availability, { kind: "frozen" | "unlisted" }> {
    const outcome = this.thread().wait(environment.name);
    return "error" in outcome ? { kind: "unreachable", ...outcome } : { kind: "listed", ...outcome };
  }

  /** Environments by name, without those that are configured wrongly: that fails their own lookups. */
  private open(names: readonly string[]): EnvironmentPins[] {
    return names.flatMap((name) => {
      try {
        return this.environments.get(name) ?? [];
      } catch (error) {
        if (error instanceof ConfigurationError) return [];
        throw error;
      }
    });
  }

  /** Names of those without a lock file, by one look into the folder, however many there are. */
  private withoutLockFile(): string[] {
    const { directory, names } = this.environments;
    let files: Set<string>;
    try {
      files = new Set(readdirSync(dirname(join(directory, lockFileName("any")))));
    } catch {
      files = new Set();
    }
    return names.filter((name) => !files.has(basename(lockFileName(name))));
  }

  private thread(): DeferredListings {
    if (!this.deferred) {
      const { DeferredListings } = require("./deferred-listing") as typeof import("./deferred-listing");
      this.deferred = new DeferredListings({ onWarning: this.onWarning });
    }
    return this.deferred;
  }
}

function requestOf({ environment, lockFile }: EnvironmentPins, query: ListingQuery) {
  const locked = lockFile && { region: lockFile.region, projectId: lockFile.projectId };
  return { environment, locked, queries: [query] };
}

/** Whether a readable lock file has no such pin. */
function lacks(pins: EnvironmentPins, pinName: string): boolean {
  try {
    return !pins.pins.has(pinName);
  } catch {
    return false;
  }
}
