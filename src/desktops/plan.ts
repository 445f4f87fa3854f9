import v = require("valibot");

import { PlanError } from "../errors";
import { type ResourceKind, resourceKind } from "./resource-kinds";

/** What a plan does to a resource. */
export type Action = "nothing" | "create" | "update" | "replace" | "delete" | "forget";

/** A change that a plan makes to a resource of a known kind. */
export interface PlannedChange {
  readonly address: string;
  readonly kind: ResourceKind;
  readonly action: Action;
  /** Attributes that it has; undefined where it does not exist yet. */
  readonly before: unknown;
  /** Attributes that it gets, without those that are known only at apply; undefined where it is removed. */
  readonly after: unknown;
  /** `true` in the place of every value that is known only at apply. */
  readonly unknown: unknown;
  /** Why it is replaced or removed, in Terraform's words, such as `replace_because_tainted`. */
  readonly reason: string | undefined;
  /** Attributes that have it replaced. */
  readonly replacePaths: readonly string[];
  /** Where it was before it was moved. */
  readonly previousAddress: string | undefined;
  /** Key of an old object that an earlier replacement left behind, and that this is about. */
  readonly deposed: string | undefined;
  /** Whether it is brought into the state by this plan. */
  readonly isImport: boolean;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  "no-op": "nothing",
  create: "create",
  update: "update",
  "delete,create": "replace",
  "create,delete": "replace",
  delete: "delete",
  forget: "forget",
  // The old object stays, and is no longer in the state.
  "create,forget": "create",
  "forget,create": "create",
};

// A list would pass for a record, whose keys are its indices.
const object = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
  v.record(v.string(), v.unknown()),
);
const attributes = v.nullish(object);

const changeSchema = v.object({
  address: v.pipe(v.string(), v.nonEmpty(), v.maxLength(10_000)),
  previous_address: v.nullish(v.string()),
  deposed: v.nullish(v.string()),
  action_reason: v.nullish(v.string()),
  change: v.object({
    actions: v.array(v.string()),
    before: attributes,
    after: attributes,
    after_unknown: v.nullish(v.union([v.boolean(), object])),
    importing: v.nullish(v.unknown()),
    replace_paths: v.nullish(v.array(v.unknown())),
  }),
});

/**
 * Reads an entry of a plan's `resource_changes`.
 * @param subject the plan, for errors
 * @returns undefined where it is not about a resource of a known kind
 * @throws PlanError if it is of a shape that is not known
 */
export function parseChange(raw: unknown, subject: string): PlannedChange | undefined {
  const { address, mode, type } = (raw ?? {}) as Record<string, unknown>;
  const unclear = (what: string) =>
    new PlanError(`${subject}: ${String(address ?? "a change").slice(0, 300)} is not understood: ${what}.`);
  if (typeof type !== "string" || typeof mode !== "string") throw unclear("it has no type or mode");
  const kind = resourceKind(type);
  if (!kind || mode !== "managed") return undefined;
  const parsed = v.safeParse(changeSchema, raw);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw unclear(`${v.getDotPath(issue) ?? "it"} is not as expected`);
  }
  const { change, ...entry } = parsed.output;
  const action = Object.hasOwn(ACTIONS, change.actions.join()) ? ACTIONS[change.actions.join()] : undefined;
  if (!action) throw unclear(`its actions are ${JSON.stringify(change.actions).slice(0, 200)}`);
  const needed = { nothing: [], forget: [], create: ["after"], delete: ["before"] } as Partial<
    Record<Action, ("before" | "after")[]>
  >;
  for (const side of needed[action] ?? (["before", "after"] as const)) {
    if (!change[side]) throw unclear(`it has no ${side}`);
    checkShape(kind, change[side], (what) => unclear(`${side}.${what}`));
  }
  return {
    address: entry.address,
    kind,
    action,
    before: change.before ?? undefined,
    after: change.after ?? undefined,
    unknown: change.after_unknown ?? undefined,
    reason: entry.action_reason ?? undefined,
    replacePaths: (change.replace_paths ?? []).map((path) => (Array.isArray(path) ? path.join(".") : "")),
    previousAddress: entry.previous_address ?? undefined,
    deposed: entry.deposed ?? undefined,
    isImport: change.importing != null,
  };
}

/** Whether the value at a path, or something in it, is known only at apply. */
export function isUnknownAt(unknown: unknown, path: string): boolean {
  const [key = "", ...rest] = path.split(".");
  if (typeof unknown !== "object" || unknown === null) return unknown === true;
  if (Array.isArray(unknown)) return unknown.some((item) => isUnknownAt(item, path));
  if (!Object.hasOwn(unknown, key)) return false;
  const value = (unknown as Record<string, unknown>)[key];
  return rest.length > 0 ? isUnknownAt(value, rest.join(".")) : hasTrue(value);
}

/** What is compared must be what the provider's schema says it is. */
function checkShape(
  kind: ResourceKind,
  side: Record<string, unknown>,
  unclear: (what: string) => PlanError,
): void {
  const expect = (path: string | undefined, types: readonly string[]) => {
    const [key = "", ...rest] = path?.split(".") ?? [];
    const value = side[key];
    if (path === undefined || value == null) return;
    const values = Array.isArray(value) ? value : [value];
    const isBlock = rest.length > 0;
    const fits = values.every((item) => {
      const inner = isBlock ? (item as Record<string, unknown> | null)?.[rest[0]!] : item;
      return (
        inner == null || (Array.isArray(inner) ? inner : [inner]).every((one) => types.includes(typeof one))
      );
    });
    if (!fits || (isBlock && !Array.isArray(value))) throw unclear(`${key} is not as expected`);
  };
  expect(kind.json ?? kind.image, ["string"]);
  expect(kind.imageType, ["string"]);
  expect(kind.disk?.attribute, ["number"]);
  expect(kind.dataDisks && `${kind.dataDisks}.size`, ["number"]);
}

function hasTrue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === true;
  return Object.values(value).some(hasTrue);
}
