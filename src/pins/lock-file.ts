import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LockFileError, WorkspaceImagesError } from "../errors";
import type { Environment } from "../project/environment";
import { readBounded } from "../project/read-file";
import { regionOf } from "../project/region";
import { restoring } from "./lock-file-damage";
import {
  type LockedPlace,
  type LockFile,
  MAX_LOCK_FILE,
  parseLockFile,
  serializeLockFile,
} from "./lock-file-format";
import type { Pin } from "./pin";

export type { LockedPlace, LockFile } from "./lock-file-format";

/** The folder of lock files, relative to the project's folder. */
export const LOCK_FOLDER = "workspace-images";
/** What paths of lock files look like, with the environment's name. */
export const LOCK_FILE_PATH = /^workspace-images\/([^/]+)\.lock\.json$/;

/** The path of an environment's lock file, relative to the project's folder. */
export function lockFileName(environment: string): string {
  return `${LOCK_FOLDER}/${environment}.lock.json`;
}

/**
 * Reads an environment's lock file.
 * @param directory the project's folder
 * @returns undefined where there is none
 * @throws LockFileError if it is damaged, or belongs to another environment, region or project
 */
export function readLockFile(directory: string, environment: Environment): LockFile | undefined {
  const lockFile = readAnyLockFile(directory, environment.name);
  if (lockFile) checkPlace(lockFile, environment, lockFileName(environment.name));
  return lockFile;
}

/**
 * Reads the lock file under an environment's name, whatever environment, region and project it says it belongs to.
 * @returns undefined where there is none
 * @throws LockFileError if it is damaged
 */
export function readAnyLockFile(directory: string, environment: string): LockFile | undefined {
  const name = lockFileName(environment);
  let text: string | undefined;
  try {
    text = readBounded(join(directory, name), MAX_LOCK_FILE);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // A file that this user may not read is not damaged: others may read it.
    const isForbidden = code === "EACCES" || code === "EPERM";
    throw new LockFileError(
      `${name} cannot be read: ${message}. It must be a file that this user may read${isForbidden ? ": change its permissions, or those of its folder." : `. ${restoring(name)}`}`,
      { cause },
    );
  }
  if (text === undefined) return undefined;
  try {
    return parseLockFile(text, name);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LockFileError(
      `${name} is not a lock file: it is nested too deeply, or a text in it is too long. ${restoring(name)}`,
      { cause },
    );
  }
}

/**
 * Changes an environment's pins on disk, atomically, on top of what other processes wrote meanwhile.
 * The file is left alone where nothing changes.
 * @param change edits the pins in place
 * @throws LockFileError if the file is damaged or cannot be written; it then stays as it was
 */
export function updateLockFile(
  directory: string,
  environment: Environment,
  { region, projectId }: LockedPlace,
  change: (pins: Map<string, Pin>) => void,
): void {
  const name = lockFileName(environment.name);
  const path = join(directory, name);
  // What is given may be a whole lock file, and another environment's: no more of it is taken.
  const place = { region, projectId };
  try {
    // Loaded here, because most processes write no lock file.
    const { makeFolder, withFileMutex } =
      require("../project/atomic-file") as typeof import("../project/atomic-file");
    makeFolder(dirname(path));
    withFileMutex(path, (mutex) => {
      const current = readLockFile(directory, { ...environment, ...place });
      const pins = new Map(current?.pins);
      change(pins);
      const schema = current ? current.schema : schemaFrom(directory);
      const after = serializeLockFile({
        ...(schema !== undefined && { schema }),
        environment: environment.name,
        ...place,
        pins,
      });
      if (current ? after !== serializeLockFile(current) : pins.size > 0) {
        if (Buffer.byteLength(after) > MAX_LOCK_FILE) {
          throw new LockFileError(
            `${name} would be larger than ${MAX_LOCK_FILE / 1024 / 1024} MB. It was left as it was: narrow the filters of the lookups that select many images.`,
          );
        }
        mutex.replace(after);
      }
    });
  } catch (cause) {
    if (cause instanceof WorkspaceImagesError) throw cause;
    throw new LockFileError(
      `${name} cannot be written: ${(cause as Error).message}. It was left as it was; mend that and run the same command again.`,
      { cause },
    );
  }
}

/** Where this package's schema is installed, seen from a lock file; undefined where it is in no node_modules. */
function schemaFrom(directory: string): string | undefined {
  const schema = "node_modules/cdktf-huaweicloud-workspace-images/schemas/lock-file.schema.json";
  for (let [folder, up] = [resolve(directory), "../"]; ; [folder, up] = [dirname(folder), `../${up}`]) {
    if (existsSync(join(folder, schema))) return `${up}${schema}`;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Refuses pins that were taken elsewhere: an image ID means nothing in another region. */
export function checkPlace(lockFile: Omit<LockFile, "pins">, environment: Environment, name: string): void {
  for (const [what, locked, expected] of [
    ["environment", lockFile.environment, environment.name],
    ["region", lockFile.region, regionOf(environment)],
    ["project", lockFile.projectId, environment.projectId],
  ]) {
    if (expected !== undefined && locked !== expected) {
      throw new LockFileError(
        `${name} holds the pins of ${what} "${locked}", but environment "${environment.name}" is ${what === "environment" ? "another one" : `in ${what} "${expected}"`}. ` +
          `${
            what === "environment"
              ? `If it was renamed, run: workspace-images rename --environment ${locked} ${environment.name}`
              : "If it moved on purpose, delete the file and take its pins anew; otherwise correct the configuration or HW_REGION_NAME"
          }, or restore the file with: git checkout -- ${name}`,
      );
    }
  }
}
