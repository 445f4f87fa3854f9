import { createHash } from "node:crypto";
import { compare } from "../text/compare";
import { printable } from "../text/printable";
import { creationTime } from "../text/time";

/** Longest text accepted in a field of an image, in characters: bounds the work of a user's regular expression. */
export const MAX_TEXT = 1024;

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

/** An image as it was listed. */
export interface ListedImage extends WorkspaceImage {
  /**
   * What is wrong with fields that are not of their documented type, and therefore left out. No lookup selects such an
   * image: what else it says may be wrong, too.
   */
  readonly oddities?: Readonly<Partial<Record<keyof WorkspaceImage, string>>>;
}

/** A field that the service documents for every image. */
export type DocumentedImageField =
  | "id"
  | "name"
  | "imageType"
  | "osType"
  | "osVersion"
  | "diskFormat"
  | "minRam"
  | "minDisk";

/** What the project knows of a field of an image. */
interface ImageField<Name> {
  /** Its name in the service's response. */
  readonly info: string;
  readonly kind: keyof typeof KINDS;
  /** Whether the service documents it for every image. */
  readonly isDocumented: Name extends DocumentedImageField ? true : false;
}

// What is wrong is said without the value, which may be long or hold control characters.
const TEXT = {
  expected: `it must be a text of at most ${MAX_TEXT} characters`,
  accepts: (value: unknown) => typeof value === "string" && value.length <= MAX_TEXT,
  isSame: (a: unknown, b: unknown) => a === b,
};

/** Kinds of fields: what is accepted, and when two values are the same. */
const KINDS = {
  text: TEXT,
  id: {
    ...TEXT,
    expected: `it must be a text of at most ${MAX_TEXT} visible characters`,
    accepts: (value: unknown) =>
      TEXT.accepts(value) &&
      /^[^\s\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]+$/u.test(value as string),
  },
  count: {
    expected: "it must be a whole number, 0 or more",
    accepts: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0,
    isSame: TEXT.isSame,
  },
  /** However an instant is spelled, it is the same one. */
  time: {
    ...TEXT,
    expected: "it must be a time, such as 2025-09-09T02:30:00Z",
    accepts: (value: unknown) => typeof value === "string" && creationTime(value) !== undefined,
    isSame: (a: unknown, b: unknown) => {
      const [one, other] = [a, b].map((value) =>
        typeof value === "string" ? creationTime(value) : undefined,
      );
      return a === b || (one !== undefined && one === other);
    },
  },
};

/** Whether something may be the ID of an image. */
export function isImageId(value: unknown): boolean {
  return KINDS.id.accepts(value);
}

/** Every field of an image, in the order in which files have them. */
export const IMAGE_FIELDS = {
  id: { info: "id", kind: "id", isDocumented: true },
  name: { info: "name", kind: "text", isDocumented: true },
  imageType: { info: "image_type", kind: "text", isDocumented: true },
  osType: { info: "os_type", kind: "text", isDocumented: true },
  osVersion: { info: "os_version", kind: "text", isDocumented: true },
  architecture: { info: "architecture", kind: "text", isDocumented: false },
  diskFormat: { info: "disk_format", kind: "text", isDocumented: true },
  minRam: { info: "min_ram", kind: "count", isDocumented: true },
  minDisk: { info: "min_disk", kind: "count", isDocumented: true },
  productCode: { info: "product_code", kind: "text", isDocumented: false },
  createdAt: { info: "created_at", kind: "time", isDocumented: false },
  kmsId: { info: "kms_id", kind: "text", isDocumented: false },
} as const satisfies { [Name in keyof WorkspaceImage]-?: ImageField<Name> };

/** The names of all fields, in their order. */
export const FIELD_NAMES = Object.keys(IMAGE_FIELDS) as readonly (keyof WorkspaceImage)[];

const CHECKED_FIELDS = FIELD_NAMES.map((name) => {
  const { info, kind } = IMAGE_FIELDS[name];
  return { name, info, ...KINDS[kind] };
});
type CheckedField = (typeof CHECKED_FIELDS)[number];

/** Whether a field has a value: the service also writes an empty text or null for nothing. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** An image with the fields that have a value, in their order. */
export function pickFields(get: (field: keyof WorkspaceImage) => unknown): WorkspaceImage {
  return withOddities(({ name }) => get(name), false);
}

/**
 * Reads one `ImageInfo` of a response. Unknown fields are ignored; what is missing, null or empty is left out; what is
 * of another type than documented is left out and noted in `oddities`. Without a usable ID, it gets a mark in its place,
 * which is always the same for the same image.
 */
export function parseImageInfo(raw: unknown): ListedImage {
  const isObject = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  const info = (isObject ? raw : {}) as Readonly<Record<string, unknown>>;
  const image = withOddities((field) => info[field.info]);
  if (image.id !== undefined) return image;
  const oddity = isObject ? (image.oddities?.id ?? "id is missing") : "it is no JSON object";
  return withOddId({ ...image, id: `without a usable ID, ${digest(info)}` }, oddity);
}

/** An image that cannot be told from others, or is none. */
export function withOddId(image: ListedImage, oddity: string): ListedImage {
  return { ...image, oddities: { ...image.oddities, id: oddity } };
}

/** Of what may be nested deeply, the type must do. */
function digest(info: Readonly<Record<string, unknown>>): string {
  const values = FIELD_NAMES.map((field) => {
    const value = info[IMAGE_FIELDS[field].info];
    return typeof value === "object" ? typeof value : value;
  });
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 12);
}

/** An image of {@link WorkspaceImage}'s fields in any form, as if it had been listed. */
export function normalizeImage(image: WorkspaceImage): ListedImage {
  return withOddities(({ name }) => image[name]);
}

/** Written for speed: a listing has thousands of images. */
function withOddities(get: (field: CheckedField) => unknown, isChecked = true): ListedImage {
  const image: Partial<Record<keyof WorkspaceImage, unknown>> = {};
  let oddities: Partial<Record<keyof WorkspaceImage, string>> | undefined;
  for (const field of CHECKED_FIELDS) {
    const { name, info, accepts, expected } = field;
    const value = get(field);
    if (!isThere(value)) continue;
    if (!isChecked || accepts(value)) image[name] = value;
    else oddities = { ...oddities, [name]: `${info} is wrong: ${expected}` };
  }
  return (oddities ? { ...image, oddities } : image) as unknown as ListedImage;
}

/** The order of two images by name, then ID. */
export function compareNames(a: WorkspaceImage, b: WorkspaceImage): number {
  return compare(a.name ?? "", b.name ?? "") || compare(a.id, b.id);
}

/** The fields in which two images differ, such as `minDisk 80 → 100`. */
export function differences(before: WorkspaceImage, after: ListedImage): string[] {
  return FIELD_NAMES.filter((field) => {
    return (
      after.oddities?.[field] !== undefined ||
      !KINDS[IMAGE_FIELDS[field].kind].isSame(before[field], after[field])
    );
  }).map((field) => {
    const now =
      after.oddities?.[field] === undefined
        ? (after[field] ?? "none")
        : `unreadable (${after.oddities[field]})`;
    return printable(`${field} ${before[field] ?? "none"} → ${now}`);
  });
}
