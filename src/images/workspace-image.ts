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

/** What the project knows of a field of an image. */
interface ImageField {
  /** Its name in the service's response. */
  readonly info: string;
  readonly kind: "text" | "count";
  /** Whether the service documents it for every image. */
  readonly isDocumented: boolean;
}

/** Every field of an image, in the order in which files have them. */
export const IMAGE_FIELDS = {
  id: { info: "id", kind: "text", isDocumented: true },
  name: { info: "name", kind: "text", isDocumented: true },
  imageType: { info: "image_type", kind: "text", isDocumented: true },
  osType: { info: "os_type", kind: "text", isDocumented: true },
  osVersion: { info: "os_version", kind: "text", isDocumented: true },
  architecture: { info: "architecture", kind: "text", isDocumented: false },
  diskFormat: { info: "disk_format", kind: "text", isDocumented: true },
  minRam: { info: "min_ram", kind: "count", isDocumented: true },
  minDisk: { info: "min_disk", kind: "count", isDocumented: true },
  productCode: { info: "product_code", kind: "text", isDocumented: false },
  createdAt: { info: "created_at", kind: "text", isDocumented: false },
  kmsId: { info: "kms_id", kind: "text", isDocumented: false },
} as const satisfies Record<keyof WorkspaceImage, ImageField>;

/** The names of all fields, in their order. */
export const FIELD_NAMES = Object.keys(IMAGE_FIELDS) as readonly (keyof WorkspaceImage)[];

// What is wrong is said without the value, which may be long or hold control characters.
const TEXT = `it must be a text of at most ${MAX_TEXT} characters`;
const COUNT = "it must be a whole number, 0 or more";
const text = v.pipe(v.string(TEXT), v.maxLength(MAX_TEXT, TEXT));
const count = v.pipe(v.number(COUNT), v.safeInteger(COUNT), v.minValue(0, COUNT));
const id = v.pipe(v.string(TEXT), v.nonEmpty("it must not be empty"), v.maxLength(MAX_TEXT, TEXT));
const kinds = { text, count };

/**
 * A {@link WorkspaceImage} in a file; its keys are in the order in which they are written.
 * @internal users need none of the types of the library that checks
 */
export const workspaceImageSchema = v.strictObject({
  ...Object.fromEntries(
    FIELD_NAMES.map((field) => [field, v.exactOptional(kinds[IMAGE_FIELDS[field].kind])]),
  ),
  id,
});

const imageInfoSchema = v.object({
  ...Object.fromEntries(
    FIELD_NAMES.map((field) => [IMAGE_FIELDS[field].info, v.nullish(kinds[IMAGE_FIELDS[field].kind])]),
  ),
  id,
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
  const info: Readonly<Record<string, unknown>> = result.output;
  return pickFields((field) => info[IMAGE_FIELDS[field].info]);
}

/** An image with the fields that have a value, in their order. */
export function pickFields(get: (field: keyof WorkspaceImage) => unknown): WorkspaceImage {
  const fields = FIELD_NAMES.map((field) => [field, get(field)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value != null)) as unknown as WorkspaceImage;
}

/** The fields in which two images differ, such as `minDisk 80 → 100`. */
export function differences(before: WorkspaceImage, after: WorkspaceImage): string[] {
  return FIELD_NAMES.filter((field) => before[field] !== after[field]).map(
    (field) => `${field} ${before[field] ?? "none"} → ${after[field] ?? "none"}`,
  );
}
