import type { DesktopFinding } from "../errors";
import type { WorkspaceImage } from "../images/workspace-image";
import type { Pin } from "../pins/pin";
import { compare } from "../text/compare";
import { printable } from "../text/printable";
import { imageIdsOf, isExpression, type ResourceKind, resourceKind, valuesAt } from "./resource-kinds";
import type { Check, SkippedChecks } from "./skipped-checks";
import { resourcesOf, type SynthesizedResource, type SynthesizedStack } from "./synthesized-stacks";

/** A lookup that was answered in this run. */
export interface AnsweredLookup {
  readonly environment: string;
  readonly pinName: string;
  /** Construct path. */
  readonly path: string;
  readonly images: readonly WorkspaceImage[];
  readonly checks?: SkippedChecks | undefined;
  /** Whether it stands outside of every stack, for all of them. */
  readonly isShared?: boolean;
}

/** What the resources of stacks are held against. */
export interface CheckContext {
  readonly lookups: readonly AnsweredLookup[];
  /** Pins by name, of every environment that was read. */
  readonly pins: ReadonlyMap<string, ReadonlyMap<string, Pick<Pin, "images">>>;
}

/** What was found, in the order of construct paths. */
export interface Findings {
  readonly errors: readonly DesktopFinding[];
  readonly warnings: readonly DesktopFinding[];
}

/** Where an image ID is known from. */
interface KnownImage {
  readonly environment: string;
  readonly pinName: string;
  readonly image: WorkspaceImage;
  readonly lookup?: AnsweredLookup;
}

/** One resource with one image of it. */
interface ImageUse {
  readonly kind: ResourceKind;
  readonly attributes: SynthesizedResource["attributes"];
  readonly image: WorkspaceImage;
  /** The image and its pin, for people. */
  readonly subject: string;
}

/** What is wrong with a resource, which the check can be skipped for. */
interface Breach extends Pick<DesktopFinding, "problem" | "advice"> {
  readonly check: Check;
}

/**
 * Holds the resources of synthesized stacks against the images that they are built from.
 * What Terraform has yet to evaluate is left alone.
 */
export function checkStacks(stacks: readonly SynthesizedStack[], context: CheckContext): Findings {
  const known = knownImages(context);
  const errors: DesktopFinding[] = [];
  const warnings: DesktopFinding[] = [];
  const homes = new Map(context.lookups.map((lookup) => [lookup, homeOf(lookup, stacks)]));
  for (const stack of stacks) {
    // A lookup of an outer stack counts for the stacks within it, too.
    const lookups = new Set(
      context.lookups.filter((lookup) => isWithin(stack.path, homes.get(lookup) ?? "no stack")),
    );
    const shared = lookups.size > 0 ? context.lookups.filter(({ isShared }) => isShared) : [];
    const own = new Set([...lookups, ...shared].map(({ environment }) => environment));
    for (const resource of resourcesOf(stack)) {
      const kind = resourceKind(resource.type);
      if (!kind) continue;
      const { address, path = address, attributes } = resource;
      const where = { stack: stack.name, path, address };
      for (const id of imageIdsOf(kind, attributes)) {
        const everywhere = known.get(id) ?? [];
        const here = nearest(everywhere, own, lookups);
        const skipped = new Set(
          (here.length > 0 ? here : everywhere).flatMap(({ lookup }) => lookup?.checks?.skip ?? []),
        );
        if (here.length > 0) {
          const use = useOf(kind, attributes, here);
          if (!use) continue;
          for (const breach of breachesIn(use)) {
            if (!skipped.has(breach.check)) errors.push({ ...where, ...breach });
          }
        } else if (everywhere.length > 0) {
          if (!skipped.has("environment")) errors.push({ ...where, ...foreign(everywhere, own) });
        } else if (own.size > 0) {
          warnings.push({ ...where, ...unknown(kind, id) });
        }
      }
    }
  }
  return { errors: sorted(errors), warnings: sorted(warnings) };
}

/** Path of the innermost stack that a lookup stands in; undefined outside of every stack. */
function homeOf({ path }: AnsweredLookup, stacks: readonly SynthesizedStack[]): string | undefined {
  const around = stacks.map((stack) => stack.path).filter((stack) => isWithin(path, stack));
  return around.sort((a, b) => b.length - a.length)[0];
}

/** What is known of an image in the stack itself, else in its environments; in all where it has none. */
function nearest(
  known: readonly KnownImage[],
  own: ReadonlySet<string>,
  lookups: ReadonlySet<AnsweredLookup>,
): readonly KnownImage[] {
  if (own.size === 0) return known;
  const inStack = known.filter(({ lookup }) => lookup && lookups.has(lookup));
  return inStack.length > 0 ? inStack : known.filter(({ environment }) => own.has(environment));
}

/** The use of an image that was looked up; undefined where only a pin has it. */
function useOf(
  kind: ResourceKind,
  attributes: ImageUse["attributes"],
  known: readonly KnownImage[],
): ImageUse | undefined {
  const found = known.find(({ lookup }) => lookup);
  if (!found) return undefined;
  const { image, pinName, environment } = found;
  return {
    kind,
    attributes,
    image,
    subject: `${printable(image.name ?? image.id)} (pin "${pinName}" of "${environment}")`,
  };
}

