import * as v from "valibot";
import { ResponseError } from "../errors";
import { oneLine } from "../text/printable";

/** Longest text accepted in a field of an image, in characters: bounds the work of a user's regular expression. */
const MAX_TEXT = 1024;

/** A value the service documents, or one it adds later. */
export type OpenUnion<Known extends string> = Known | (string & Record<never, never>);

/** `gold` is a public image, `private` a private one. */
export type ImageType = OpenUnion<"gold" | "private">;
/** Type of the operating system. */
export type OsType = OpenUnion<"Windows" | "Linux" | "Other">;
/** Processor architecture. */
export type Architecture = OpenUnion<"x86" | "arm">;
/** Format of the image's disk. */
export type DiskFormat = OpenUnion<"vhd" | "raw" | "qcow2" | "zvhd2">;

/**
 * An image as Workspace's ListImages describes it (`ImageInfo`). The service may leave out any field except `id`.
 */
export interface WorkspaceImage {
  /** Image ID, unique in its region (`id`). */
  readonly id: string;
  /** Image name (`name`). */
  readonly name?: string;
  /** Public or private (`image_type`). */
  readonly imageType?: ImageType;
  /** Operating system type (`os_type`). */
  readonly osType?: OsType;
  /** Exact operating system version (`os_version`). */
  readonly osVersion?: string;
  /** Architecture (`architecture`). */
  readonly architecture?: Architecture;
  /** Disk format (`disk_format`). */
  readonly diskFormat?: DiskFormat;
  /** Least memory in MB, usually 0 (`min_ram`). */
  readonly minRam?: number;
  /** Least system disk in GB, 40 to 1024 (`min_disk`). */
  readonly minDisk?: number;
  /** Product code (`product_code`). */
  readonly productCode?: string;
  /** Creation time, UTC, as the service spells it (`created_at`). */
  readonly createdAt?: string;
  /** ID of the KMS key that encrypts the image (`kms_id`). */
  readonly kmsId?: string;
}

const lockedText = v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_TEXT)));
const lockedCount = v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)));

/** A {@link WorkspaceImage} in a file; its keys are in the order in which they are written. */
export const workspaceImageSchema = v.strictObject({
  id: v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_TEXT)),
  name: lockedText,
  imageType: lockedText,
  osType: lockedText,
  osVersion: lockedText,
  architecture: lockedText,
  diskFormat: lockedText,
  minRam: lockedCount,
  minDisk: lockedCount,
  productCode: lockedText,
  createdAt: lockedText,
  kmsId: lockedText,
});

// What is wrong is said without the value, which may be long or hold control characters.
const TEXT = `it must be a text of at most ${MAX_TEXT} characters`;
const COUNT = "it must be a whole number, 0 or more";
const text = v.nullish(v.pipe(v.string(TEXT), v.maxLength(MAX_TEXT, TEXT)));
const count = v.nullish(v.pipe(v.number(COUNT), v.safeInteger(COUNT), v.minValue(0, COUNT)));

const imageInfoSchema = v.object({
  id: v.pipe(v.string(TEXT), v.nonEmpty("it must not be empty"), v.maxLength(MAX_TEXT, TEXT)),
  name: text,
  image_type: text,
  os_type: text,
  os_version: text,
  architecture: text,
  disk_format: text,
  min_ram: count,
  min_disk: count,
  product_code: text,
  created_at: text,
  kms_id: text,
});

/**
 * Reads one `ImageInfo` of a response. Unknown fields are ignored; a field that is missing or null is left out.
 * @throws ResponseError if a field has the wrong type, naming the image and the field
 */
export function parseImageInfo(raw: unknown, requestId?: string): WorkspaceImage {
  const result = v.safeParse(imageInfoSchema, raw);
  if (!result.success) {
    const [issue] = result.issues;
    const id = (raw as { id?: unknown } | null)?.id;
    const isNamed = typeof id === "string" && id !== "";
    const image = isNamed ? `the image "${oneLine(id, 64)}"` : "an image without a usable id";
    const field = v.getDotPath(issue);
    throw new ResponseError(
      field === null
        ? "The listing has an image that is no JSON object."
        : `The listing has ${image} whose field ${field} is wrong: ${issue.received === "undefined" ? "it is missing" : issue.message}.`,
      requestId,
    );
  }
  const info = result.output;
  return compact({
    id: info.id,
    name: info.name,
    imageType: info.image_type,
    osType: info.os_type,
    osVersion: info.os_version,
    architecture: info.architecture,
    diskFormat: info.disk_format,
    minRam: info.min_ram,
    minDisk: info.min_disk,
    productCode: info.product_code,
    createdAt: info.created_at,
    kmsId: info.kms_id,
  });
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: NonNullable<T[K]>;
};

function compact<T extends object>(object: T): Compact<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value != null)) as Compact<T>;
}
