import { PinConflictError } from "../errors";
import { renameCommand } from "../pins/advice";
import { withQuestion } from "../pins/changed-pin";
import { lockFileName, updateLockFile } from "../pins/lock-file";
import { describeChange, hasSameIds, isSameQuestion, type Pin } from "../pins/pin";
import type { EnvironmentPins } from "./environment-pins";

/**
 * Writes the pins that a run took, environment by environment.
 * @returns the names of the files that were written
 * @throws LockFileError if a lock file cannot be written
 * @throws PinConflictError if another app or process pinned something else under the same name meanwhile
 * @lazy
 */
export function savePins(environments: Iterable<EnvironmentPins>): string[] {
  const written: string[] = [];
  for (const pins of environments) {
    const { directory, environment, gained } = pins;
    // Without a new pin, nothing of the environment is looked at.
    if (gained.size === 0 || !pins.place) continue;
    const { place, lockFile } = pins;
    updateLockFile(directory, environment, place, (current) => {
      for (const [name, pin] of gained) {
        const before = lockFile?.pins.get(name);
        const now = current.get(name);
        // Another app or process pinned the same meanwhile: its pin stays as it is.
        if (now && isSamePin(now, pin)) continue;
        if (now && !(before && isSamePin(now, before))) {
          throw new PinConflictError(
            `Environment "${environment.name}": another app or process took pin "${name}" meanwhile, for another question or image (${describeChange(now, pin) || "the same question"}). It was kept. Run cdktf synth again; if two lookups share the name, give one of them a pinName of its own, and to keep its image run: ${renameCommand(name, `${name}-2`, { keep: true })}`,
          );
        }
        // What others noted of it meanwhile, such as a hold, stays: only its question was changed here.
        current.set(name, now ? withQuestion(now, pin) : pin);
      }
    });
    gained.clear();
    written.push(lockFileName(environment.name));
  }
  return written;
}

function isSamePin(a: Pin, b: Pin): boolean {
  return isSameQuestion(a, b) && hasSameIds(a.images, b.images);
}