function* breachesIn(use: ImageUse): Generator<Breach> {
  yield* checkDisk(use);
  yield* checkImageType(use);
  yield* checkUserGroup(use);
  yield* checkProducts(use);
  yield* checkName(use);
}

function* checkDisk({ kind, attributes, image, subject }: ImageUse): Generator<Breach> {
  if (!kind.disk) return;
  const { attribute, range } = kind.disk;
  const [least, most] = range ?? [0, Number.POSITIVE_INFINITY];
  const needed = Math.max(least, image.minDisk ?? 0);
  for (const value of valuesAt(attributes, attribute)) {
    const size = numberOf(value);
    if (size === undefined || (size >= needed && size <= most)) continue;
    const isTooSmallForImage = size < (image.minDisk ?? 0);
    yield {
      check: "disk",
      problem: isTooSmallForImage
        ? `${attribute} is ${size} GB, and ${subject} needs ${image.minDisk}.`
        : `${attribute} is ${size} GB; documented for a ${kind.noun[0]} are ${least} to ${most}.`,
      advice: `Write a number from ${needed}${range ? ` to ${most}` : ""}, with room for the images to come.`,
    };
  }
}

function* checkImageType({ kind, attributes, image, subject }: ImageUse): Generator<Breach> {
  const fitting = kind.imageTypes?.[image.imageType as "gold" | "private"];
  if (!kind.imageType || !Array.isArray(fitting)) return;
  for (const type of valuesAt(attributes, kind.imageType)) {
    if (typeof type !== "string" || isExpression(type) || fitting.includes(type)) continue;
    yield {
      check: "imageType",
      problem: `${kind.imageType} is ${JSON.stringify(type)}, and ${subject} is listed as ${image.imageType}.`,
      advice: `Use ${fitting.map((value) => `"${value}"`).join(" or ")}: of a resource that exists, what it was created with.`,
    };
  }
}

const USER_GROUPS: Readonly<Record<string, readonly string[]>> = {
  Linux: ["sudo", "default"],
  Windows: ["administrators", "users"],
};

function* checkUserGroup({ kind, attributes, image, subject }: ImageUse): Generator<Breach> {
  const fitting = USER_GROUPS[image.osType ?? ""];
  if (!kind.userGroup || !fitting) return;
  const others = Object.values(USER_GROUPS).flat();
  for (const group of valuesAt(attributes, kind.userGroup)) {
    if (typeof group !== "string" || fitting.includes(group) || !others.includes(group)) continue;
    yield {
      check: "userGroup",
      problem: `${kind.userGroup} is "${group}", and ${subject} is ${image.osType}.`,
      advice: `Use ${fitting.map((value) => `"${value}"`).join(" or ")}.`,
    };
  }
}

function* checkProducts({ kind, attributes, subject }: ImageUse): Generator<Breach> {
  if (!kind.products || !kind.imageType) return;
  if (!valuesAt(attributes, kind.imageType).includes("gold")) return;
  const missing = kind.products.filter((product) => !valuesAt(attributes, product).some(Boolean));
  if (missing.length === 0) return;
  yield {
    check: "product",
    problem: `image_type is "gold", and ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing.`,
    advice: `Set what the market names for the image; it is ${subject}.`,
  };
}

function* checkName({ kind, attributes }: ImageUse): Generator<Breach> {
  const { nameLength = Number.POSITIVE_INFINITY } = kind;
  for (const name of valuesAt(attributes, "name")) {
    if (typeof name !== "string" || isExpression(name) || [...name].length <= nameLength) continue;
    yield {
      check: "name",
      problem: `the name "${name}" has ${[...name].length} characters.`,
      advice: `The name of a ${kind.noun[0]} has ${nameLength} at most.`,
    };
  }
}

function foreign(known: readonly KnownImage[], own: ReadonlySet<string>): Breach {
  const { environment, pinName, image } = known[0]!;
  return {
    check: "environment",
    problem: `its image ${image.id} is that of pin "${pinName}" of "${environment}", and this stack looks up images of ${[...own].map((name) => `"${name}"`).join(", ")}.`,
    advice: "Use the ID of a lookup of this stack.",
  };
}

function unknown(kind: ResourceKind, id: string): Omit<DesktopFinding, "stack" | "path" | "address"> {
  return {
    check: "unpinned",
    problem: `its ${kind.json ?? kind.image} ${id} is that of no pin.`,
    advice: "Look the image up, so that it is pinned and moves on purpose only.",
  };
}

function knownImages({ lookups, pins }: CheckContext): Map<string, KnownImage[]> {
  const known = new Map<string, KnownImage[]>();
  const add = (image: WorkspaceImage, entry: Omit<KnownImage, "image">) => {
    const entries = known.get(image.id);
    if (entries) entries.push({ ...entry, image });
    else known.set(image.id, [{ ...entry, image }]);
  };
  for (const lookup of lookups) {
    const { environment, pinName, images } = lookup;
    for (const image of images) add(image, { environment, pinName, lookup });
  }
  for (const [environment, named] of pins) {
    for (const [pinName, { images }] of named) {
      for (const image of images) add(image, { environment, pinName });
    }
  }
  return known;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function isWithin(path: string, stack: string): boolean {
  return path === stack || path.startsWith(`${stack}/`);
}

function sorted(findings: readonly DesktopFinding[]): DesktopFinding[] {
  return [...findings].sort((a, b) => compare(a.path, b.path));
}
