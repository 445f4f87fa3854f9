import type { WorkspaceImage } from "../images/workspace-image";
import { isUnknownAt, type PlannedChange } from "./plan";
import { imageIdsOf, valuesAt } from "./resource-kinds";

/** A pin by which a change may be explained. */
export interface ExplainingPin {
  readonly environment: string;
  readonly name: string;
  readonly pin: {
    readonly images: readonly WorkspaceImage[];
    readonly previous?: readonly { readonly ids: readonly string[] }[];
  };
}

/** What a plan is held against. */
export interface GuardContext {
  readonly pins: readonly ExplainingPin[];
  /** Why nothing must be built from an image, or from one that is known only at apply; undefined where it may be. */
  readonly objection: (imageId: string | undefined) => string | undefined;
}

/** What becomes of a resource that a plan changes. */
export type Does = "reinstalls" | "updates" | "replaces" | "destroys" | "builds" | "runs";

/** A change of a plan that is of consequence, and whether somebody meant it. */
export interface JudgedChange {
  readonly address: string;
  /** Type of the resource. */
  readonly type: string;
  readonly does: Does;
  readonly explained: boolean;
  /** Why it is not explained, or by which pin it is. */
  readonly reasons: readonly string[];
  /** Image IDs that it has, and gets. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * Judges a change. It is explained where it is in place, the new image is what a pin has, the old one is what that pin
 * had before, and neither image type nor disk changes with it.
 * @returns undefined where nothing is reinstalled, replaced or destroyed
 */
export function judgeChange(change: PlannedChange, context: GuardContext): JudgedChange | undefined {
  const found = change.kind.action ? judgeAction(change) : judgeResource(change, context);
  const built = builtFrom(change);
  const objections = built.flatMap((id) => context.objection(id) ?? []);
  if (!found && objections.length === 0) return undefined;
  const { does, explanation } = found ?? { does: "builds" as const, explanation: undefined };
  const problems = [...(found?.problems ?? []), ...objections];
  return {
    address: change.address,
    type: change.kind.type,
    does,
    explained: problems.length === 0,
    reasons: problems.length > 0 ? [...problems, ...remarksOn(change)] : explanation ? [explanation] : [],
    from: imageIdsOf(change.kind, change.before),
    to: imageIdsOf(change.kind, change.after),
  };
}

/** What a change does, and what its pins and its own attributes say of it. */
interface Consequence {
  readonly does: Does;
  /** Why it is explained, where there are no problems. */
  readonly explanation?: string | undefined;
  /** Why it is not explained. */
  readonly problems: readonly string[];
}

function judgeResource(change: PlannedChange, context: GuardContext): Consequence | undefined {
  const { kind, action } = change;
  switch (action) {
    case "nothing":
    case "forget":
    case "create":
      return undefined;
    case "delete":
      return { does: "destroys", problems: [whyDeleted(change)] };
    case "replace":
      return { does: "replaces", problems: [whyReplaced(change)] };
    case "update": {
      const moved = imageChanges(change);
      const disks = diskChanges(change);
      if (moved.length === 0)
        return disks.shrinking.length > 0 ? { does: "updates", problems: disks.shrinking } : undefined;
      const does = kind.effect === "reinstalled" ? "reinstalls" : "updates";
      const inPlace =
        kind.effect === "reinstalled" || kind.effect === "updated" ? [] : [notInPlace(change, moved)];
      const { explanation, problems } = explain(change, moved, context);
      return { does, explanation, problems: [...inPlace, ...problems, ...disks.changing] };
    }
  }
}

/** A one-time action does what it does when it is created, also anew; its removal does nothing. */
function judgeAction(change: PlannedChange): Consequence | undefined {
  const { kind, action, before, after, unknown } = change;
  if (action === "nothing" || action === "forget" || action === "delete") return undefined;
  const path = kind.json ?? kind.image;
  const isChanged = isUnknownAt(unknown, path) || !isEqual(before, after, path);
  if (action === "update") {
    return isChanged ? { does: "updates", problems: [notInPlace(change, [path])] } : undefined;
  }
  const { reinstalls } = kind.action ?? {};
  if (!reinstalls) {
    return action === "create" ? undefined : { does: "replaces", problems: [whyReplaced(change)] };
  }
  if (isUnknownAt(unknown, "type"))
    return { does: "runs", problems: ["its type will be known only at apply"] };
  const type = String(valuesAt(after, "type")[0]);
  return reinstalls.includes(type)
    ? { does: "runs", problems: [`a ${type} reinstalls the servers that it names`] }
    : undefined;
}

/** The attributes of the image that change, or may. */
function imageChanges({ kind, before, after, unknown }: PlannedChange): string[] {
  const paths = [kind.image, kind.imageType, ...(kind.effect === "updated" ? (kind.products ?? []) : [])];
  return paths.filter(
    (path): path is string =>
      path !== undefined && (isUnknownAt(unknown, path) || !isEqual(before, after, path)),
  );
}

function explain(change: PlannedChange, moved: readonly string[], { pins }: GuardContext) {
  const { kind, before, after, unknown } = change;
  const unknowns = moved.filter((path) => isUnknownAt(unknown, path));
  if (unknowns.length > 0) return { problems: [`${unknowns.join(" and ")} will be known only at apply`] };
  const problems: string[] = [];
  const isImageSame = !moved.includes(kind.image);
  if (kind.imageType && moved.includes(kind.imageType)) {
    const [was, is] = [before, after].map((side) =>
      JSON.stringify(valuesAt(side, kind.imageType!)[0] ?? null),
    );
    // An import cannot read it, and the attribute is required.
    const advice =
      was === "null"
        ? "after an import, put it in lifecycle.ignore_changes"
        : "keep what it was created with";
    problems.push(
      `image_type changes from ${was} to ${is}${isImageSame ? `, and the image is the same: ${advice}` : " with the image"}`,
    );
  } else if (isImageSame) {
    problems.push(`${moved.join(" and ")} changes, and the image is the same`);
  }
  if (isImageSame) return { problems };
  const [from, to] = [before, after].map((side) => imageIdsOf(kind, side));
  const explained = explainedBy(from?.[0], to?.[0], pins);
  return "problem" in explained
    ? { problems: [...problems, explained.problem] }
    : { explanation: explained.by, problems };
}

/** The pin that had one image before, and has the other now. */
function explainedBy(
  from: string | undefined,
  to: string | undefined,
  pins: readonly ExplainingPin[],
): { by: string } | { problem: string } {
  const having = pins.filter(({ pin }) => pin.images.some(({ id }) => id === to));
  if (to === undefined || having.length === 0)
    return { problem: `no pin has the image ${to ?? "none"} that it gets` };
  const moved = having.find(({ pin }) =>
    pin.previous?.some(({ ids }) => from !== undefined && ids.includes(from)),
  );
  const names = (moved ? [moved] : having).map(({ name, environment }) => `"${name}" of ${environment}`);
  if (!moved)
    return {
      problem: `pin ${names.join(", ")} has the image ${to}, and never had ${from ?? "the one before"}`,
    };
  return { by: `pin ${names.join()} moved to ${nameOf(moved.pin.images, to)}` };
}

/** Disks that change at all, as none may with an image, and those that become smaller or fewer, as none may ever. */
function diskChanges({ kind, before, after, unknown }: PlannedChange): {
  changing: string[];
  shrinking: string[];
} {
  const changing: string[] = [];
  const shrinking: string[] = [];
  if (kind.disk) {
    const { attribute, type } = kind.disk;
    const [was, is] = [before, after].map((side) => valuesAt(side, attribute)[0]);
    if (isUnknownAt(unknown, attribute)) shrinking.push(`${attribute} will be known only at apply`);
    else if (Number(is ?? 0) < Number(was ?? 0))
      shrinking.push(`${attribute} would shrink from ${was} to ${is ?? "none"} GB`);
    else if (is !== was)
      changing.push(`${attribute} changes with the image, from ${was ?? "none"} to ${is} GB`);
    const isTypeUnknown = isUnknownAt(unknown, type) && !isUnknownAt(unknown, attribute);
    if (isTypeUnknown || !isEqual(before, after, type)) changing.push(`${type} changes with the image`);
  }
  if (kind.dataDisks) {
    const disks = kind.dataDisks;
    const [was = [], is = []] = [before, after].map((side) => valuesAt(side, disks) as Disk[]);
    const size = (disk: Disk | undefined) => Number(disk?.size ?? 0);
    if (isUnknownAt(unknown, `${disks}.size`)) shrinking.push(`${disks} will be known only at apply`);
    else if (was.some((disk, index) => size(is[index]) < size(disk)))
      shrinking.push(`${disks} would shrink, or be removed`);
    else if (
      isUnknownAt(unknown, `${disks}.type`) ||
      was.length !== is.length ||
      was.some((disk, index) => size(is[index]) !== size(disk) || is[index]?.type !== disk.type)
    )
      changing.push(`${disks} changes with the image`);
  }
  return { changing: [...changing, ...shrinking], shrinking };
}

interface Disk {
  readonly size?: unknown;
  readonly type?: unknown;
}

/** The images from which something is built or reinstalled; undefined for one that is known only at apply. */
function builtFrom(change: PlannedChange): readonly (string | undefined)[] {
  const { kind, action, after, unknown } = change;
  const isBuilt =
    action === "create" || action === "replace" || (action === "update" && imageChanges(change).length > 0);
  if (!isBuilt) return [];
  const isUnknown = isUnknownAt(unknown, kind.json ?? kind.image);
  return [...imageIdsOf(kind, after), ...(isUnknown ? [undefined] : [])];
}

const DELETIONS: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: "it is not in the configuration any more",
  delete_because_wrong_repetition: "count or for_each was added or removed",
  delete_because_count_index: "its count became smaller",
  delete_because_each_key: "its key is not in for_each any more",
  delete_because_no_module: "its module is not in the configuration any more",
  delete_because_no_move_target: "what it was moved to is not in the configuration",
};

