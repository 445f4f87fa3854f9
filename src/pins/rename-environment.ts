import { rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, LockFileError } from "../errors";
import { withFileMutex } from "../project/atomic-file";
import type { Environment } from "../project/environment";
import { regionOf } from "../project/region";
import { lockFileName, readAnyLockFile } from "./lock-file";
import { type LockFile, serializeLockFile } from "./lock-file-format";

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
 * Gives the lock file of an environment another name, with everything in it; also one that was moved by hand and still
 * says that it is the old environment's.
 * @returns the pins
 * @throws ConfigurationError if there is no such lock file, or another one under the new name
 * @throws LockFileError if it is damaged, or belongs elsewhere
 * @throws Error with a `code` of the file system where it cannot be written
 */
export function renameEnvironment({ directory, from, to, keep, dryRun }: EnvironmentRename): LockFile {
  const [oldPath, newPath] = [from, to.name].map((name) => join(directory, lockFileName(name))) as [
    string,
    string,
  ];
  const renamed = () => {
    const there = readAnyLockFile(directory, to.name);
    const before = readAnyLockFile(directory, from) ?? (there?.environment === from ? there : undefined);
    if (!before) {
      throw new ConfigurationError(
        `There is no ${lockFileName(from)}: environment "${from}" has no pins. Those that have some: workspace-images pins`,
      );
    }
    const after = { ...before, environment: to.name };
    const isOther = there && there !== before && there.pins.size > 0;
    if (isOther && serializeLockFile(there) !== serializeLockFile(after)) {
      throw new ConfigurationError(
        `There is a ${lockFileName(to.name)} with pins of its own. If a synth took them because the environment was renamed first, delete that file and run this again.`,
      );
    }
    checkTarget(before, from, to);
    return after;
  };
  const planned = renamed();
  if (dryRun) return planned;
  // Read again, because others may write meanwhile.
  return withFileMutex(oldPath, () =>
    withFileMutex(newPath, ({ replace }) => {
      const after = renamed();
      replace(serializeLockFile(after));
      if (!keep) rmSync(oldPath, { force: true });
      return after;
    }),
  );
}

function checkTarget({ region, projectId }: LockFile, from: string, to: Environment): void {
  for (const [what, has, wants] of [
    ["region", region, regionOf(to)],
    ["project", projectId, to.projectId],
  ]) {
    if (wants === undefined || has === wants) continue;
    throw new LockFileError(
      `The pins of environment "${from}" are of ${what} "${has}", but environment "${to.name}" is in ${what} "${wants}", where they do not hold. Correct the configuration of "${to.name}", or take its pins anew: cdktf synth, or workspace-images pin --env ${to.name}`,
    );
  }
}
