import type { WorkspaceImagesError } from "../errors";
import type { ListingQuery } from "../images/image-filter";
import type { Listing } from "../images/listing";
import type { LockedPlace } from "../pins/lock-file";
import type { Pin, Pins, Question } from "../pins/pin";
import type { Revocations } from "../pins/revoked";
import type { Environment } from "../project/environment";

/** What the images of an environment are known to be in this run. */
export type Availability =
  /** Nobody is asked: the mode is `frozen`. */
  | {
      readonly kind: "frozen";
      /** The folder of `workspace-images/`, for errors. */
      readonly directory: string;
    }
  /** It was not asked yet. */
  | { readonly kind: "unlisted" }
  | { readonly kind: "listed"; readonly place: LockedPlace; readonly listings: readonly Listing[] }
  | {
      readonly kind: "unreachable";
      readonly error: WorkspaceImagesError;
      /** What was asked; every image where it is left out. */
      readonly query?: ListingQuery;
    };

/** One lookup. */
export interface Lookup {
  /** Who asks and where, for errors. */
  readonly subject: string;
  readonly environment: Environment;
  readonly pinName: string;
  readonly question: Question;
  /** Whether it stands in workspace-images.json or a command, and not in an app that is synthesized. */
  readonly isWithoutApp?: boolean;
}

/** What its environment has. */
export interface Known {
  /** The pins of its lock file, and those that this run took. */
  readonly pins: Pins;
  /** Where its lock file says that its pins are; undefined where it has none. */
  readonly place: LockedPlace | undefined;
  readonly availability: Availability;
  /** The pin of this name in the environment that this one is promoted from. */
  readonly promoted: () => Promoted | undefined;
  readonly revocations: Revocations;
  /** The time of this run. */
  readonly now: Date;
}

/** A pin of the environment that images come from, and where they are. */
export interface Promoted {
  readonly pin: Pin;
  readonly place: LockedPlace;
}

/** Something to say of a lookup. */
export interface Note {
  readonly level: "info" | "warn";
  readonly text: string;
}

/** What a lookup gets. */
export type Resolution =
  /** Its pin as it is, or with the question that is asked now, or a new one: `isNew` where it must be written. */
  | { readonly pin: Pin; readonly isNew: boolean; readonly notes: readonly Note[] }
  /** Nothing can be said before the environment is listed. */
  | "unlisted";
