import { createHash } from "node:crypto";

import v = require("valibot");

import { FilterError, LockFileError } from "../errors";
import { parsePinnedFilter, type SingleImageFilter, withOrderedKeys } from "../images/image-filter";
import {
  FIELD_NAMES,
  IMAGE_FIELDS,
  isThere,
  MAX_TEXT,
  pickFields,
  type WorkspaceImage,
} from "../images/workspace-image";
import { findDuplicateKey } from "../text/json";
import { findJsonError } from "../text/json-error";
import { escapeInvisible } from "../text/printable";
import { formatTime } from "../text/time";
import { describeConflict, lastPin, restoring } from "./lock-file-damage";
import { isPinName, type Pin, type Pins } from "./pin";

/** Where the images of a lock file are. */
export interface LockedPlace {
  readonly region: string;
  readonly projectId: string;
}

/** The pins of one environment: `workspace-images/<environment>.lock.json`. */
export interface LockFile extends LockedPlace {
  /** Where editors find the JSON schema, seen from the file. */
  readonly schema?: string;
  readonly environment: string;
  readonly pins: Pins;
}

/** Size that no lock file exceeds, bytes: room for 150,000 pins. */
export const MAX_LOCK_FILE = 128 * 1024 * 1024;

const VERSION = 1;

const text = v.pipe(v.string(), v.nonEmpty());
const time = v.pipe(
  v.string(),
  v.check((value) => formatTime(new Date(value)) === value, "expected a time such as 2026-11-23T21:00:00Z"),
);
const reason = v.strictObject({ reason: text, since: time });
const object = v.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);

const imageText = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const FIELD_SCHEMAS = {
  text: imageText,
  count: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  time: imageText,
  id: imageText,
};

const NEWER = "A newer version wrote it. Run: npm install cdktf-huaweicloud-workspace-images@latest";

/** A {@link WorkspaceImage} in a file. */
export const workspaceImageSchema = v.strictObject({
  ...Object.fromEntries(
    FIELD_NAMES.map((field) => [field, v.exactOptional(v.nullable(FIELD_SCHEMAS[IMAGE_FIELDS[field].kind]))]),
  ),
  id: v.pipe(imageText, v.nonEmpty()),
});

/** A lock file, without what is in its pins. */
export const fileSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  lockfileVersion: v.literal(VERSION),
  environment: v.string(),
  region: text,
  projectId: text,
  pins: object,
});

/** The fields of a pin in their order, without what is in its filter. */
export const pinSchema = v.strictObject({
  filter: object,
  all: v.exactOptional(v.literal(true)),
  pinnedAt: time,
  images: v.array(workspaceImageSchema),
  unmet: v.exactOptional(v.pipe(v.array(text), v.minLength(1))),
  hold: v.exactOptional(reason),
  previous: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({
          ids: v.array(text),
          names: v.array(v.string()),
          imageType: v.exactOptional(text),
          until: time,
        }),
      ),
      v.minLength(1),
      v.maxLength(10),
    ),
  ),
  override: v.exactOptional(reason),
  adopted: v.exactOptional(v.literal(true)),
  integrity: v.string(),
});

/**
 * Reads the text of a lock file.
 * @param name of the file, for errors
 * @throws LockFileError naming what is damaged, and what restores it
 */
export function parseLockFile(content: string, name: string): LockFile {
  const fail = (what: string, cause?: unknown) => new LockFileError(`${name} ${what}`, { cause });
  const restore = restoring(name);
  const conflict = describeConflict(content);
  if (conflict) throw fail(conflict);
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (cause) {
    const { offset = 0, line, column, what } = findJsonError(content) ?? {};
    const pin = lastPin(content.slice(0, offset));
    const near = pin === undefined ? "" : `, in or after pin ${pin}`;
    throw fail(`is not complete JSON${near} (line ${line}, column ${column}: ${what}). ${restore}`, cause);
  }
  const version = (json as { lockfileVersion?: unknown } | null)?.lockfileVersion;
  if (typeof version === "number" && version !== VERSION) {
    throw fail(`has lockfileVersion ${version}, but this version reads ${VERSION}. ${NEWER}`);
  }
  // A text that is exactly as it is written here has no key twice: looking for one takes longer than all the rest.
  const duplicate = content === format(json) ? undefined : findDuplicateKey(content);
  if (duplicate) throw fail(`${describeDuplicate(duplicate)}, as after a bad merge. ${restore}`);
  const file = v.safeParse(fileSchema, json);
  if (!file.success) throw fail(`is not a lock file: ${describeIssue(file.issues[0])}. ${restore}`);

  const { $schema: schema, environment, region, projectId } = file.output;
  const place = { environment, region, projectId };
  const pins = new Map(
    Object.entries(file.output.pins).map(([pinName, raw]) => [
      pinName,
      parsePin(pinName, raw, place, (what, advice = restore) => {
        const pin = JSON.stringify(pinName.slice(0, 255));
        return new LockFileError(`${name}: pin ${pin} ${what}. ${advice}`);
      }),
    ]),
  );
  return { ...(schema !== undefined && { schema }), ...place, pins };
}

