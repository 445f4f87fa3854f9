import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Holding takes milliseconds: a holder that is waited for this long (ms) is gone, or may be taken for it. */
const LOST_AFTER = 10_000;
/** Longest wait for the mutex, ms. */
const PATIENCE = 60_000;
/** How often work is done anew because the mutex was taken from its holder. */
const ATTEMPTS = 5;

/** The right to replace a file, while it is held. */
export interface FileMutex {
  /**
   * Replaces the file's content atomically: whoever reads, or whenever this process dies, it is the old or the new one.
   * Owner and permissions stay as they were where the system allows it.
   * @throws Error with a `code` of the file system; the old content stays
   */
  replace(content: string): void;
}

/**
 * Runs `work` while no other process does for the same file, by whatever links they reach it. Synchronous, because a
 * synth is. A link to the file stays one.
 *
 * The mutex is a folder beside the file, made elsewhere and renamed into its place, so that it appears with its
 * holder's name in it. The new content is written inside that folder and renamed out of it. Whoever takes the mutex
 * from a holder renames the folder away: that holder then finds no content to rename, however late it goes on, so that
 * it never overwrites what its successor wrote. A wrong judgement of who is gone therefore costs time, never content.
 *
 * Nothing here reads a clock of another machine, needs symbolic links, or is seen by git: it adds neither empty
 * folders nor what is in a folder named `.git`.
 * @param work may run again, from the beginning, where the mutex was taken from this process before it had replaced
 * the file
 * @throws Error with a `code` of the file system, `ETIMEDOUT` after a minute
 */
export function withFileMutex<T>(path: string, work: (mutex: FileMutex) => T): T {
  const file = realPath(path);
  for (let attempt = 1; ; attempt++) {
    const holder = acquire(file);
    try {
      return work({ replace: (content) => replace(file, holder, content) });
    } catch (error) {
      if (!(error instanceof MutexLost) || attempt === ATTEMPTS) throw error;
    } finally {
      if (holderOf(mutexOf(file)) === holder) setAside(file);
    }
  }
}

class MutexLost extends Error {
  readonly code = "ESTALE";
}

/**
 * Makes a folder where there is none, and those above it.
 * @lazy
 */
export function makeFolder(folder: string): void {
  try {
    // First without `recursive`, with which Node reports a read-only file system as ENOENT.
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") mkdirSync(folder, { recursive: true });
    else if (codeOf(error) !== "EEXIST" || !statSync(folder).isDirectory()) throw error;
  }
}

/** The path behind all links, also where there is no file yet. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

function mutexOf(file: string): string {
  return beside(file, "mutex");
}

function beside(file: string, suffix: string): string {
  return join(dirname(file), `.${basename(file)}.${suffix}`);
}

/** Where a holder writes the new content. */
function workshop(mutex: string, holder: string): string {
  return join(mutex, holder, ".git");
}

function replace(file: string, holder: string, content: string): void {
  removeLeftovers(file);
  const before = statSync(file, { throwIfNoEntry: false });
  const temporary = join(workshop(mutexOf(file), holder), "content");
  try {
    const opened = openSync(temporary, "wx", before ? before.mode & 0o777 : 0o666);
    try {
      if (before) keepOwnerAndMode(opened, before);
      writeFileSync(opened, content);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(temporary, file);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new MutexLost(`another process took ${mutexOf(file)} while this one stood still`);
  }
}

/** Not every user may give a file away, and not every file system knows owners and permissions. */
function keepOwnerAndMode(file: number, { uid, gid, mode }: Stats): void {
  const attempt = (change: () => void) => {
    try {
      change();
    } catch {
      // The content matters more.
    }
  };
  const now = fstatSync(file);
  if (now.gid !== gid) attempt(() => fchownSync(file, now.uid, gid));
  if (now.uid !== uid) attempt(() => fchownSync(file, uid, gid));
  if (fstatSync(file).mode !== mode) attempt(() => fchmodSync(file, mode & 0o777));
}

/** @returns the name under which this process holds the mutex */
function acquire(file: string): string {
  const mutex = mutexOf(file);
  let waited = 0;
  let seen: string | undefined;
  let seenSince = 0;
  for (;;) {
    const holder = holderOf(mutex);
    if (holder === undefined) {
      const self = enter(file);
      if (self) return self;
    }
    if (holder !== seen) {
      seen = holder;
      seenSince = waited;
    }
    if (holder !== undefined && (isGone(holder) || waited - seenSince >= LOST_AFTER)) setAside(file);
    if (waited > PATIENCE) {
      throw Object.assign(
        new Error(
          `${mutex} is held by another process (${holder || "unknown"}); if none is running, delete it`,
        ),
        { code: "ETIMEDOUT" },
      );
    }
    // Time is counted by what was slept, so that setting the clock changes nothing.
    const pause = 2 + Math.random() * 10;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    waited += pause;
  }
}

/** @returns the name under which this process holds the mutex now; undefined where another one was faster */
function enter(file: string): string | undefined {
  const self = `${process.pid}.${processNamespace()}.${randomUUID()}`;
  const prepared = beside(file, randomUUID());
  try {
    makeFolder(prepared);
    mkdirSync(workshop(prepared, self), { recursive: true });
    try {
      renameSync(prepared, mutexOf(file));
      return self;
    } catch (error) {
      if (isTaken(error)) return undefined;
      throw error;
    }
  } finally {
    remove(prepared);
  }
}

function isTaken(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  // ENOENT: the one that was faster took what was prepared for a leftover. Windows: what exists is not replaced.
  if (["EEXIST", "ENOTEMPTY", "ENOTDIR", "ENOENT"].includes(code)) return true;
  return process.platform === "win32" && ["EPERM", "EACCES"].includes(code);
}

/** The name of the mutex' holder, "" where it has none, undefined where there is no mutex. */
function holderOf(mutex: string): string | undefined {
  try {
    return readdirSync(mutex).join();
  } catch (error) {
    // A link that leads nowhere is in the way, too.
    const isNone = codeOf(error) === "ENOENT" && !lstatSync(mutex, { throwIfNoEntry: false });
    return isNone ? undefined : "";
  }
}

/** Ends the mutex, at once and whole. */
function setAside(file: string): void {
  const aside = beside(file, randomUUID());
  try {
    renameSync(mutexOf(file), aside);
  } catch {
    // Another process did, or this user may not: then it is waited for.
  }
  remove(aside);
}

/** Removes what killed processes left. */
function removeLeftovers(file: string): void {
  const prefix = `.${basename(file)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(file));
  } catch {
    // A folder that may be written and not read: what is left there is in nobody's way.
    return;
  }
  for (const name of names) {
    if (name.startsWith(prefix) && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(name.slice(prefix.length)))
      remove(join(dirname(file), name));
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's: it is in nobody's way.
  }
}

/** Whether a holder is known to be gone: a process number says something only where both are counted together. */
function isGone(holder: string): boolean {
  const [pid, namespace] = holder.split(".");
  if (!namespace || namespace !== processNamespace()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** What this process' number is counted in; "" where the system does not say. */
function processNamespace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}-${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
  } catch {
    return "";
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
