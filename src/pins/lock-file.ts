import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { FilterError, LockFileError, WorkspaceImagesError } from "../errors";
import { parseFilter, type SingleImageFilter } from "../images/image-filter";
import { type WorkspaceImage, workspaceImageSchema } from "../images/workspace-image";
import { withFileMutex } from "../project/atomic-file";
import type { Environment } from "../project/environment";
import { regionOf } from "../project/location";
import { findDuplicateKey } from "../text/json";
import { formatTime } from "../text/time";
import { isPinName, type Pin } from "./pin";

/** Where the images of a lock file are. */
export interface LockedPlace {
  readonly region: string;
  readonly projectId: string;
}

/** The pins of one environment: `workspace-images/<environment>.lock.json`. */
export interface LockFile extends LockedPlace {
  readonly environment: string;
  readonly pins: ReadonlyMap<string, Pin>;
}

const VERSION = 1;
const MAX_BYTES = 16 * 1024 * 1024;

const fileSchema = v.strictObject({
  lockfileVersion: v.literal(VERSION),
  environment: v.string(),
  region: v.pipe(v.string(), v.nonEmpty()),
  projectId: v.pipe(v.string(), v.nonEmpty()),
  pins: v.custom<object>(
    (pins) => typeof pins === "object" && pins !== null && !Array.isArray(pins),
    "expected an object",
  ),
});

const pinSchema = v.strictObject({
  filter: v.custom<object>((filter) => typeof filter === "object" && filter !== null, "expected an object"),
  all: v.exactOptional(v.literal(true)),
  pinnedAt: v.pipe(
    v.string(),
    v.check((text) => formatTime(new Date(text)) === text, "expected a time such as 2026-11-23T21:00:00Z"),
  ),
  images: v.array(workspaceImageSchema),
  integrity: v.string(),
});

/** The path of an environment's lock file, relative to the project's folder. */
export function lockFileName(environment: string): string {
  return `workspace-images/${environment}.lock.json`;
}

/**
 * Reads an environment's lock file.
 * @param directory the project's folder
 * @returns undefined where there is none
 * @throws LockFileError if it is damaged, or belongs to another environment, region or project
 */
