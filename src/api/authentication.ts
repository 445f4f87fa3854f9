import { ApiError } from "./api-error";
import type { HttpRequest } from "./exchange";
import type { Secret } from "./secret";
import { type AccessKey, sign } from "./signer";

/** What proves who asks: an access key, or a token. */
export type Credentials = (AccessKey | { readonly token: Secret }) & {
  /** When they end, in ms since the epoch. */
  readonly expiresAt?: number;
  /** When they are to be renewed, in ms since the epoch. */
  readonly renewAt?: number;
  /** What they come from, for errors. */
  readonly from: string;
};

/** How long after a renewal that failed none is tried, ms, while there are credentials that hold. */
const RENEWAL_PAUSE = 10_000;

/** Credentials that are obtained when first needed, and again when they end. */
export class CredentialSource {
  private held: Credentials | undefined;
  private coming: Promise<Credentials> | undefined;
  private pausedUntil = 0;

  constructor(private readonly obtain: () => Promise<Credentials>) {}

  /**
   * Credentials that hold. Where they are about to end, others are obtained meanwhile.
   * @throws NoCredentialsError if no source has any
   * @throws CredentialsError if a source is unusable
   * @throws ApiError, ConnectionError, ResponseError if IAM gives none
   */
  async get(): Promise<Credentials> {
    const { held } = this;
    const { renewAt = Number.POSITIVE_INFINITY, expiresAt = Number.POSITIVE_INFINITY } = held ?? {};
    const now = Date.now();
    if (held && now < expiresAt && now < Math.max(renewAt, this.pausedUntil)) return held;
    const coming = this.obtainOnce();
    if (!held || now >= expiresAt) return coming;
    // Those that are there still hold: it is no harm yet if there are no others.
    coming.catch(() => {});
    return held;
  }

  /** Lets credentials be obtained anew if `used`, which were refused, can end; whether there are others to try. */
  async renew(used: Credentials | undefined): Promise<boolean> {
    if (used?.expiresAt === undefined) return false;
    // Side by side, several requests see the end at once: the first lets go of them for all.
    if (this.held === used) this.held = undefined;
    return true;
  }

  /** Several that ask at once share what comes. */
  private obtainOnce(): Promise<Credentials> {
    this.coming ??= this.obtain().then(
      (credentials) => {
        this.held = credentials;
        this.coming = undefined;
        return credentials;
      },
      (error: unknown) => {
        // A refusal stays, because wrong passwords lock an account; anything else may pass.
        const isRefusal =
          error instanceof ApiError && error.status < 500 && ![408, 429].includes(error.status);
        this.pausedUntil = Date.now() + RENEWAL_PAUSE;
        if (!isRefusal) this.coming = undefined;
        throw error;
      },
    );
    return this.coming;
  }
}

/** The parts of a request that authenticate it, anew for every attempt, and renew the credentials once if they expired. */
export function authenticated(
  source: Pick<CredentialSource, "get" | "renew">,
  headers: Readonly<Record<string, string>> = {},
): Pick<HttpRequest, "headers" | "authenticate" | "renew" | "credentials"> {
  let used: Credentials | undefined;
  return {
    headers,
    authenticate: async () => {
      const credentials = await source.get();
      used = credentials;
      return (request) =>
        "token" in credentials
          ? { ...request.headers, "x-auth-token": credentials.token.reveal() }
          : sign(request, credentials);
    },
    renew: () => source.renew(used),
    credentials: () => used?.from,
  };
}
