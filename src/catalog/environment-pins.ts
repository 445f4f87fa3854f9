import { type LockedPlace, type LockFile, readLockFile } from "../pins/lock-file";
import type { Pin, Pins } from "../pins/pin";
import type { Environment } from "../project/environment";
import type { Availability } from "./resolution";

/** What one lookup of a pin got in this run. */
export interface AnsweredPin {
  /** The construct that asked first. */
  readonly path: string;
  readonly pin: Pin;
}

/** The pins of one environment in a run: those of its lock file, read when it is first asked for, and new ones. */
export class EnvironmentPins {
  /** What lookups got, by pin. */
  readonly answers = new Map<string, AnsweredPin>();
  /** Every pin that a lookup asked for, answered or not. */
  readonly asked = new Set<string>();
  /** Pins that this run took, or whose question it recorded, and that are not written yet. */
  readonly gained = new Map<string, Pin>();
  private file: { readonly lockFile: LockFile | undefined } | undefined;

  constructor(
    /** The folder of `workspace-images/`. */
    readonly directory: string,
    readonly environment: Environment,
    public availability: Availability,
  ) {}

  /**
   * The lock file as it was when this run first asked for it.
   * @throws LockFileError if it is damaged, or belongs elsewhere
   */
  get lockFile(): LockFile | undefined {
    this.file ??= { lockFile: readLockFile(this.directory, this.environment) };
    return this.file.lockFile;
  }

  /** Whether its lock file was read without an error, or found not to be there. */
  get isRead(): boolean {
    return this.file !== undefined;
  }

  /** Where its images are; undefined as long as nobody knows. */
  get place(): LockedPlace | undefined {
    const { lockFile, availability } = this;
    return lockFile ?? (availability.kind === "listed" ? availability.place : undefined);
  }

  /** All pins, with those of this run. */
  get pins(): Pins {
    const pins = this.lockFile?.pins ?? new Map<string, Pin>();
    return this.gained.size === 0 ? pins : new Map([...pins, ...this.gained]);
  }

  /** A pin by its name. */
  pin(name: string): Pin | undefined {
    return this.gained.get(name) ?? this.lockFile?.pins.get(name);
  }
}