export function readLockFile(directory: string, environment: Environment): LockFile | undefined {
  const name = lockFileName(environment.name);
  let text: string;
  try {
    text = readFileSync(join(directory, name), "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new LockFileError(
      `${name} cannot be read: ${(cause as Error).message}. It must be a file that this user may read.`,
      { cause },
    );
  }
  let lockFile: LockFile;
  try {
    lockFile = parseLockFile(text, name);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LockFileError(
      `${name} is not a lock file: it is nested too deeply, or a text in it is too long. ${restoring(name)}`,
      { cause },
    );
  }
  checkPlace(lockFile, environment, name);
  return lockFile;
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
  place: LockedPlace,
  change: (pins: Map<string, Pin>) => void,
): void {
  const name = lockFileName(environment.name);
  const path = join(directory, name);
  try {
    mkdirSync(dirname(path), { recursive: true });
    withFileMutex(path, (mutex) => {
      const current = readLockFile(directory, { ...environment, ...place });
      const pins = new Map(current?.pins);
      change(pins);
      const after = serialize({ environment: environment.name, ...place, pins });
      if (current ? after !== serialize(current) : pins.size > 0) {
        if (after.length > MAX_BYTES) {
          throw new LockFileError(
            `${name} would be larger than ${MAX_BYTES / 1024 / 1024} MB. It was left as it was: narrow the filters of the lookups that select many images.`,
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
          `If it moved on purpose, delete the file and run cdktf synth to pin anew; otherwise correct cdktf.json or HW_REGION_NAME, or restore the file with: git checkout -- ${name}`,
      );
    }
  }
}

function parseLockFile(text: string, name: string): LockFile {
  const restore = restoring(name);
  const fail = (what: string, cause?: unknown) => new LockFileError(`${name} ${what}`, { cause });
  if (text.length > MAX_BYTES) throw fail(`is larger than ${MAX_BYTES / 1024 / 1024} MB. ${restore}`);
  const conflicts = findConflicts(text);
  if (conflicts) {
    throw fail(
      `has merge-conflict markers${conflicts.length > 0 ? ` in ${conflicts.map((pin) => `pin ${pin}`).join(", ")}` : ""}. Keep one side of each pin whole (or of all: git checkout --ours -- ${name}, or --theirs), then run: workspace-images verify`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const pin = lastPin(text.slice(0, Number(/at position (\d+)/.exec(String(cause))?.[1] ?? text.length)));
    const near = pin === undefined ? "" : `, in or after pin ${pin}`;
    throw fail(`is not complete JSON${near} (${(cause as Error).message}). ${restore}`, cause);
  }
  const version = (json as { lockfileVersion?: unknown } | null)?.lockfileVersion;
  if (typeof version === "number" && version !== VERSION) {
    throw fail(
      `has lockfileVersion ${version}, but this version reads ${VERSION}. A newer version wrote it. Run: npm install cdktf-huaweicloud-workspace-images@latest`,
    );
  }
  // A file that is as it was written has no key twice: looking for one takes longer than all the rest.
  const duplicate = text === format(json) ? undefined : findDuplicateKey(text);
  if (duplicate) {
    const [where, pinName = "", ...rest] = duplicate;
    const key = JSON.stringify(duplicate.at(-1));
    throw fail(
      where === "pins" && duplicate.length > 1
        ? `has ${rest.length > 0 ? `the key ${key} twice in pin ${JSON.stringify(pinName)}` : `the pin ${key} twice`}, as after a bad merge. ${restore}`
        : `has the key ${key} twice, as after a bad merge. ${restore}`,
    );
  }
  const file = v.safeParse(fileSchema, json);
  if (!file.success) throw fail(`is not a lock file: ${describeIssue(file.issues[0])}. ${restore}`);

  const pins = new Map<string, Pin>();
  for (const [pinName, raw] of Object.entries(file.output.pins)) {
    const failPin = (what: string) =>
      new LockFileError(`${name}: pin ${JSON.stringify(pinName.slice(0, 255))} ${what}`);
    if (!isPinName(pinName)) throw failPin(`has a name that cannot be used. ${restore}`);
    const parsed = v.safeParse(pinSchema, raw);
    if (!parsed.success) throw failPin(`is damaged: ${describeIssue(parsed.issues[0])}. ${restore}`);
    const { all, pinnedAt, images, integrity } = parsed.output;
    const cardinality = all ? "all" : "one";
    let filter: SingleImageFilter;
    try {
      filter = parseFilter(parsed.output.filter, cardinality, "its filter");
    } catch (error) {
      if (error instanceof FilterError) throw failPin(`is damaged: ${error.message} ${restore}`);
      throw error;
    }
    const pin: Pin = { filter, cardinality, pinnedAt, images: images as WorkspaceImage[] };
    if (integrity !== integrityOf(pin)) {
      throw failPin(
        `does not match its integrity: it was edited by hand or merged badly. ${restore}; or delete the pin and run cdktf synth to pin anew.`,
      );
    }
    if (cardinality === "one" && images.length !== 1) throw failPin(`must have one image. ${restore}`);
    pins.set(pinName, pin);
  }
  const { environment, region, projectId } = file.output;
  return { environment, region, projectId, pins };
}

function restoring(name: string): string {
  return `Restore it with: git checkout -- ${name} (if it was never committed, delete it and run cdktf synth with CI unset)`;
}

/** A line that begins a pin in a file as it is written, or as git merges such files. */
const PIN_LINE = /^ {4}("(?:[^"\\]|\\.)*"): \{/;

/** The pins that a merge left in conflict, as they are written; undefined where there are no markers. */
function findConflicts(text: string): string[] | undefined {
  if (!/^(<{7}|={7}|>{7})/m.test(text)) return undefined;
  const pins = new Set<string>();
  let pin: string | undefined;
  let inConflict = false;
  for (const line of text.split("\n")) {
    pin = PIN_LINE.exec(line)?.[1] ?? (/^ {0,4}\}/.test(line) ? undefined : pin);
    if (/^[<>]{7}/.test(line)) inConflict = line.startsWith("<");
    else if (inConflict && pin !== undefined) pins.add(pin);
  }
  return [...pins];
}

/** The last pin that a text begins, as it is written. */
function lastPin(text: string): string | undefined {
  return text
    .split("\n")
    .map((line) => PIN_LINE.exec(line)?.[1])
    .findLast((pin) => pin !== undefined);
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (issue.expected === "never") return `unknown key ${path}`;
  return `${path ? `${path}: ` : ""}${issue.received === "undefined" ? "missing" : issue.message.slice(0, 200)}`;
}

function serialize({ environment, region, projectId, pins }: LockFile): string {
  const names = [...pins.keys()].sort();
  const file = {
    lockfileVersion: VERSION,
    environment,
    region,
    projectId,
    pins: Object.fromEntries(
      names.map((name) => {
        const { pinnedAt, ...pin } = pins.get(name)!;
        const { filter, images, ...all } = pinnedPart(pin);
        return [name, { filter, ...all, pinnedAt, images, integrity: integrityOf(pin) }];
      }),
    ),
  };
  return format(file);
}

function format(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}

function integrityOf(pin: Omit<Pin, "pinnedAt">): string {
  return `sha256-${createHash("sha256")
    .update(JSON.stringify(pinnedPart(pin)))
    .digest("base64")}`;
}

/** The part of a pin that integrity covers, with every key in its one order. */
function pinnedPart({ filter, cardinality, images }: Omit<Pin, "pinnedAt">) {
  const fields = Object.keys(workspaceImageSchema.entries) as (keyof WorkspaceImage)[];
  return {
    filter: Object.fromEntries(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(cardinality === "all" && { all: true as const }),
    images: images.map((image) =>
      Object.fromEntries(
        fields.filter((field) => image[field] !== undefined).map((field) => [field, image[field]]),
      ),
    ),
  };
}