const REPLACEMENTS: Readonly<Record<string, string>> = {
  replace_because_tainted: "it is tainted",
  replace_by_request: "-replace asks for it",
  replace_by_triggers: "replace_triggered_by asks for it",
};

function notInPlace({ kind }: PlannedChange, paths: readonly string[]): string {
  return `the provider is not known to change ${paths.join(" and ")} of a ${kind.noun[0]} in place`;
}

function whyDeleted({ deposed, reason }: PlannedChange): string {
  if (deposed !== undefined) return `it is the old object ${deposed} that a replacement left behind`;
  return DELETIONS[reason ?? ""] ?? "the plan destroys it";
}

function whyReplaced({ replacePaths, reason }: PlannedChange): string {
  const paths = [...new Set(replacePaths)].join(", ");
  return (
    REPLACEMENTS[reason ?? ""] ?? (paths ? `${paths} cannot be changed in place` : "the plan replaces it")
  );
}

/** What people should know of a change that is not explained. */
function remarksOn({ previousAddress, isImport }: PlannedChange): string[] {
  return [
    ...(previousAddress === undefined ? [] : [`it was moved from ${previousAddress}`]),
    ...(isImport ? ["it is imported by this plan"] : []),
  ];
}

function isEqual(before: unknown, after: unknown, path: string): boolean {
  // The provider's "" and null are both "not set".
  const values = (side: unknown) => JSON.stringify(valuesAt(side, path).filter((value) => value !== ""));
  return values(before) === values(after);
}

function nameOf(images: readonly WorkspaceImage[], id: string): string {
  return images.find((image) => image.id === id)?.name ?? id;
}
