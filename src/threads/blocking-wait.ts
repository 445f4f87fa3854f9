import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
// Not the global one: a test's fake timers must not stop time here.
import { performance } from "node:perf_hooks";

/** Published while a thread waits; a channel, because it is the thread's, however often this module is loaded there. */
const CHANNEL = "cdktf-huaweicloud-workspace-images:waiting";
const waiting = channel(CHANNEL);

/** Longest wait without a look around, ms; the shorter where somebody in this thread must be served meanwhile. */
const SLICE = 250;
const SLICE_OF_SERVERS = 1;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Has `serve` called again and again while this thread waits; returns what ends that. */
export function serveWhileWaiting(serve: () => void): () => void {
  const listener = () => serve();
  subscribe(CHANNEL, listener);
  return () => unsubscribe(CHANNEL, listener);
}

/** Limits of {@link waitFor}, in ms. */
export interface WaitLimits {
  /** Without a change of the bell. */
  readonly silence: number;
  /** In all. */
  readonly total: number;
}

/**
 * Waits, blocking this thread, until `take` gives something. Signals end the process at once meanwhile, whatever
 * handlers it has: they could not run.
 * @param bell changes whenever it is worth asking `take` again
 * @param onTick is called now and then with how long this has taken, ms
 * @returns what was taken, or the limit that was exceeded
 */
export function waitFor<T extends object>(
  bell: Int32Array,
  take: () => T | undefined,
  limits: WaitLimits,
  onTick?: (ms: number) => void,
): T | keyof WaitLimits {
  const restoreSignals = suspendSignalHandlers();
  try {
    const started = performance.now();
    let silence = 0;
    for (;;) {
      const heard = Atomics.load(bell, 0);
      const taken = take();
      if (taken !== undefined) return taken;
      waiting.publish(undefined);
      const slice = waiting.hasSubscribers ? SLICE_OF_SERVERS : SLICE;
      // Counted in slices, so that a process that was stopped for a while does not take that for silence.
      silence = Atomics.wait(bell, 0, heard, slice) === "timed-out" ? silence + slice : 0;
      if (silence > limits.silence) return "silence";
      const elapsed = performance.now() - started;
      if (elapsed > limits.total) return "total";
      onTick?.(elapsed);
    }
  } finally {
    restoreSignals();
  }
}

/** Without a handler, Node leaves a signal to the system, which ends the process. */
function suspendSignalHandlers(): () => void {
  const handlers = SIGNALS.flatMap((signal) =>
    process.rawListeners(signal).map((handler) => ({ signal, handler: handler as NodeJS.SignalsListener })),
  );
  for (const { signal, handler } of handlers) process.removeListener(signal, handler);
  return () => {
    for (const { signal, handler } of handlers) process.on(signal, handler);
  };
}
