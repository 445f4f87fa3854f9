import type { WorkspaceImage } from "../images/workspace-image";
import { hasSameIds, type Pins } from "../pins/pin";
import { compare } from "../text/compare";
import { countOf, summarize } from "./consequences";
import { namesIn } from "./output-names";
import { parseChange } from "./plan";
import { type Effect, imageIdsOf, type ResourceKind, resourceKind } from "./resource-kinds";
import { resourcesOf, type SynthesizedStack } from "./synthesized-stacks";

/** A resource that a pin feeds. */
export interface Use {
  readonly environment: string;
  readonly pin: string;
  /** Address in Terraform. */
  readonly address: string;
  /** Type of the resource. */
  readonly type: string;
  /** Construct path, where a stack shows it. */
  readonly path?: string;
  /** Name of the stack, where it was found in one. */
  readonly stack?: string;
  /** Images of the pin that it has. */
  readonly imageIds: readonly string[];
  /** Other pins there that have an image of it: the ID does not say which of them feeds it. */
  readonly sharedWith?: readonly string[];
  /** What a move of the pin does to it. */
  readonly effect: Effect;
  /** How many there are: more than one where `count` is a number; `undefined` where Terraform decides. */
  readonly instances: number | undefined;
}

/** What was found in an output. */
export interface Uses {
  readonly uses: readonly Use[];
  /** Pins whose images are others than when the output was made, as `environment/pin`. */
  readonly movedSince: readonly string[];
}

/** Current pins by environment. */
export type PinsByEnvironment = ReadonlyMap<string, Pins>;

/**
 * The resources in synthesized stacks that pins feed; which pins belong to a stack is what the stack itself says.
 * @param pins the pins as they are now
 */
export function usesInStacks(stacks: readonly SynthesizedStack[], pins: PinsByEnvironment): Uses {
  const uses: Use[] = [];
  const movedSince = new Set<string>();
  for (const stack of stacks) {
    const names = namesIn(stack.json);
    const feeding = new Feeding();
    for (const { environment, pin, images } of names) {
      feeding.add(environment, pin, images);
      const now = pins.get(environment)?.get(pin);
      if (now && !hasSameIds(now.images, images)) movedSince.add(`${environment}/${pin}`);
    }
    for (const { type, address, path, attributes } of resourcesOf(stack)) {
      const kind = resourceKind(type);
      if (!kind) continue;
      const where = { address, stack: stack.name, ...(path !== undefined && { path }) };
      uses.push(...feeding.uses(kind, attributes, where, instancesOf(attributes)));
    }
  }
  return { uses: sorted(uses), movedSince: [...movedSince].sort() };
}

/**
 * The resources in a plan or a state that pins feed: in a plan, with the images that they get.
 * @param name of the file that `terraform show -json` wrote, `-` for standard input
 * @throws PlanError if it is not readable, or of a format that is not understood
 */
export async function usesInTerraform(name: string, pins: PinsByEnvironment): Promise<Uses> {
  const feeding = new Feeding();
  for (const [environment, named] of pins) {
    for (const [pin, { images }] of named) feeding.add(environment, pin, images);
  }
  const uses: Use[] = [];
  const { readTerraformJson } = require("./terraform-json") as typeof import("./terraform-json");
  await readTerraformJson(name, {
    change: (raw) => {
      const change = parseChange(raw, name);
      if (change?.after && change.deposed === undefined)
        uses.push(...feeding.uses(change.kind, change.after, { address: change.address }, 1));
    },
    resource: (raw) => {
      const { address, type, mode, values, deposed_key: deposed } = (raw ?? {}) as Record<string, unknown>;
      const kind = mode === "managed" && deposed === undefined ? resourceKind(String(type)) : undefined;
      if (kind) uses.push(...feeding.uses(kind, values, { address: String(address) }, 1));
    },
  });
  return { uses: sorted(uses), movedSince: [] };
}

/** A pin whose images change. */
export interface ImageMove {
  readonly environment: string;
  readonly pin: string;
  /** What it was called before, where that was otherwise. */
  readonly was?: { readonly environment: string; readonly pin: string };
  readonly from: readonly WorkspaceImage[];
  readonly to: readonly WorkspaceImage[];
  readonly cardinality: "one" | "all";
}

/** What a move does to the resources that its pin feeds, in numbers. */
export interface Affected {
  /** By kind; what is built for each image of a pin of all is destroyed with its image. */
  readonly resources: readonly {
    readonly type: string;
    readonly effect: Effect | "destroyed";
    readonly number: number;
  }[];
  /** Whether there may be more, because Terraform decides how many. */
  readonly orMore?: true;
  /** Other pins that may feed some of them instead. */
  readonly sharedWith?: readonly string[];
}

/** Whether a use is of the pin that moves, under its name of now or before. */
function isOfPin({ environment, pin, was }: ImageMove, of: { environment: string; pin: string }) {
  return [{ environment, pin }, was].some((one) => one?.environment === of.environment && one.pin === of.pin);
}

