import { buildConnector, Client, type Dispatcher, Pool, ProxyAgent } from "undici";
import type { Variables } from "../project/provider-variables";
import type { Limits } from "./exchange";
import { type NamedProxy, proxyFor } from "./proxy";
import { type SocketAhead, SocketsAhead } from "./sockets-ahead";
import { tlsOptions } from "./tls";

/** Most connections of a run, whatever it asks: processes may be limited to 256 open files. */
const MOST = 64;
/** Size of an answer's headers, bytes: the token of an account with many permissions is one of them. */
const MAX_HEADERS = 256 * 1024;
const KEEP_ALIVE = 10_000;
/** How much later connections are opened that are not needed yet: those that are go first, ms. */
const SOON = 5;

/** One connection, while a request has it to itself. */
export interface Connection {
  readonly origin: string;
  readonly dispatcher: Dispatcher;
}

/** The connections of a run. Each serves one request at a time, and is kept for the next one to its origin. */
export class Connections {
  /** Whether certificates are not checked (HW_INSECURE). */
  readonly isInsecure: boolean;
  private readonly open = new Set<Connection>();
  /** Those that nobody has now, the one that was used longest ago first. */
  private readonly idle: Connection[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly preparing = new Map<string, NodeJS.Timeout>();
  private isClosed = false;
  // They hold secrets, or make what does: unlike private properties, these are not shown by util.inspect.
  readonly #variables: Variables;
  readonly #ahead: SocketsAhead;
  readonly #direct: (origin: string, ahead: SocketAhead | undefined) => Dispatcher;
  readonly #through: (proxy: NamedProxy) => Dispatcher;

  /** @throws ConfigurationError if a variable that concerns TLS is malformed */
  constructor(variables: Variables, limits: Limits) {
    const tls = tlsOptions(variables);
    this.isInsecure = !tls.rejectUnauthorized;
    this.#variables = variables;
    const requestTls = { timeout: limits.connect, ...tls };
    const options = {
      keepAliveTimeout: KEEP_ALIVE,
      headersTimeout: limits.headers,
      bodyTimeout: limits.body,
      maxHeaderSize: MAX_HEADERS,
    };
    this.#ahead = new SocketsAhead(buildConnector(requestTls));
    this.#direct = (origin, ahead) =>
      new Client(origin, { ...options, connect: this.#ahead.connector(origin, ahead) });
    this.#through = (proxy) =>
      new ProxyAgent({
        ...options,
        uri: proxy.url,
        requestTls,
        proxyTls: { timeout: limits.connect },
        clientFactory: (origin, poolOptions) =>
          new Pool(origin, { ...poolOptions, headersTimeout: limits.connect }),
      });
  }

  /**
   * The proxy that leads to a URL, if any.
   * @throws ConfigurationError if it cannot be spoken to
   */
  proxyFor(url: URL): NamedProxy | undefined {
    return proxyFor(url, this.#variables);
  }

  /**
   * Waits for a connection to a URL. Where there may be no more, one that is idle makes room.
   * @throws ConfigurationError if its proxy cannot be spoken to
   */
  async take(url: URL): Promise<Connection> {
    const { origin } = url;
    for (;;) {
      // First, because a client that has just been answered sends the next request a little later.
      const open = this.#ahead.take(origin, { isOpen: true });
      if (open) return this.connect(url, open);
      const known = this.idle.findLastIndex((connection) => connection.origin === origin);
      const [kept] = known < 0 ? [] : this.idle.splice(known, 1);
      if (kept) return kept;
      const opening = this.#ahead.take(origin, { isOpen: false });
      if (opening || !this.isFull || this.isClosed) return this.connect(url, opening);
      if (this.#ahead.size > 0) {
        await this.#ahead.closeOldest();
        continue;
      }
      const oldest = this.idle.shift();
      if (oldest) {
        await oldest.dispatcher.destroy();
        this.open.delete(oldest);
      } else await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /**
   * Soon opens connections to a URL until there are `count`, as far as there may be more. Where requests go through a
   * proxy, it does nothing.
   */
  prepare({ origin }: URL, count: number): void {
    if (this.isClosed || this.preparing.has(origin)) return;
    const open = () => {
      this.preparing.delete(origin);
      const isThere = [...this.open].filter((connection) => connection.origin === origin).length;
      const missing = count - isThere - this.#ahead.count(origin);
      for (let one = 0; one < missing && !this.isFull; one++) this.#ahead.open(origin);
    };
    this.preparing.set(origin, setTimeout(open, SOON));
  }

  /** Gives a connection back. */
  release(connection: Connection): void {
    this.idle.push(connection);
    this.waiting.shift()?.();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const resume of this.waiting.splice(0)) resume();
    for (const timer of this.preparing.values()) clearTimeout(timer);
    const clients = [...this.open].map(({ dispatcher }) => dispatcher.destroy());
    await Promise.all([...clients, this.#ahead.close()]);
  }

  private get isFull(): boolean {
    return this.open.size + this.#ahead.size >= MOST;
  }

  private connect(url: URL, ahead: SocketAhead | undefined): Connection {
    const proxy = this.proxyFor(url);
    const dispatcher = proxy ? this.#through(proxy) : this.#direct(url.origin, ahead);
    const connection = { origin: url.origin, dispatcher };
    this.open.add(connection);
    return connection;
  }
}
