import { join } from "node:path";
import { ConnectionError, ListingThreadError, WorkspaceImagesError } from "../errors";
import type { Listing } from "../images/listing";
import type { LockedPlace } from "../pins/lock-file";
import { type WaitLimits, waitFor } from "../threads/blocking-wait";
import { HelperThread, helperFile } from "../threads/helper-thread";
import { parentThread } from "../threads/parent-thread";
import { type ListingReport, type ListingRequest, readError } from "./listing-messages";

export type { ListingRequest };

/** What an environment's listing came to. */
export type ListingOutcome =
  | { readonly place: LockedPlace; readonly listings: readonly Listing[] }
  | { readonly error: WorkspaceImagesError };

/** An error that is none of this library's. */
interface Defect {
  readonly defect: Error;
}

const HELPER = "listing";
/** A thread that shows no sign of life for so long is taken for dead; every single call has tighter limits. */
const LIMITS: WaitLimits = { silence: 30_000, total: 10 * 60_000 };
const CLEAR_LINE = "\r\u001b[2K";

/**
 * Whether this thread was started to list, by {@link DeferredListings} of a program that is bundled into one file.
 * @lazy
 */
export function isListingThread(): boolean {
  return parentThread?.helper === HELPER;
}

/**
 * Makes this thread list for the one that started it; it never returns to what called it.
 * @lazy
 */
export function becomeListingThread(): Promise<never> {
  require("./listing-thread");
  return new Promise<never>(() => {});
}

/** Options of {@link DeferredListings}. */
export interface DeferredListingsOptions {
  /** Takes what a user should know although it is no error. */
  readonly onWarning?: (message: string) => void;
  /** @internal */
  readonly limits?: WaitLimits;
}

/** Listings that are taken in a thread of their own, so that a constructor can wait for one. */
export class DeferredListings {
  private thread: HelperThread | undefined;
  /** What was asked last of each environment. */
  private readonly latest = new Map<string, string>();
  private readonly begun = new Set<string>();
  private readonly outcomes = new Map<string, ListingOutcome | Defect>();

  constructor(private readonly options: DeferredListingsOptions = {}) {}

  /**
   * Begins to list environments, side by side, with the variables that the process has now; returns at once.
   * What was begun before, with the same queries, is not begun again.
   */
  begin(requests: readonly ListingRequest[]): void {
    const list: (ListingRequest & { id: string })[] = [];
    for (const request of requests) {
      const { name } = request.environment;
      const id = JSON.stringify([name, request.queries]);
      this.latest.set(name, id);
      if (this.begun.has(id) || this.outcomes.has(id)) continue;
      this.begun.add(id);
      list.push({ ...request, id });
    }
    if (list.length === 0) return;
    try {
      this.thread ??= startThread();
    } catch (cause) {
      this.failAll("could not be started", cause as Error);
      return;
    }
    this.thread.post({ list });
  }

  /**
   * Waits for what was begun last for an environment, and for nothing else; this thread is blocked meanwhile.
   * @returns the listing, or an error of the same class, with the same fields, as listing in this thread would throw
   * @throws Error if it was not begun, and where something went wrong that is no error of this library
   */
  wait(environment: string): ListingOutcome {
    const { thread, begun, outcomes } = this;
    const id = this.latest.get(environment) ?? "";
    if (thread && begun.has(id)) {
      const progress = progressOf(environment);
      try {
        const { limits = LIMITS } = this.options;
        const take = () => this.receive(thread).get(id);
        const taken = waitFor(thread.bell, take, limits, progress.tick);
        if (taken === "silence") this.failAll(`gave no sign of life for ${limits.silence / 1000} s`);
        if (taken === "total") this.settle(id, { error: overdue(environment, limits.total) });
      } finally {
        progress.clear();
      }
      if (begun.size === 0) this.close();
    }
    const outcome = outcomes.get(id);
    if (!outcome) throw new Error(`The listing of environment "${environment}" was not begun.`);
    if ("defect" in outcome) throw outcome.defect;
    return outcome;
  }

  /** Ends the thread; what was begun and not waited for is given up. */
  close(): void {
    const { thread } = this;
    this.thread = undefined;
    this.begun.clear();
    void thread?.end();
  }

  /** Takes in what the thread has sent. */
  private receive(thread: HelperThread): ReadonlyMap<string, ListingOutcome | Defect> {
    for (;;) {
      const report = thread.take() as ListingReport | undefined;
      if (!report) break;
      if ("warning" in report) this.options.onWarning?.(report.warning);
      else if ("printed" in report) process.stderr.write(report.printed);
      else if ("ended" in report) this.failAll(`ended ${report.ended}`);
      else if ("error" in report) this.settle(report.id, failed(readError(report.error)));
      else this.settle(report.id, { place: report.place, listings: report.listings });
    }
    if (thread.ended !== undefined) this.failAll(`ended ${thread.ended}`);
    return this.outcomes;
  }

  private settle(id: string, outcome: ListingOutcome | Defect): void {
    this.begun.delete(id);
    this.outcomes.set(id, outcome);
  }

  private failAll(what: string, cause?: Error): void {
    const error = new ListingThreadError(
      `The thread in which images are listed ${what}${cause ? `: ${cause.message}` : ""}. List before the first stack instead: WorkspaceImageCatalog.prefetch(app, { eager: true }).`,
      cause && { cause },
    );
    for (const id of this.begun) this.settle(id, { error });
  }
}

function startThread(): HelperThread {
  const path = typeof __dirname === "string" ? join(__dirname, "listing-thread") : undefined;
  const thread = new HelperThread(HELPER, helperFile(path, { mainProgram: true }));
  thread.unref();
  return thread;
}

function failed(error: Error): ListingOutcome | Defect {
  return error instanceof WorkspaceImagesError ? { error } : { defect: error };
}

function overdue(environment: string, limit: number): ConnectionError {
  return new ConnectionError(
    `The images of environment "${environment}" were not listed within ${limit / 60_000} minutes: try again later.`,
  );
}

/** Says on a terminal what is waited for, once that takes longer than a second. */
function progressOf(environment: string): { tick(ms: number): void; clear(): void } {
  let shown = 0;
  return {
    tick(ms) {
      const seconds = Math.floor(ms / 1000);
      // Elsewhere the CDK's command line would show it as an error.
      if (seconds === shown || !process.stderr.isTTY) return;
      shown = seconds;
      process.stderr.write(`${CLEAR_LINE}Listing images of environment "${environment}" … ${seconds} s`);
    },
    clear() {
      if (shown > 0) process.stderr.write(CLEAR_LINE);
    },
  };
}