function parsePin(
  name: string,
  raw: unknown,
  place: Omit<LockFile, "pins">,
  fail: (what: string, advice?: string) => LockFileError,
): Pin {
  if (!isPinName(name)) throw fail("has a name that cannot be used");
  // Nobody damaged what is as it was written.
  const damaged = (what: string) =>
    isAsWritten(raw, place)
      ? fail(`is not understood by this version: ${what}`, NEWER)
      : fail(`is damaged: ${what}`);
  const parsed = v.safeParse(pinSchema, raw);
  if (!parsed.success) throw damaged(describeIssue(parsed.issues[0]));
  const { all, integrity, filter: rawFilter, images, ...rest } = parsed.output;
  const cardinality = all ? "all" : "one";
  let filter: SingleImageFilter;
  try {
    filter = parsePinnedFilter(rawFilter, cardinality, "its filter");
  } catch (error) {
    if (error instanceof FilterError) throw damaged(error.message.replace(/\.$/, ""));
    throw error;
  }
  const pin: Pin = { filter, cardinality, images: images.map(withoutNothing), ...rest };
  // First as it stands: bringing its keys into their order takes longer than all the rest.
  if (!isAsWritten(raw, place) && integrity !== integrityOf(pin, place)) {
    throw fail(
      "does not match its integrity: it was edited by hand, merged badly, or copied from another file. Pins move by workspace-images update, promote and pin, and are renamed by workspace-images rename",
    );
  }
  if (cardinality === "one" && images.length !== 1) throw fail("must have one image");
  return pin;
}

function isAsWritten(raw: unknown, place: Omit<LockFile, "pins">): boolean {
  const { integrity, ...written } = Object(raw) as v.InferInput<typeof pinSchema>;
  return integrity === digest(written, place);
}

/** An image of a file, whose fields the schema has put into their order. */
function withoutNothing(image: object): WorkspaceImage {
  if (Object.values(image).every(isThere)) return image as WorkspaceImage;
  const fields = new Map<string, unknown>(Object.entries(image));
  return pickFields((field) => fields.get(field));
}

/** A lock file as it is written: the same content has one text. */
export function serializeLockFile({ schema, pins, ...place }: LockFile): string {
  const names = [...pins.keys()].sort();
  return format({
    ...(schema !== undefined && { $schema: schema }),
    lockfileVersion: VERSION,
    environment: place.environment,
    region: place.region,
    projectId: place.projectId,
    pins: Object.fromEntries(
      names.map((name) => {
        const pin = pins.get(name)!;
        return [name, { ...pinForFile(pin), integrity: integrityOf(pin, place) }];
      }),
    ),
  });
}

function format(json: unknown): string {
  return `${escapeInvisible(JSON.stringify(json, null, 2))}\n`;
}

function integrityOf(pin: Pin, place: Omit<LockFile, "pins">): string {
  return digest(pinForFile(pin), place);
}

/** It covers where the pin is, too: what is pasted from another environment's file shows. */
function digest(pin: object, { environment, region, projectId }: Omit<LockFile, "pins">): string {
  const covered = JSON.stringify([environment, region, projectId, pin]);
  return `sha256-${createHash("sha256").update(covered).digest("base64")}`;
}

/** A pin with every key in its one order. */
function pinForFile({ filter, cardinality, images, ...rest }: Pin): Record<string, unknown> {
  const { hold, override } = rest;
  const all: Record<string, unknown> = {
    ...rest,
    filter: withOrderedKeys(filter),
    all: cardinality === "all" || undefined,
    images: images.map((image) => pickFields((field) => image[field])),
    hold: hold && { reason: hold.reason, since: hold.since },
    previous: rest.previous?.map(({ ids, names, imageType, until }) => ({
      ids,
      names,
      ...(imageType !== undefined && { imageType }),
      until,
    })),
    override: override && { reason: override.reason, since: override.since },
  };
  const keys = Object.keys(pinSchema.entries).filter((key) => all[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, all[key]]));
}

function describeDuplicate(path: readonly string[]): string {
  const [where, pinName, ...rest] = path;
  const key = JSON.stringify(path.at(-1));
  if (where !== "pins" || path.length === 1) return `has the key ${key} twice`;
  return rest.length > 0
    ? `has the key ${key} twice in pin ${JSON.stringify(pinName)}`
    : `has the pin ${key} twice`;
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (issue.expected === "never") return `unknown key ${path}`;
  return `${path ? `${path}: ` : ""}${issue.received === "undefined" ? "missing" : issue.message.slice(0, 200)}`;
}
