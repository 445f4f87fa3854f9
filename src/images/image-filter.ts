import v = require("valibot");

import { FilterError } from "../errors";
import { compare } from "../text/compare";
import { filterTime } from "../text/time";
import { isToken } from "../text/tokens";
import { compileRegex } from "./regular-expression";
import type { Architecture, DiskFormat, ImageType, OsType } from "./workspace-image";

/** Field that the service can sort by. */
export type SortField = "name" | "created_at";
/** Direction of the order. */
export type SortType = "asc" | "desc";

/** The query parameters of ListImages that choose images. */
export interface ListingQuery {
  /** Operating system type (`os_type`). */
  readonly osType?: OsType | undefined;
  /** Public or private (`image_type`). */
  readonly imageType?: ImageType | undefined;
  /** System type, such as `Windows` (`platform`); no field of the response shows it. */
  readonly platform?: string | undefined;
  /** Architecture (`architecture`). */
  readonly architecture?: Architecture | undefined;
  /** Package series (`package_type`); no field of the response shows it. */
  readonly packageType?: string | undefined;
  /** Image ID (`image_id`). */
  readonly imageId?: string | undefined;
}

/** All query parameters of ListImages. */
export interface ListImagesQuery extends ListingQuery {
  /**
   * Page size, 1 to 100 (`limit`).
   * @default 100
   */
  readonly limit?: number | undefined;
  /**
   * Offset of the first item (`offset`).
   * @default 0
   */
  readonly offset?: number | undefined;
  /**
   * Field to sort by (`sort_field`).
   * @default "name"
   */
  readonly sortField?: SortField | undefined;
  /**
   * Direction of the order, used together with `sortField` (`sort_type`).
   * @default "asc"
   */
  readonly sortType?: SortType | undefined;
}

/** Which images are wanted, and in which order. Every filter that is given must be met. */
export interface ImageFilter extends ListingQuery {
  /** Exact name. */
  readonly name?: string | undefined;
  /** Regular expression (RE2, as in Terraform) that the name must match somewhere; anchor it with `^` and `$`. */
  readonly nameRegex?: string | undefined;
  /** Exact operating system version. */
  readonly osVersion?: string | undefined;
  /** Regular expression (RE2, as in Terraform) that the operating system version must match somewhere. */
  readonly osVersionRegex?: string | undefined;
  /** Disk format. */
  readonly diskFormat?: DiskFormat | undefined;
  /** Product code. */
  readonly productCode?: string | undefined;
  /** The image's least system disk is at most this size, in GB. */
  readonly minDiskAtMost?: number | undefined;
  /** The image's least memory is at most this size, in MB. */
  readonly minRamAtMost?: number | undefined;
  /** Created after this time: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`, UTC. An image without a creation time does not match. */
  readonly createdAfter?: string | undefined;
  /** Created before this time: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`, UTC. An image without a creation time does not match. */
  readonly createdBefore?: string | undefined;
  /**
   * Field that orders the result. Ties are ordered by name, then ID; images without the field come last.
   * @default "name"
   */
  readonly sortField?: SortField | undefined;
  /**
   * Direction of the order.
   * @default "asc"
   */
  readonly sortType?: SortType | undefined;
}

/** Which one image is wanted. */
export interface SingleImageFilter extends ImageFilter {
  /**
   * Where several images match, take the one with the greatest `created_at`. It needs an `imageType`, or
   * `allowAnyImageType`.
   * @default false
   */
  readonly mostRecent?: boolean | undefined;
  /**
   * Lets `mostRecent` choose without an `imageType`. Whoever can add a private image that matches then chooses what the
   * desktops run.
   * @default false
   */
  readonly allowAnyImageType?: boolean | undefined;
}

/** Whether a lookup wants exactly one image, or all that match. */
export type Cardinality = "one" | "all";

const text = v.pipe(v.string(), v.nonEmpty("an empty text matches nothing"), v.maxLength(1024));
const size = v.pipe(v.number(), v.safeInteger("expected a whole number"), v.minValue(0));
const date = v.pipe(
  v.string(),
  v.check(
    (value) => filterTime(value) !== undefined,
    "expected a UTC time such as 2025-01-31 or 2025-01-31T08:00:00Z",
  ),
);
const listingQueryEntries = {
  imageType: v.exactOptional(text),
  osType: v.exactOptional(text),
  platform: v.exactOptional(text),
  architecture: v.exactOptional(text),
  packageType: v.exactOptional(text),
  imageId: v.exactOptional(text),
};

