import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { HELPER_VARIABLE } from "./helper-variable";
import { END, HELPER, type HelperData } from "./parent-thread";

/** How long a helper that was asked to end is waited for, ms. */
const PATIENCE = 1000;

/** A thread of this library that does something while this one goes on or waits. Messages are JSON. */
export class HelperThread {
  /** Changes whenever the helper sent something, or lives. */
  readonly bell = new Int32Array(new SharedArrayBuffer(4));
  private readonly port;
  private readonly worker: Worker;
  private dead: string | undefined;

  /**
   * Starts a helper with the variables that this process has now.
   * @param helper which one
   * @param file its file
   * @throws Error if it cannot be started
   */
  constructor(helper: string, file: string) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    // NODE_OPTIONS are the app's, and may load files that only the app needs.
    const { NODE_OPTIONS: _, ...variables } = process.env;
    const workerData: HelperData = { [HELPER]: helper, port: port2, bell: this.bell };
    this.worker = new Worker(file, {
      env: { ...variables, [HELPER_VARIABLE]: helper },
      execArgv: extname(file) === ".ts" ? ["--require", createRequire(file).resolve("tsx/cjs")] : [],
      workerData,
      transferList: [port2],
    });
    this.worker.on("error", (error: Error) => {
      this.dead ??= `by an error: ${error.message}`;
    });
    this.worker.on("exit", () => {
      this.dead ??= "without an error";
    });
  }

  /** Why the helper runs no longer, where this thread was told; while it waits, it is not. */
  get ended(): string | undefined {
    return this.dead;
  }

  post(message: unknown): void {
    this.port.postMessage(JSON.stringify(message));
  }

  /** The next message, undefined where there is none yet. */
  take(): unknown {
    const received = receiveMessageOnPort(this.port) as { message: string } | undefined;
    return received && JSON.parse(received.message);
  }

  /** Calls `listener` with every message that is not taken, and `onEnd` when the helper has ended. */
  onMessage(listener: (message: never) => void, onEnd: (why: string) => void): void {
    this.port.on("message", (text: string) => listener(JSON.parse(text) as never));
    this.worker.on("exit", () => onEnd(this.dead ?? ""));
  }

  /** Lets the process end although the helper runs. */
  unref(): void {
    this.worker.unref();
    this.port.unref();
  }

  /**
   * Ends the helper. It is asked to end itself: a thread that is terminated while Node parses HTTP in it takes the whole
   * process with it.
   */
  async end(): Promise<void> {
    const { worker, port } = this;
    worker.ref();
    if (this.dead === undefined) {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      port.postMessage(END);
      const timer = setTimeout(() => worker.terminate(), PATIENCE);
      await ended;
      clearTimeout(timer);
    }
    port.close();
  }
}

/**
 * The file of a helper thread.
 * @param path beside the file that starts it, without an extension; undefined where a bundler left no path
 * @param mainProgram starts the program itself as the helper where a bundler left no file: the program must see
 * `parentThread` and become the helper
 * @throws Error if there is none
 */
export function helperFile(path: string | undefined, { mainProgram = false } = {}): string {
  const file =
    path && [".js", ".ts"].map((extension) => `${path}${extension}`).find((one) => existsSync(one));
  if (file) return file;
  // Webpack leaves a main module without a name.
  const program = require.main?.filename ?? process.argv[1];
  if (mainProgram && program) return program;
  throw new Error("its file is missing: was the library bundled without it?");
}
