import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** Holding takes milliseconds, so a mutex of this age (ms) has lost its holder even where its process cannot be checked. */
const ABANDONED_AFTER = 20_000;
/** Longest wait for the mutex, ms. */
const PATIENCE = 60_000;

/** The right to replace a file, while it is held. */
export interface FileMutex {
  /** A name that no other holder has. */
  readonly holder: string;
  /** @throws Error with code `ESTALE` if another process took it, because this one stood still for long */
  assertHeld(): void;
}

/**
 * Runs `work` while no other process does for the same file. Synchronous, because a synth is.
 *
 * The mutex is a symbolic link beside the file whose target names its holder: created atomically with its content,
 * so that a holder killed at any moment can be recognized and replaced.
 * @throws Error with a `code` of the file system, or `ETIMEDOUT` after a minute
 */
export function withFileMutex<T>(path: string, work: (mutex: FileMutex) => T): T {
  const mutex = beside(path, "mutex");
  const holder = acquire(mutex, Date.now() + PATIENCE);
  const isHeld = () => holderOf(mutex) === holder;
  try {
    return work({
      holder,
      assertHeld: () => {
        if (isHeld()) return;
        throw Object.assign(new Error(`another process took ${mutex} while this one stood still`), {
          code: "ESTALE",
        });
      },
    });
  } finally {
    if (isHeld()) rmSync(mutex, { force: true });
  }
}

/**
 * Replaces a file's content atomically: whoever reads, or whenever this process dies, it is the old or the new content.
 * @param mutex of this file, which its writers share
 * @param mode permissions of the file; by default those it has, or what the user's mask leaves a new one
 * @throws Error with a `code` of the file system; the old content stays
 */
export function replaceFile(path: string, content: string, mutex: FileMutex, mode = modeOf(path)): void {
  // A name of its own: a holder that stood still must not touch its successor's file.
  const temporary = beside(path, `${mutex.holder}.tmp`);
  try {
    mutex.assertHeld();
    removeLeftovers(path);
    const file = openSync(temporary, "wx");
    try {
      if (mode !== undefined) fchmodSync(file, mode);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    mutex.assertHeld();
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what killed holders left. */
function removeLeftovers(path: string): void {
  const prefix = beside(path, "");
  for (const name of readdirSync(dirname(path))) {
    const leftover = join(dirname(path), name);
    if (leftover.startsWith(prefix) && name.endsWith(".tmp")) rmSync(leftover, { force: true });
  }
}

function modeOf(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && stat.mode & 0o777;
}

function beside(path: string, suffix: string): string {
  return join(dirname(path), `.${basename(path)}.${suffix}`);
}

/** @returns the name under which this process holds the mutex */
function acquire(mutex: string, deadline: number): string {
  const host = hostname().replace(/\W/g, "-");
  const self = `${process.pid}.${host}.${randomUUID()}`;
  for (;;) {
    try {
      // On Windows only a junction needs no privilege; elsewhere the type is ignored.
      symlinkSync(self, mutex, "junction");
      return self;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const holder = holderOf(mutex);
    if (holder !== undefined && isGone(mutex, holder, host)) {
      // Named after the lost holder: one process at a time may remove what that holder left, and nothing newer.
      const takeover = `${mutex}.${holder.split(".").at(-1)}`;
      acquire(takeover, deadline);
      try {
        if (holderOf(mutex) === holder) rmSync(mutex, { force: true });
      } finally {
        rmSync(takeover, { force: true });
      }
      continue;
    }
    if (Date.now() > deadline) {
      throw Object.assign(
        new Error(
          `${mutex} is held by another process (${holder ?? "unknown"}); if none is running, delete it`,
        ),
        { code: "ETIMEDOUT" },
      );
    }
    sleep(2 + Math.random() * 10);
  }
}

function holderOf(mutex: string): string | undefined {
  try {
    return basename(readlinkSync(mutex));
  } catch {
    return undefined;
  }
}

function isGone(mutex: string, holder: string, host: string): boolean {
  const [pid, holderHost] = holder.split(".");
  if (holderHost === host) {
    try {
      process.kill(Number(pid), 0);
    } catch (error) {
      // EPERM: someone else's process, which may have got the number of the one that is gone.
      if (codeOf(error) === "ESRCH") return true;
    }
  }
  try {
    return Date.now() - lstatSync(mutex).mtimeMs > ABANDONED_AFTER;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
