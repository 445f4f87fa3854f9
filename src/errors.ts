import { printableLines } from "./text/printable";

/** Longest message, in characters. */
const MAX_MESSAGE = 10_000;

/** Base of every error this library throws on purpose; `code` is stable, for programs. */
export abstract class WorkspaceImagesError extends Error {
  /** A stable identifier of the kind of error, such as `NO_MATCH`; for `ApiError` the service's own code. */
  abstract readonly code: string;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    // It may quote a file or an answer, which must neither steer a terminal nor fill it.
    super(printableLines(message.slice(0, MAX_MESSAGE)), options);
    this.name = new.target.name;
  }
}

/** A file of the project, such as cdktf.json or workspace-images.json, an option or a variable is wrong. */
export class ConfigurationError extends WorkspaceImagesError {
  readonly code = "CONFIGURATION";
}

/** The catalog was used out of order: prefetch forgotten, or called twice. */
export class CatalogError extends WorkspaceImagesError {
  readonly code = "CATALOG";
}

/** An image filter is not valid: a bad regular expression or date, a token, an unscoped name. */
export class FilterError extends WorkspaceImagesError {
  readonly code = "FILTER";
}

/** No image matches a filter. */
export class NoMatchError extends WorkspaceImagesError {
  readonly code = "NO_MATCH";
}

/** A lookup of one image matches several. */
export class SeveralMatchesError extends WorkspaceImagesError {
  readonly code = "SEVERAL_MATCHES";
}

/** `mostRecent` cannot decide: a candidate has no creation time, or the newest are tied. */
export class MostRecentError extends WorkspaceImagesError {
  readonly code = "MOST_RECENT";
}

/** A question can only be decided by a listing that was taken with its own parameters, which `listing` names. */
export class ListingRequiredError extends WorkspaceImagesError {
  readonly code = "LISTING_REQUIRED";

  constructor(
    message: string,
    /** The parameters of that listing. */
    readonly listing: Readonly<Record<string, string | undefined>>,
  ) {
    super(message);
  }
}

/** A lookup needs the listing of an environment that could not be listed; `cause` says why. */
export class EnvironmentUnavailableError extends WorkspaceImagesError {
  readonly code = "ENVIRONMENT_UNAVAILABLE";
}

/** A selected image lacks a field that the stack uses, or has it in the form of a CDK token. */
export class MissingFieldError extends WorkspaceImagesError {
  readonly code = "MISSING_FIELD";
}

/** Credentials were found but are unusable: an unreadable or encrypted file, an unknown profile, half a key pair. */
export class CredentialsError extends WorkspaceImagesError {
  readonly code: "CREDENTIALS" | "NO_CREDENTIALS" = "CREDENTIALS";
}

/** No source gave credentials; the message lists every source that was tried and why it gave nothing. */
export class NoCredentialsError extends CredentialsError {
  override readonly code = "NO_CREDENTIALS";
}

/** An endpoint could not be reached, or did not answer completely in time. */
export class ConnectionError extends WorkspaceImagesError {
  readonly code = "CONNECTION";
}

/** An endpoint answered with something that is not the documented response. */
export class ResponseError extends WorkspaceImagesError {
  readonly code = "RESPONSE";

  constructor(
    message: string,
    /** The request's ID (`X-Request-Id`), where the answer had one. */
    readonly requestId?: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The listing kept changing while its pages were fetched. */
export class UnstableListingError extends WorkspaceImagesError {
  readonly code = "UNSTABLE_LISTING";
}

/** There are more images than the service lists for one query, however it is divided; the message names what narrows it. */
export class ListingTooLargeError extends WorkspaceImagesError {
  readonly code = "LISTING_TOO_LARGE";
}

/** The thread in which images are listed while a stack is built could not be started, or ended. */
export class ListingThreadError extends WorkspaceImagesError {
  readonly code = "LISTING_THREAD";
}

/** A lock file is damaged, belongs elsewhere, or cannot be written; the message names it and what to run. */
export class LockFileError extends WorkspaceImagesError {
  readonly code = "LOCK_FILE";
}

/** Git cannot be asked: it is not installed, the folder is in no repository, or there is no such commit. */
export class GitError extends WorkspaceImagesError {
  readonly code = "GIT";
}

/** In mode `frozen`, a lookup has no pin. */
export class NotPinnedError extends WorkspaceImagesError {
  readonly code = "NOT_PINNED";
}

/** A lookup's question is not the one that was pinned: in mode `frozen`, or where the pinned images cannot stand for it. */
export class PinFilterChangedError extends WorkspaceImagesError {
  readonly code = "PIN_FILTER_CHANGED";
}

/** Two lookups, apps or processes use one pin name for different questions or images, or pins of one question differ. */
export class PinConflictError extends WorkspaceImagesError {
  readonly code = "PIN_CONFLICT";
}

/** Why one pin cannot move. */
export interface MoveRefusal {
  /** Name of the pin. */
  readonly pin: string;
  /**
   * What stands against it: a policy (`hold`, `promotion`, `minAgeDays`, `revoked`), the pin's question (`unmet`,
   * `undecided`), or that the other place has no counterpart, or several (`counterpart`).
   */
  readonly rule: string;
  /** What it says of this pin. */
  readonly message: string;
  /** The command that does it in accord with the policy, where there is one. */
  readonly advice?: string;
  /** From when on a policy forbids it no longer, UTC, to the second. */
  readonly ripeAt?: string;
}

/** A pin cannot move: a policy forbids it, or no image answers its question; no pin of the environment was moved. */
export class MoveError extends WorkspaceImagesError {
  readonly code = "MOVE";

  constructor(
    message: string,
    /** Every pin and reason. */
    readonly refusals: readonly MoveRefusal[],
  ) {
    super(message);
  }
}

/** The app command of cdktf.json did not synthesize. */
export class AppError extends WorkspaceImagesError {
  readonly code = "APP";
}

/** A resource of a synthesized stack that is not fit for its image, and what to do. */
export interface DesktopFinding {
  /** Name of the stack. */
  readonly stack: string;
  /** Construct path of the resource; its address where the stack does not show it. */
  readonly path: string;
  /** Address in Terraform, such as `huaweicloud_workspace_desktop.office-alice`. */
  readonly address: string;
  /** Name of the check, as `checks.skip` of a lookup takes it. */
  readonly check: string;
  /** What is wrong. */
  readonly problem: string;
  /** What to do. */
  readonly advice: string;
}

/** Synthesized resources are not fit for the images that they are built from; no pin was written. */
export class DesktopCheckError extends WorkspaceImagesError {
  readonly code = "DESKTOP_CHECK";

  constructor(
    /** Everything that was found, in the order of construct paths. */
    readonly findings: readonly DesktopFinding[],
  ) {
    const lines = findings.map(({ path, problem, advice }) => `  ${path}: ${problem} ${advice}`);
    super(
      `Resources do not fit their images; no pin was written.\n${lines.join("\n")}\n` +
        `Where one is right nevertheless, set checks: { skip: ["${findings[0]?.check ?? "disk"}"], reason: "…" } on its lookup.`,
    );
  }
}

/** A plan or a state of Terraform or OpenTofu is not readable, or has something that is not understood. */
export class PlanError extends WorkspaceImagesError {
  readonly code = "PLAN";
}
