import { constants } from "node:os";

/**
 * Runs work that Ctrl-C, or SIGTERM, ends through the signal that it gets.
 * @throws Interrupted if that happened
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => interrupt.abort(new Interrupted(name));
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted ? interrupt.signal.reason : error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** The user ended a command. */
export class Interrupted extends Error {
  /** As a shell counts it: 128 and the number of the signal. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super("Interrupted; nothing was changed.");
    this.exitCode = 128 + constants.signals[signal];
  }
}
