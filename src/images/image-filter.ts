import * as v from "valibot";
import {
  FilterError,
  ListingRequiredError,
  MostRecentError,
  NoMatchError,
  SeveralMatchesError,
} from "../errors";
import type { Architecture, DiskFormat, ImageType, OsType, WorkspaceImage } from "./workspace-image";

/** Field that the service can sort by. */
export type SortField = "name" | "created_at";
/** Direction of the order. */
export type SortType = "asc" | "desc";

/** The query parameters of ListImages that choose images. */
export interface ListingQuery {
  /** Operating system type (`os_type`). */
  readonly osType?: OsType;
  /** Public or private (`image_type`). */
  readonly imageType?: ImageType;
  /** System type, such as `Windows` (`platform`); no field of the response shows it. */
  readonly platform?: string;
  /** Architecture (`architecture`). */
  readonly architecture?: Architecture;
  /** Package series (`package_type`); no field of the response shows it. */
  readonly packageType?: string;
  /** Image ID (`image_id`). */
  readonly imageId?: string;
}

/** All query parameters of ListImages. */
export interface ListImagesQuery extends ListingQuery {
  /**
   * Page size, 1 to 100 (`limit`).
   * @default 100
   */
  readonly limit?: number;
  /**
   * Offset of the first item (`offset`).
   * @default 0
   */
  readonly offset?: number;
  /**
   * Field to sort by (`sort_field`).
   * @default "name"
   */
  readonly sortField?: SortField;
  /**
   * Direction of the order, used together with `sortField` (`sort_type`).
   * @default "asc"
   */
  readonly sortType?: SortType;
}

/** Which images are wanted, and in which order. Every filter that is given must hold. */
export interface ImageFilter extends ListingQuery {
  /** Exact name. */
  readonly name?: string;
  /** Regular expression (JavaScript) that the name must match somewhere; anchor it with `^` and `$`. */
  readonly nameRegex?: string;
  /** Exact operating system version. */
  readonly osVersion?: string;
  /** Regular expression (JavaScript) that the operating system version must match somewhere. */
  readonly osVersionRegex?: string;
  /** Disk format. */
  readonly diskFormat?: DiskFormat;
  /** Product code. */
  readonly productCode?: string;
  /** The image's least system disk is at most this size, in GB. */
  readonly minDiskAtMost?: number;
  /** The image's least memory is at most this size, in MB. */
  readonly minRamAtMost?: number;
  /** Created after this time: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`, UTC. An image without a creation time does not match. */
  readonly createdAfter?: string;
  /** Created before this time: `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ`, UTC. An image without a creation time does not match. */
  readonly createdBefore?: string;
  /**
   * Field that orders the result. Ties are ordered by name, then ID; images without the field come last.
   * @default "name"
   */
  readonly sortField?: SortField;
  /**
   * Direction of the order.
   * @default "asc"
   */
  readonly sortType?: SortType;
}

/** Which one image is wanted. */
export interface SingleImageFilter extends ImageFilter {
  /**
   * Where several images match, take the one with the greatest `created_at`.
   * @default false
   */
  readonly mostRecent?: boolean;
  /**
   * Lets `mostRecent` follow a name without an `imageType`. Whoever can add a private image of a matching name
   * then chooses what the desktops run.
   * @default false
   */
  readonly allowAnyImageType?: boolean;
}

/** Whether a lookup wants exactly one image, or all that match. */
export type Cardinality = "one" | "all";

/** The images that one query selected at the service. */
export interface Listing {
  readonly query: ListingQuery;
  readonly images: readonly WorkspaceImage[];
}

const text = v.pipe(v.string(), v.nonEmpty("an empty text matches nothing"), v.maxLength(1024));
const size = v.pipe(v.number(), v.safeInteger("expected a whole number"), v.minValue(0));
const date = v.pipe(
  v.string(),
  v.check(
    (value) => filterTime(value) !== undefined,
    "expected a UTC time such as 2025-01-31 or 2025-01-31T08:00:00Z",
  ),
);
const regex = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      new RegExp(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
    }
  }),
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
  nameRegex: v.exactOptional(regex),
  osVersion: v.exactOptional(text),
  osVersionRegex: v.exactOptional(regex),
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

