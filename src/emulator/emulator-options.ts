import type { EmulatedAccount } from "./accounts";
import type { EmulatedImage } from "./built-in-images";

/** Options of `WorkspaceEmulator.start`. */
export interface EmulatorOptions {
  /**
   * Port on the loopback interface.
   * @default - any that is free
   */
  readonly port?: number;
  /**
   * Images by region.
   * @default - built-in ones of three regions
   */
  readonly images?: Readonly<Record<string, readonly EmulatedImage[]>>;
  /**
   * Names of further projects, such as `cn-north-4_finance`: a region, an underscore and a name. They see the region's
   * public images, and the private ones that belong to them or are shared with them.
   * @default - one project for each region, of the region's name
   */
  readonly projects?: readonly string[];
  /**
   * Who may use it.
   * @default DEFAULT_ACCOUNT
   */
  readonly account?: EmulatedAccount;
  /**
   * Least time from a request to its answer, ms.
   * @default 0
   */
  readonly latencyMs?: number;
  /**
   * Most images of a page, whatever is asked for.
   * @default 100
   */
  readonly maxLimit?: number;
  /**
   * Greatest offset that is accepted.
   * @default 5000
   */
  readonly maxOffset?: number;
  /**
   * Most requests in any one second, all services together; others are answered with 429, every other time with
   * `Retry-After`.
   * @default - any number
   */
  readonly requestsPerSecond?: number;
  /**
   * What `total_count` says: the truth or, as in the service's own example, something else.
   * @default "right"
   */
  readonly totalCount?: "right" | "low" | "high" | "missing";
  /**
   * How much the emulator's clock is ahead, ms.
   * @default 0
   */
  readonly clockAheadMs?: number;
  /**
   * Certificate and key in PEM, to serve https.
   * @default - http
   */
  readonly tls?: { readonly cert: string; readonly key: string };
}
