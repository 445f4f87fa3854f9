import { buildConnector, Client, type Dispatcher, Pool, ProxyAgent } from "undici";
import type { Variables } from "../project/provider-variables";
import type { Limits } from "./exchange";
import { type NamedProxy, proxyFor } from "./proxy";
import { tlsOptions } from "./tls";

/** Most connections of a run, whatever it asks: processes may be limited to 256 open files. */
const MOST = 64;
/** Size of an answer's headers, bytes: the token of an account with many permissions is one of them. */
const MAX_HEADERS = 256 * 1024;
const KEEP_ALIVE = 10_000;

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
  private isClosed = false;
  // They hold secrets, or make what does: unlike private properties, these are not shown by util.inspect.
  readonly #variables: Variables;
  readonly #direct: (origin: string) => Dispatcher;
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
    const connect = buildConnector(requestTls);
    this.#direct = (origin) => new Client(origin, { ...options, connect });
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
    for (;;) {
      const known = this.idle.findLastIndex(({ origin }) => origin === url.origin);
      const [kept] = known < 0 ? [] : this.idle.splice(known, 1);
      if (kept) return kept;
      const oldest = this.open.size < MOST ? undefined : this.idle.shift();
      if (oldest) {
        this.open.delete(oldest);
        await oldest.dispatcher.destroy();
      }
      if (this.open.size < MOST || this.isClosed) return this.connect(url);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Gives a connection back. */
  release(connection: Connection): void {
    this.idle.push(connection);
    this.waiting.shift()?.();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const resume of this.waiting.splice(0)) resume();
    await Promise.all([...this.open].map(({ dispatcher }) => dispatcher.destroy()));
  }

  private connect(url: URL): Connection {
    const proxy = this.proxyFor(url);
    const dispatcher = proxy ? this.#through(proxy) : this.#direct(url.origin);
    const connection = { origin: url.origin, dispatcher };
    this.open.add(connection);
    return connection;
  }
}
