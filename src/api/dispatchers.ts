import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import { ConfigurationError } from "../errors";
import { isLoopback } from "../project/loopback";
import { setting, type Variables } from "../project/provider-variables";
import type { Limits } from "./exchange";
import { remember } from "./redact";

/** Size of an answer's headers, bytes: the token of an account with many permissions is one of them. */
const MAX_HEADERS = 256 * 1024;

/** The connections of a run: directly to loopback, else through the proxy that the variables name. */
export class Dispatchers {
  /** Whether certificates are not checked (HW_INSECURE). */
  readonly isInsecure: boolean;
  private readonly direct: Agent;
  /** It holds the proxy's password: unlike a private property, this one is not shown by util.inspect. */
  readonly #proxied: Dispatcher;

  /** @throws ConfigurationError if HW_INSECURE or a proxy variable is malformed */
  constructor(variables: Variables, limits: Limits) {
    this.isInsecure = isInsecure(variables);
    const connect = { timeout: limits.connect, rejectUnauthorized: !this.isInsecure };
    const options = {
      connect,
      keepAliveTimeout: 10_000,
      headersTimeout: limits.headers,
      bodyTimeout: limits.body,
      maxHeaderSize: MAX_HEADERS,
    };
    this.direct = new Agent(options);
    const httpProxy = variables.http_proxy ?? variables.HTTP_PROXY ?? "";
    const httpsProxy = variables.https_proxy ?? variables.HTTPS_PROXY ?? "";
    try {
      for (const proxy of [httpProxy, httpsProxy]) {
        // A proxy may repeat its password, as a server may a key.
        if (proxy) remember(decodeURIComponent(new URL(proxy).password));
      }
      this.#proxied = new EnvHttpProxyAgent({
        ...options,
        requestTls: connect,
        proxyTls: { timeout: limits.connect },
        clientFactory: (proxy, poolOptions) =>
          new Pool(proxy, { ...poolOptions, headersTimeout: limits.connect }),
        httpProxy,
        httpsProxy,
        noProxy: variables.no_proxy ?? variables.NO_PROXY ?? "",
      });
    } catch {
      throw new ConfigurationError(
        "HTTPS_PROXY or HTTP_PROXY is not a proxy's URL, such as http://proxy.example.com:3128.",
      );
    }
  }

  /** What leads to a URL. */
  to(url: URL): Dispatcher {
    return url.protocol === "https:" && !isLoopback(url.hostname) ? this.#proxied : this.direct;
  }

  async close(): Promise<void> {
    await Promise.all([this.direct.destroy(), this.#proxied.destroy()]);
  }
}

function isInsecure(variables: Variables): boolean {
  const { value, from } = setting("insecure", variables) ?? { value: "false", from: "" };
  if (/^(0|f|false)$/i.test(value)) return false;
  if (/^(1|t|true)$/i.test(value)) return true;
  throw new ConfigurationError(`${from} is ${JSON.stringify(value.slice(0, 20))}: it must be true or false.`);
}
