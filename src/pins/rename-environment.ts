import { rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../errors";
import { withFileMutex } from "../project/atomic-file";
import type { Environment } from "../project/environment";
import { readBounded } from "../project/read-file";
import { checkPlace, lockFileName, updateLockFile } from "./lock-file";
import { type LockFile, MAX_LOCK_FILE, parseLockFile, serializeLockFile } from "./lock-file-format";

/** What an environment is renamed to. */
export interface EnvironmentRename {
  readonly directory: string;
  readonly from: string;
  /** Its new name, with its configuration where there is one already. */
  readonly to: Environment;
  /** Whether the environment stays under its old name, too. */
  readonly keep: boolean;
  readonly dryRun: boolean;
}

/**
 * Gives the lock file of an environment another name, with everything in it.
 * @returns the pins
 * @throws ConfigurationError if there is no such lock file, or another one under the new name
 * @throws LockFileError if it is damaged, belongs elsewhere, or cannot be written
 */
export function renameEnvironment({ directory, from, to, keep, dryRun }: EnvironmentRename): LockFile {
  const path = join(directory, lockFileName(from));
  const before = read(directory, from);
  if (!before) {
    throw new ConfigurationError(`There is no ${lockFileName(from)}: environment "${from}" has no pins.`);
  }
  checkPlace({ ...before, environment: to.name }, to, `${lockFileName(from)} (as "${to.name}")`);
  const renamed = { ...before, environment: to.name };
  const there = read(directory, to.name);
  if (there && there.pins.size > 0 && serializeLockFile(there) !== serializeLockFile(renamed)) {
    throw new ConfigurationError(
      `There is a ${lockFileName(to.name)} with pins of its own. If a synth took them because the environment was renamed first, delete that file and run this again.`,
    );
  }
  if (dryRun) return renamed;
  withFileMutex(path, () => {
    // What others wrote meanwhile goes along.
    const now = read(directory, from) ?? before;
    updateLockFile(directory, to, now, (pins) => {
      for (const [name, pin] of now.pins) pins.set(name, pin);
    });
    if (!keep) rmSync(path);
  });
  return renamed;
}

/** A lock file, wherever its environment may be. */
function read(directory: string, environment: string): LockFile | undefined {
  const name = lockFileName(environment);
  const text = readBounded(join(directory, name), MAX_LOCK_FILE);
  return text === undefined ? undefined : parseLockFile(text, name);
}
