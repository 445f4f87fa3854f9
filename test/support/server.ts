import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { closing } from "./closing";

/** A server on loopback that answers whatever a test wants. */
export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  /** Point the library at it, with keys that it need not check. */
  readonly variables: Record<string, string>;
  readonly http: Server;
  close(): Promise<void>;
}

/** Starts a server on loopback, which is closed after the test. */
export async function serve(listener: RequestListener): Promise<LoopbackServer> {
  return closing(await openServer(listener));
}

/** Starts a server on loopback for several tests, which close it. */
export async function openServer(listener: RequestListener): Promise<LoopbackServer> {
  const http = createServer({ maxHeaderSize: 512 * 1024 }, listener);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    variables: {
      HW_ACCESS_KEY: "AK",
      HW_SECRET_KEY: "SK-of-a-test",
      HW_AUTH_URL: `${url}/v3`,
      WORKSPACE_IMAGES_ENDPOINT: url,
    },
    http,
    close: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

/** The URL that a request asks for. */
export function urlOf({ url = "/" }: { readonly url?: string | undefined }): URL {
  return new URL(url, "http://server");
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = await openServer(() => {});
  await server.close();
  return server.port;
}
