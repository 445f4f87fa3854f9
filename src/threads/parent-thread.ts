import { type MessagePort, workerData } from "node:worker_threads";

/** The key in `workerData` that names a helper thread. */
export const HELPER = "cdktf-huaweicloud-workspace-images/helper";
/** What a helper is sent to end itself. */
export const END = "end";
/** How often a helper shows that it lives, ms. */
const HEARTBEAT = 1000;

/** What a helper thread is given when it is started. */
export interface HelperData {
  /** Which helper it is. */
  readonly [HELPER]: string;
  readonly port: MessagePort;
  /** Counts what was sent, so that the other thread can wait for it. */
  readonly bell: Int32Array;
}

/** The thread that started this helper. Messages are JSON, because objects of this thread are none of Jest's. */
export class ParentThread {
  constructor(private readonly data: HelperData) {}

  /** Which helper this thread is. */
  get helper(): string {
    return this.data[HELPER];
  }

  /** Calls `listener` with every message; that keeps this thread running. */
  onMessage(listener: (message: never) => void): void {
    this.data.port.on("message", (text: string) => {
      if (text === END) process.exit();
      listener(JSON.parse(text) as never);
    });
  }

  post(message: unknown): void {
    this.data.port.postMessage(JSON.stringify(message));
    this.ring();
  }

  /** Wakes the other thread. */
  ring(): void {
    Atomics.add(this.data.bell, 0, 1);
    Atomics.notify(this.data.bell, 0);
  }
}

/** The thread that started this one as a helper; undefined in every other thread. */
export const parentThread = connect();

function connect(): ParentThread | undefined {
  const data = workerData as HelperData | null;
  if (typeof data?.[HELPER] !== "string") return undefined;
  const parent = new ParentThread(data);
  let reason: string | undefined;
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    reason = `by an error: ${error instanceof Error ? error.message : String(error)}`;
  });
  // While the other thread waits it is blocked, and no event tells it that this one ended.
  process.on("exit", () => parent.post({ ended: reason ?? "without an error" }));
  setInterval(() => parent.ring(), HEARTBEAT).unref();
  return parent;
}
