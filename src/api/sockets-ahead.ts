import type { Socket } from "node:net";
import type { buildConnector } from "undici";

/** How long a socket waits for its client, ms: servers close those that say nothing. */
const LONGEST_WAIT = 10_000;

/** A socket that was opened before its client. */
export interface SocketAhead {
  readonly origin: string;
  readonly opened: Promise<Socket>;
  isOpen: boolean;
}

/** Sockets that are opened before they are needed, so that requests need not wait for the round trips of TCP and TLS. */
export class SocketsAhead {
  /** Those that are for nobody yet. */
  private readonly free: SocketAhead[] = [];
  /** Those whose client has not connected yet. */
  private readonly taken = new Set<SocketAhead>();
  /** How clients connect to the origins. */
  readonly #options = new Map<string, buildConnector.Options>();
  readonly #open: buildConnector.connector;

  constructor(open: buildConnector.connector) {
    this.#open = open;
  }

  /** How many there are that are for nobody yet. */
  get size(): number {
    return this.free.length;
  }

  /** How many of them lead to an origin. */
  count(origin: string): number {
    return this.free.filter((one) => one.origin === origin).length;
  }

  /** Opens one to an origin to which a client has connected. */
  open(origin: string): void {
    const options = this.#options.get(origin);
    if (!options) return;
    const opened = new Promise<Socket>((resolve, reject) => {
      this.#open(options, (error, socket) => (error ? reject(error) : resolve(socket)));
    });
    const ahead = { origin, opened, isOpen: false };
    this.free.push(ahead);
    opened.then(
      (socket) => {
        ahead.isOpen = true;
        socket.setTimeout(LONGEST_WAIT, () => socket.destroy()).once("close", () => this.drop(ahead));
      },
      // Who connects next learns why it cannot be.
      () => this.drop(ahead),
    );
  }

  /** Takes one to an origin that is open, or one that is not yet, if there is one. */
  take(origin: string, { isOpen }: { isOpen: boolean }): SocketAhead | undefined {
    const ahead = this.free.find((one) => one.origin === origin && one.isOpen === isOpen);
    if (!ahead) return undefined;
    this.drop(ahead);
    this.taken.add(ahead);
    return ahead;
  }

  /** What connects a client to an origin: with its socket first, if it has one. */
  connector(origin: string, ahead: SocketAhead | undefined): buildConnector.connector {
    return (options, callback) => {
      this.#options.set(origin, options);
      if (!ahead || !this.taken.delete(ahead)) return this.#open(options, callback);
      ahead.opened.then(
        (socket) => {
          if (socket.destroyed) this.#open(options, callback);
          else callback(null, socket.setTimeout(0));
        },
        (error: Error) => callback(error, null),
      );
    };
  }

  /** Closes the oldest that is for nobody yet. */
  async closeOldest(): Promise<void> {
    const [oldest] = this.free;
    if (oldest) await this.end(oldest);
  }

  async close(): Promise<void> {
    await Promise.all([...this.free, ...this.taken].map((ahead) => this.end(ahead)));
  }

  private async end(ahead: SocketAhead): Promise<void> {
    this.drop(ahead);
    const closed = ahead.opened.then(
      (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()).destroy()),
      () => {},
    );
    // What is still opening may take long; it is closed as soon as it is open.
    if (ahead.isOpen) await closed;
  }

  private drop(ahead: SocketAhead): void {
    const at = this.free.indexOf(ahead);
    if (at >= 0) this.free.splice(at, 1);
    this.taken.delete(ahead);
  }
}
