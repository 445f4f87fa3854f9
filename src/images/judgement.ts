import { creationTime, filterTime } from "../text/time";
import type { ImageFilter, ListingQuery, SingleImageFilter } from "./image-filter";
import { compileRegex } from "./regular-expression";
import type { WorkspaceImage } from "./workspace-image";

/** Whether an image meets a criterion; `unknown` where its description does not say. */
export type Verdict = "met" | "unmet" | "unknown";

/** What one criterion of a filter says of one image. */
export interface Judgement {
  /** The criterion. */
  readonly key: JudgedKey;
  readonly verdict: Verdict;
  /** The value in the filter. */
  readonly wanted: string | number;
  /** The image's value, undefined where it has none or where no field shows it. */
  readonly actual: string | number | undefined;
}

/** A filter's key and value, ready to judge many images. */
export interface Criterion {
  readonly key: JudgedKey;
  judge(image: WorkspaceImage): Judgement;
}

/** Filters that are judged; the others choose among the images that meet these. */
export type JudgedKey = Exclude<keyof ImageFilter, "sortField" | "sortType">;

type Rule = (wanted: never) => (actual: never) => Verdict | boolean;

/** The image's field that a filter is about, and how the two are compared; no field shows what has none. */
const CRITERIA: Record<JudgedKey, { readonly field?: keyof WorkspaceImage; readonly rule: Rule }> = {
  imageType: { field: "imageType", rule: serviceValue("gold", "private") },
  osType: { field: "osType", rule: serviceValue("Linux", "Windows", "Other") },
  architecture: { field: "architecture", rule: serviceValue("arm", "x86") },
  imageId: { field: "id", rule: equal },
  platform: { rule: unknown },
  packageType: { rule: unknown },
  diskFormat: { field: "diskFormat", rule: equal },
  productCode: { field: "productCode", rule: equal },
  osVersion: { field: "osVersion", rule: equal },
  osVersionRegex: { field: "osVersion", rule: compileRegex },
  minDiskAtMost: { field: "minDisk", rule: atMost },
  minRamAtMost: { field: "minRam", rule: atMost },
  createdAfter: { field: "createdAt", rule: after },
  createdBefore: { field: "createdAt", rule: before },
  name: { field: "name", rule: equal },
  nameRegex: { field: "name", rule: compileRegex },
};

/** The parameters of a listing, which the service can decide. */
export const SERVICE_KEYS = [
  "imageType",
  "osType",
  "architecture",
  "imageId",
  "platform",
  "packageType",
] as const satisfies readonly (keyof ListingQuery)[];

/** The parameters that no field of the response shows. */
export const HIDDEN_KEYS = SERVICE_KEYS.filter((key) => CRITERIA[key].field === undefined);

/**
 * What each criterion of a filter says of one image, without a listing. `mostRecent` and the order are not judged,
 * because they compare images. Unknown are `platform` and `packageType`, a field that the image lacks, a time that
 * cannot be read, and a value that the service does not document, which it may count as the wanted one (`windows`
 * as `Windows`).
 */
export function judge(filter: SingleImageFilter, image: WorkspaceImage): Judgement[] {
  return criteriaOf(filter).map((criterion) => criterion.judge(image));
}

/** The criteria of a filter, always in the same order. */
export function criteriaOf(filter: ImageFilter): Criterion[] {
  return (Object.keys(CRITERIA) as JudgedKey[]).flatMap((key) => {
    const wanted = filter[key];
    if (wanted === undefined) return [];
    const { field, rule } = CRITERIA[key];
    const compare = rule(wanted as never);
    return {
      key,
      judge(image) {
        const actual = field && image[field];
        const verdict = actual === undefined ? "unknown" : compare(actual as never);
        return {
          key,
          verdict: typeof verdict === "string" ? verdict : verdict ? "met" : "unmet",
          wanted,
          actual,
        };
      },
    };
  });
}

/** The image's field that a criterion is about; undefined where no field shows it. */
export function fieldOf(key: JudgedKey): keyof WorkspaceImage | undefined {
  return CRITERIA[key].field;
}

/** What the service filters by: only where it documents another value is that one surely not what is wanted. */
function serviceValue(...documented: readonly string[]) {
  return (wanted: string) => (actual: string) => {
    if (actual === wanted) return true;
    return !isOtherCase(actual, wanted) && documented.includes(actual) ? "unmet" : "unknown";
  };
}

/** Whether two values are the same but for upper and lower case. */
export function isOtherCase(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function unknown() {
  return (): Verdict => "unknown";
}

function equal(wanted: string) {
  return (actual: string) => actual === wanted;
}

function atMost(wanted: number) {
  return (actual: number) => actual <= wanted;
}

function after(wanted: string) {
  const time = filterTime(wanted) ?? Number.NaN;
  return (actual: string) => creationVerdict(actual, (created) => created > time);
}

function before(wanted: string) {
  const time = filterTime(wanted) ?? Number.NaN;
  return (actual: string) => creationVerdict(actual, (created) => created < time);
}

function creationVerdict(actual: string, holds: (created: number) => boolean): Verdict | boolean {
  const created = creationTime(actual);
  return created === undefined ? "unknown" : holds(created);
}
