import { randomBytes } from "node:crypto";
import type { KnownKey } from "./signature";

/** Who may use the emulator. */
export interface EmulatedAccount {
  /** Its permanent access key (AK). */
  readonly accessKey: string;
  /** What requests are signed with (SK). */
  readonly secretKey: string;
  /** A user who gets tokens for a password. */
  readonly user: {
    readonly name: string;
    readonly password: string;
    /** Name of the domain, which is the account's. */
    readonly domainName: string;
    /**
     * Its ID.
     * @default - it has none, and is known by its name alone
     */
    readonly id?: string;
    /**
     * ID of its domain.
     * @default - its domain is known by its name alone
     */
    readonly domainId?: string;
  };
  /** An agency that may be assumed. */
  readonly agency: { readonly agencyName: string; readonly domainName: string; readonly domainId: string };
  /** An identity provider and the ID token that it issued. */
  readonly idp: { readonly id: string; readonly idToken: string };
}

/** The account of an emulator that is started without one. */
export const DEFAULT_ACCOUNT: EmulatedAccount = {
  accessKey: "EMULATORACCESSKEY000",
  secretKey: "emulator-secret-key-for-tests-and-demos-only",
  user: {
    name: "emulator-user",
    password: "emulator-password",
    domainName: "emulator-domain",
    id: "fedcba9876543210fedcba9876543210",
    domainId: "0123456789abcdef0123456789abcdef",
  },
  agency: {
    agencyName: "emulator-agency",
    domainName: "emulator-domain",
    domainId: "0123456789abcdef0123456789abcdef",
  },
  idp: { id: "emulator-idp", idToken: "emulator-id-token" },
};

/** Temporary keys, as IAM answers with them. */
export interface TemporaryKey {
  readonly access: string;
  readonly secret: string;
  readonly securitytoken: string;
  readonly expires_at: string;
}

/** The keys and tokens that were issued, and when they end; their names say what they are, wherever one turns up. */
export class Accounts {
  /** Lifetime of what is issued, ms. */
  lifetimeMs = 3600 * 1000;
  private readonly keys = new Map<string, KnownKey>();
  private readonly tokens = new Map<string, number>();

  /** @param now the time, ms since the epoch */
  constructor(
    readonly account: EmulatedAccount,
    private readonly now: () => number,
  ) {
    this.keys.set(account.accessKey, { secretKey: account.secretKey });
  }

  keyOf(accessKey: string): KnownKey | undefined {
    return this.keys.get(accessKey);
  }

  isTokenValid(token: string): boolean {
    return (this.tokens.get(token) ?? 0) > this.now();
  }

  issueToken(): { token: string; expiresAt: string } {
    const token = `MIIE-emulated-token-${randomBytes(48).toString("base64url")}`;
    const expiresAt = this.now() + this.lifetimeMs;
    this.tokens.set(token, expiresAt);
    return { token, expiresAt: new Date(expiresAt).toISOString() };
  }

  issueKey(): TemporaryKey {
    const expiresAt = this.now() + this.lifetimeMs;
    const key = {
      access: `HST${randomBytes(9).toString("hex").slice(0, 17).toUpperCase()}`,
      secret: `emulated-secret-key-${randomBytes(30).toString("base64url")}`,
      securitytoken: `emulated-security-token-${randomBytes(60).toString("base64url")}`,
    };
    this.keys.set(key.access, { secretKey: key.secret, securityToken: key.securitytoken, expiresAt });
    return { ...key, expires_at: new Date(expiresAt).toISOString() };
  }

  /** Ends everything that was issued, although its lifetime is not over. */
  expireAll(): void {
    this.tokens.clear();
    for (const [access, key] of this.keys) {
      if (key.expiresAt !== undefined) this.keys.set(access, { ...key, expiresAt: 0 });
    }
  }
}