/** What a move does to the resources that its pin feeds, in an output from before the move or after it. */
export function affectedBy(uses: readonly Use[], move: ImageMove): Affected {
  const without = (images: readonly WorkspaceImage[], others: readonly WorkspaceImage[]) =>
    images.map(({ id }) => id).filter((id) => !others.some((other) => other.id === id));
  const { from, to, cardinality } = move;
  const isOne = cardinality === "one";
  // The output may be from after the move, too: then what has the one new image had the old one.
  const changed = new Set([...without(from, to), ...(isOne && from.length > 0 ? without(to, from) : [])]);
  const affected = uses.filter((use) => isOfPin(move, use) && use.imageIds.some((id) => changed.has(id)));
  const sharedWith = sharedBy(affected);
  return {
    resources: [...numbersOf(affected)].map(([type, number]) => {
      return { type, effect: isOne ? resourceKind(type)!.effect : "destroyed", number };
    }),
    ...(isOpen(affected) && { orMore: true }),
    ...(sharedWith.length > 0 && { sharedWith }),
  };
}

/** The same in words, such as `reinstalls 57 desktops, replaces 2 image servers`; empty where it does nothing. */
export function describeAffected({ resources, orMore, sharedWith = [] }: Affected): string {
  const numbers = new Map(resources.map(({ type, number }) => [type, number]));
  const isDestroyed = resources.some(({ effect }) => effect === "destroyed");
  const text = isDestroyed ? destroyed(numbers) : summarize(numbers);
  return `${text}${moreText(orMore ?? false)}${sharedText(sharedWith)}`;
}

/** What a move does to all of these, in the same words. */
export function describeUses(uses: readonly Use[]): string {
  return `${summarize(numbersOf(uses))}${moreText(isOpen(uses))}${sharedText(sharedBy(uses))}`;
}

/** Whether there may be more resources, because Terraform decides how many. */
function isOpen(uses: readonly Use[]): boolean {
  return uses.some(({ instances }) => instances === undefined);
}

function moreText(orMore: boolean): string {
  return orMore ? ", or more" : "";
}

function sharedBy(uses: readonly Use[]): string[] {
  return [...new Set(uses.flatMap(({ sharedWith = [] }) => sharedWith))].sort();
}

function sharedText(others: readonly string[]): string {
  if (others.length === 0) return "";
  return ` (some may be fed by ${others.join(", ")}, which ${others.length === 1 ? "has" : "have"} the same image)`;
}

/** How many resources of each type there are. */
function numbersOf(uses: readonly Use[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { type, instances = 1 } of uses) numbers.set(type, (numbers.get(type) ?? 0) + instances);
  return numbers;
}

function destroyed(numbers: ReadonlyMap<string, number>): string {
  const counts = [...numbers].map(([type, number]) => countOf(resourceKind(type)!, number));
  return `destroys ${counts.join(" and ")} where they are built for each image, of those that leave`;
}

/** Which pins have an image. */
class Feeding {
  private readonly byImage = new Map<string, { environment: string; pin: string }[]>();

  add(environment: string, pin: string, images: readonly { readonly id: string }[]): void {
    for (const { id } of images) {
      const known = this.byImage.get(id);
      if (known) known.push({ environment, pin });
      else this.byImage.set(id, [{ environment, pin }]);
    }
  }

  uses(
    kind: ResourceKind,
    attributes: unknown,
    where: Pick<Use, "address" | "path" | "stack">,
    instances: number | undefined,
  ): Use[] {
    const found = new Map<string, Use & { readonly imageIds: string[] }>();
    for (const id of imageIdsOf(kind, attributes)) {
      for (const { environment, pin } of this.byImage.get(id) ?? []) {
        const key = JSON.stringify([environment, pin]);
        const use = found.get(key);
        if (use) use.imageIds.push(id);
        else {
          const { type, effect } = kind;
          found.set(key, { environment, pin, ...where, type, imageIds: [id], effect, instances });
        }
      }
    }
    return [...found.values()].map((use) => {
      const sharedWith = [...found.values()]
        .filter(
          (other) =>
            other.environment === use.environment && other.imageIds.some((id) => use.imageIds.includes(id)),
        )
        .flatMap(({ pin }) => (pin === use.pin ? [] : [pin]));
      return sharedWith.length > 0 ? { ...use, sharedWith } : use;
    });
  }
}

function instancesOf({ count, for_each: each }: Readonly<Record<string, unknown>>): number | undefined {
  if (count === undefined && each === undefined) return 1;
  return typeof count === "number" ? count : undefined;
}

function sorted(uses: readonly Use[]): Use[] {
  return [...uses].sort(
    (a, b) =>
      compare(a.environment, b.environment) ||
      compare(a.pin, b.pin) ||
      compare(a.stack ?? "", b.stack ?? "") ||
      compare(a.path ?? a.address, b.path ?? b.address),
  );
}