const listingQuerySchema = v.strictObject(listingQueryEntries);
const filterSchemas = {
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
 * @throws FilterError if a filter is unknown, malformed or a token, or follows an unscoped name with `mostRecent`
 */
export function parseFilter(filter: object, cardinality: Cardinality, subject: string): SingleImageFilter {
  const canonical = parseStrictly(filterSchemas[cardinality], filter, subject) as SingleImageFilter;
  if (
    canonical.mostRecent &&
    (canonical.name !== undefined || canonical.nameRegex !== undefined) &&
    canonical.imageType === undefined &&
    !canonical.allowAnyImageType
  ) {
    throw new FilterError(
      `${subject}: mostRecent with a name needs an imageType ("gold" for public images): otherwise anyone who can add a private image of that name chooses what the desktops run. Set imageType, or allowAnyImageType: true if that is meant.`,
    );
  }
  return canonical;
}

/**
 * Checks the parameters of a listing and gives their canonical form.
 * @throws FilterError if a parameter is unknown or malformed
 */
export function parseListingQuery(query: object, subject: string): ListingQuery {
  return parseStrictly(listingQuerySchema, query, subject);
}

function parseStrictly<Schema extends v.GenericSchema<object>>(
  schema: Schema,
  input: object,
  subject: string,
): v.InferOutput<Schema> {
  const given = Object.entries(input)
    .filter(([key, value]) => value !== undefined && !(value === false && SWITCHES.has(key)))
    .sort(([a], [b]) => compare(a, b));
  for (const [key, value] of given) {
    if (isToken(value)) {
      throw new FilterError(
        `${subject}: ${key} is a token, a value that is known only when Terraform runs. Images are selected at synth: give a plain value.`,
      );
    }
  }
  const result = v.safeParse(schema, Object.fromEntries(given));
  if (result.success) return result.output as v.InferOutput<Schema>;
  const [issue] = result.issues;
  const key = v.getDotPath(issue) ?? "";
  if (issue.type === "strict_object") {
    const known = Object.keys((schema as unknown as { entries: object }).entries).join(", ");
    throw new FilterError(`${subject}: there is no filter ${key}. Known: ${known}.`);
  }
  // From a file it may be anything, too deep to be written out.
  const value =
    issue.input !== null && typeof issue.input === "object"
      ? "(an object)"
      : JSON.stringify(issue.input)?.slice(0, 120);
  throw new FilterError(
    `${subject}: ${key} ${value} is not valid: ${issue.kind === "validation" ? issue.message : `expected ${issue.expected}`}.`,
  );
}

/**
 * The images of `listings` that a filter selects, in its order.
 * @throws ListingRequiredError if the listings cannot decide
 * @throws NoMatchError, SeveralMatchesError, MostRecentError if not exactly one image is selected where one is wanted;
 * a lookup of all that selects none is not an error
 */
export function selectImages(
  listings: readonly Listing[],
  filter: SingleImageFilter,
  cardinality: Cardinality,
  subject: string,
): WorkspaceImage[] {
  const { listing, matches } = match(listings, filter, subject);
  const ordered = matches.sort(ordering(filter));
  if (cardinality === "all") return ordered;
  const [first] = ordered;
  if (first === undefined) throw new NoMatchError(`${subject}: ${explainNoMatch(listing, filter)}`);
  if (ordered.length === 1) return ordered;
  if (filter.mostRecent) return [mostRecent(ordered, subject)];
  throw new SeveralMatchesError(
    `${subject}: ${ordered.length} images match ${JSON.stringify(filter)}:\n${list(ordered)}\nNarrow the filter, or take the newest with mostRecent: true.`,
  );
}

type Verdict = boolean | "undecided";

interface Criterion {
  readonly key: keyof ImageFilter;
  readonly test: (image: WorkspaceImage) => Verdict;
  readonly actual: (image: WorkspaceImage) => string | number | undefined;
}

const SERVICE_FIELDS = {
  imageType: "imageType",
  osType: "osType",
  architecture: "architecture",
  imageId: "id",
  platform: undefined,
  packageType: undefined,
} as const satisfies Record<keyof ListingQuery, keyof WorkspaceImage | undefined>;
const SERVICE_KEYS = Object.keys(SERVICE_FIELDS) as (keyof ListingQuery)[];
const HIDDEN_KEYS = SERVICE_KEYS.filter((key) => SERVICE_FIELDS[key] === undefined);

/** The part of a filter that the service can decide. */
export function listingQueryOf(filter: ImageFilter): ListingQuery {
  return Object.fromEntries(
    SERVICE_KEYS.filter((key) => filter[key] !== undefined).map((key) => [key, filter[key]]),
  );
}

/** A parameter that the listing was queried with was decided by the service, whether or not the response shows it. */
function criteria(filter: ImageFilter, query: ListingQuery): Criterion[] {
  const result: Criterion[] = [];
  for (const key of SERVICE_KEYS) {
    const wanted = filter[key];
    if (wanted === undefined) continue;
    const field = SERVICE_FIELDS[key];
    const unknown: Verdict = query[key] === wanted || "undecided";
    const actual = (image: WorkspaceImage) => field && image[field];
    result.push({
      key,
      actual,
      test: (image) => (actual(image) === undefined ? unknown : actual(image) === wanted),
    });
  }
  const add = <T extends string | number>(
    key: keyof ImageFilter,
    field: keyof WorkspaceImage,
    holds: (actual: T) => boolean,
  ) => {
    if (filter[key] === undefined) return;
    const actual = (image: WorkspaceImage) => image[field];
    result.push({
      key,
      actual,
      test: (image) => actual(image) !== undefined && holds(actual(image) as T),
    });
  };
  add<string>("diskFormat", "diskFormat", (format) => format === filter.diskFormat);
  add<string>("productCode", "productCode", (code) => code === filter.productCode);
  add<string>("osVersion", "osVersion", (version) => version === filter.osVersion);
  const osVersionRegex = new RegExp(filter.osVersionRegex ?? "");
  add<string>("osVersionRegex", "osVersion", (version) => osVersionRegex.test(version));
  add<number>("minDiskAtMost", "minDisk", (minDisk) => minDisk <= (filter.minDiskAtMost ?? 0));
  add<number>("minRamAtMost", "minRam", (minRam) => minRam <= (filter.minRamAtMost ?? 0));
  const after = filterTime(filter.createdAfter) ?? 0;
  add<string>("createdAfter", "createdAt", (createdAt) => (creationTime(createdAt) ?? after) > after);
  const before = filterTime(filter.createdBefore) ?? 0;
  add<string>("createdBefore", "createdAt", (createdAt) => (creationTime(createdAt) ?? before) < before);
  add<string>("name", "name", (name) => name === filter.name);
  const nameRegex = new RegExp(filter.nameRegex ?? "");
  add<string>("nameRegex", "name", (name) => nameRegex.test(name));
  return result;
}

/** Matches in the narrowest listing that can decide every image. */
function match(
  listings: readonly Listing[],
  filter: ImageFilter,
  subject: string,
): { listing: Listing; matches: WorkspaceImage[] } {
  const usable = listings
    .filter(({ query }) =>
      SERVICE_KEYS.every((key) => query[key] === undefined || query[key] === filter[key]),
    )
    .sort((a, b) => Object.keys(b.query).length - Object.keys(a.query).length);
  let required: ListingRequiredError | undefined;
  for (const listing of usable) {
    const tests = criteria(filter, listing.query);
    const matches: WorkspaceImage[] = [];
    const undecided = new Set<keyof ListingQuery>();
    let example: WorkspaceImage | undefined;
    for (const image of listing.images) {
      const open: (keyof ListingQuery)[] = [];
      const failed = tests.some(({ key, test }) => {
        const verdict = test(image);
        if (verdict === "undecided") open.push(key as keyof ListingQuery);
        return verdict === false;
      });
      if (failed) continue;
      if (open.length === 0) matches.push(image);
      else example ??= image;
      for (const key of open) undecided.add(key);
    }
    for (const key of HIDDEN_KEYS) {
      if (filter[key] !== undefined && listing.query[key] === undefined) undecided.add(key);
    }
    if (undecided.size === 0) return { listing, matches };
    required ??= listingRequired(listings, filter, listing.query, [...undecided], example, subject);
  }
  const hidden = HIDDEN_KEYS.filter((key) => filter[key] !== undefined);
  throw required ?? listingRequired(listings, filter, {}, hidden, undefined, subject);
}

function listingRequired(
  listings: readonly Listing[],
  filter: ImageFilter,
  query: ListingQuery,
  undecided: (keyof ListingQuery)[],
  example: WorkspaceImage | undefined,
  subject: string,
): ListingRequiredError {
  const entry = Object.fromEntries(
    Object.entries(listingQueryOf(filter)).filter(
      ([key]) => key in query || undecided.includes(key as keyof ListingQuery),
    ),
  );
  const why =
    undecided.length === 0
      ? "no prefetched listing covers this filter"
      : undecided.some((key) => SERVICE_FIELDS[key] === undefined) || !example
        ? `only the service can decide ${undecided.join(" and ")}: no field of its response shows it`
        : `only the service can decide ${undecided.join(" and ")} of ${describeImage(example)}, whose response lacks it`;
  return new ListingRequiredError(
    `${subject}: ${why}. Set the option of WorkspaceImageCatalog.prefetch to listings: ${JSON.stringify([...listings.map((listing) => listing.query), entry])}.`,
    entry,
  );
}

function ordering({ sortField, sortType }: ImageFilter): (a: WorkspaceImage, b: WorkspaceImage) => number {
  const key =
    sortField === "created_at" ? ({ createdAt }: WorkspaceImage) => creationTime(createdAt) : nameOf;
  const direction = sortType === "desc" ? -1 : 1;
  return (a, b) => {
    const [keyA, keyB] = [key(a), key(b)];
    if (keyA !== keyB) {
      if (keyA === undefined) return 1;
      if (keyB === undefined) return -1;
      return direction * compare(keyA, keyB);
    }
    return compare(a.name ?? "", b.name ?? "") || compare(a.id, b.id);
  };
}

function nameOf({ name }: WorkspaceImage): string | undefined {
  return name;
}

function mostRecent(candidates: readonly WorkspaceImage[], subject: string): WorkspaceImage {
  const undated = candidates.filter(({ createdAt }) => creationTime(createdAt) === undefined);
  if (undated.length > 0) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide, because ${undated.length} of ${candidates.length} candidates have no creation time:\n${list(undated)}\nNarrow the filter, for example with createdAfter, which leaves them out.`,
    );
  }
  const time = ({ createdAt }: WorkspaceImage) => creationTime(createdAt) ?? 0;
  const newest = Math.max(...candidates.map(time));
  const tied = candidates.filter((image) => time(image) === newest);
  if (tied.length > 1) {
    throw new MostRecentError(
      `${subject}: mostRecent cannot decide between ${tied.length} images created at the same time:\n${list(tied)}\nNarrow the filter.`,
    );
  }
  return tied[0]!;
}

function explainNoMatch({ query, images }: Listing, filter: ImageFilter): string {
  if (images.length === 0)
    return `the listing ${JSON.stringify(query)} is empty: no image can be selected there.`;
  const tests = criteria(filter, query);
  const steps: string[] = [];
  let left = [...images];
  for (const { key, test } of tests) {
    left = left.filter((image) => test(image) !== false);
    steps.push(`${key} ${JSON.stringify(filter[key])} leaves ${left.length || "none"}`);
    if (left.length === 0) break;
  }
  const failures = images
    .map((image) => ({ image, failed: tests.filter(({ test }) => test(image) === false) }))
    .sort((a, b) => a.failed.length - b.failed.length || ordering({})(a.image, b.image));
  const fewest = failures[0]?.failed.length;
  const nearest = failures
    .filter(({ failed }) => failed.length === fewest)
    .slice(0, 3)
    .map(({ image, failed }) => {
      const reasons = failed.map(
        ({ key, actual }) => `${key}: it has ${JSON.stringify(actual(image)) ?? "none"}`,
      );
      return `  ${describeImage(image)} fails ${reasons.join(", ")}`;
    });
  return `no image matches. Of ${images.length} listed, ${steps.join(", ")}. Nearest:\n${nearest.join("\n")}`;
}

function list(images: readonly WorkspaceImage[]): string {
  const lines = images.slice(0, 10).map((image) => `  ${describeImage(image)}`);
  if (images.length > 10) lines.push(`  and ${images.length - 10} more`);
  return lines.join("\n");
}

/** An image in one line: name, ID, type and creation time. */
export function describeImage({ id, name, imageType, createdAt }: WorkspaceImage): string {
  const details = [id, imageType, createdAt && `created ${createdAt}`].filter(Boolean).join(", ");
  return `${name ?? "unnamed"} (${details})`;
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A time in a filter, in ms since the epoch: strictly UTC, so that no machine's time zone changes a selection. */
function filterTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?$/.test(text) ? utcTime(text) : undefined;
}

/** `created_at` of an image in ms since the epoch; the service means UTC where it names no zone. */
function creationTime(text: string | undefined): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/.exec(
    text ?? "",
  );
  return parts?.[1] ? utcTime(`${parts[1]}T${parts[2] ?? "00:00"}${parts[3] ?? "Z"}`) : undefined;
}

function utcTime(text: string): number | undefined {
  const day = text.slice(0, 10);
  const time = Date.parse(text);
  // Date.parse carries 30 February over into March.
  return Number.isNaN(time) || !new Date(Date.parse(day)).toISOString().startsWith(day) ? undefined : time;
}

/** Whether a value is known only when Terraform runs, in any form in which a CDK hands one: text, number, list, object. */
export function isToken(value: unknown): boolean {
  if (typeof value === "string") return /[$#&]\{TfToken\[/.test(value);
  if (typeof value === "number") return value < -1e280;
  // A list that is not known yet is an array of one text.
  if (Array.isArray(value)) return !Array.isArray(value[0]) && isToken(value[0]);
  return typeof value === "object" && value !== null && "resolve" in value;
}
