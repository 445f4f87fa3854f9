import { ApiError } from "../api/api-error";
import * as errors from "../errors";
import type { ListingQuery } from "../images/image-filter";
import type { Listing } from "../images/listing";
import type { LockedPlace } from "../pins/lock-file";
import type { Environment } from "../project/environment";

/** What must be listed for one environment. */
export interface ListingRequest {
  readonly environment: Environment;
  /** Where its pins were taken, if it has a lock file. */
  readonly locked?: LockedPlace | undefined;
  readonly queries: readonly ListingQuery[];
}

/** To the listing thread; each request with an ID for its answer. */
export interface ListCommand {
  readonly list: readonly (ListingRequest & { readonly id: string })[];
}

/** From the listing thread. */
export type ListingReport =
  | { readonly id: string; readonly place: LockedPlace; readonly listings: readonly Listing[] }
  | { readonly id: string; readonly error: WrittenError }
  | { readonly warning: string }
  /** What it has for standard error. */
  | { readonly printed: string }
  | { readonly ended: string };

/** An error as it is sent to another thread. */
export interface WrittenError {
  /** Name of its class among those of this library; undefined for others. */
  readonly class?: string | undefined;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Its own plain fields, such as `requestId`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: WrittenError;
}

type ErrorClass = abstract new (...args: never[]) => Error;

const CLASSES: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>(
  Object.entries({ ...errors, ApiError }),
);

/** Writes an error down, with what it was caused by. */
export function writeError(error: unknown): WrittenError {
  if (!(error instanceof Error)) return { message: String(error), fields: {} };
  // Not by `error.name`, which is another one in a minified bundle.
  const [name] = [...CLASSES].find(([, Class]) => error.constructor === Class) ?? [];
  const { message, stack, cause } = error;
  const fields = Object.entries(error).filter(([key]) => key !== "cause");
  return {
    class: name,
    message,
    stack,
    fields: Object.fromEntries([["name", error.name], ...fields]),
    ...(cause !== undefined && { cause: writeError(cause) }),
  };
}

/** The error that was written down, of its class and with all it had. */
export function readError({ class: name, message, stack, fields, cause }: WrittenError): Error {
  const error = new Error(message, cause && { cause: readError(cause) });
  const Class = name === undefined ? undefined : CLASSES.get(name);
  if (Class) Object.setPrototypeOf(error, Class.prototype);
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, "stack", { ...hidden, value: stack });
  return Object.assign(error, fields);
}