const imageFilterEntries = {
  ...listingQueryEntries,
  name: v.exactOptional(text),
  nameRegex: v.exactOptional(text),
  osVersion: v.exactOptional(text),
  osVersionRegex: v.exactOptional(text),
  diskFormat: v.exactOptional(text),
  productCode: v.exactOptional(text),
  minDiskAtMost: v.exactOptional(size),
  minRamAtMost: v.exactOptional(size),
  createdAfter: v.exactOptional(date),
  createdBefore: v.exactOptional(date),
  sortField: v.exactOptional(v.picklist(["name", "created_at"])),
  sortType: v.exactOptional(v.picklist(["asc", "desc"])),
};

/** Filters that are the same when they are false and when they are left out. */
const SWITCHES: ReadonlySet<string> = new Set(["mostRecent", "allowAnyImageType"]);

/**
 * What a filter may say, by whether one image is asked for or all that match.
 * @internal users need none of the types of the library that checks
 */
export const filterSchemas = {
  all: v.strictObject(imageFilterEntries),
  one: v.strictObject({
    ...imageFilterEntries,
    mostRecent: v.exactOptional(v.boolean()),
    allowAnyImageType: v.exactOptional(v.boolean()),
  }),
};

/**
 * Checks a filter and gives its canonical form: only what was given, keys sorted.
 * @param subject who asks, for errors
 * @throws FilterError if a filter is unknown, malformed or a token, or has `mostRecent` without an image type
 */
export function parseFilter(filter: object, cardinality: Cardinality, subject: string): SingleImageFilter {
  const canonical = parsePinnedFilter(filter, cardinality, subject);
  for (const key of ["nameRegex", "osVersionRegex"] as const) {
    const pattern = canonical[key];
    if (pattern === undefined) continue;
    try {
      compileRegex(pattern);
    } catch (error) {
      throw new FilterError(notValid(subject, key, pattern, (error as Error).message), { cause: error });
    }
  }
  return canonical;
}

/**
 * Like {@link parseFilter}, for a filter that was checked when it was pinned: its regular expressions are not compiled,
 * which takes longer than all the rest.
 */
export function parsePinnedFilter(
  filter: object,
  cardinality: Cardinality,
  subject: string,
): SingleImageFilter {
  const canonical = parseStrictly(filterSchemas[cardinality], filter, subject) as SingleImageFilter;
  if (canonical.mostRecent && canonical.imageType === undefined && !canonical.allowAnyImageType) {
    throw new FilterError(
      `${subject}: mostRecent needs an imageType ("gold" for public images): otherwise anyone who can add a private image chooses what the desktops run. Set imageType, or allowAnyImageType: true if that is meant.`,
    );
  }
  return canonical;
}

/** A filter in the order of keys in which it is written, compared and covered by integrity. */
export function withOrderedKeys<Filter extends object>(filter: Filter): Filter {
  return Object.fromEntries(Object.entries(filter).sort(([a], [b]) => compare(a, b))) as Filter;
}

function parseStrictly<Schema extends v.GenericSchema<object>>(
  schema: Schema,
  input: object,
  subject: string,
): v.InferOutput<Schema> {
  const given = Object.entries(input).filter(
    ([key, value]) => value !== undefined && !(value === false && SWITCHES.has(key)),
  );
  for (const [key, value] of given) {
    if (isToken(value)) {
      throw new FilterError(
        `${subject}: ${key} is a token, a value that is known only when Terraform runs. Images are selected at synth: give a plain value.`,
      );
    }
  }
  const canonical = withOrderedKeys(Object.fromEntries(given));
  const result = v.safeParse(schema, canonical);
  // Not the schema's output, whose keys are in the schema's order.
  if (result.success) return canonical as v.InferOutput<Schema>;
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? "";
  if (issue.type === "strict_object") {
    const known = Object.keys((schema as unknown as { entries: object }).entries).join(", ");
    throw new FilterError(`${subject}: there is no filter ${key}. Known: ${known}.`);
  }
  const problem = issue.kind === "validation" ? issue.message : `expected ${issue.expected}`;
  throw new FilterError(notValid(subject, key, issue.input, problem));
}

function notValid(subject: string, key: string, value: unknown, problem: string): string {
  // A value from a file may be nested too deeply to be written out.
  const shown =
    value !== null && typeof value === "object" ? "(an object)" : JSON.stringify(value)?.slice(0, 120);
  return `${subject}: ${key} ${shown} is not valid: ${problem}.`;
}
