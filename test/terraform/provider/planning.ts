import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { resourceKind } from "../../../src/desktops/resource-kinds";
import type { AttributeType, SchemaBlock } from "../../support/provider-schema";
import { UNKNOWN, Unknown, type Values } from "./values";

/**
 * Attributes whose change has a resource replaced, beside the region, and beside what goes with its image, which the
 * table of resource kinds says. Read in the source of the real provider.
 */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  huaweicloud_workspace_desktop: [
    "availability_zone",
    "email_notification",
    "security_groups",
    "user_email",
    "user_group",
    "user_name",
    "vpc_id",
  ],
  huaweicloud_workspace_app_image_server: [
    "attach_apps",
    "authorize_accounts",
    "availability_zone",
    "enterprise_project_id",
    "extra_session_size",
    "extra_session_type",
    "flavor_id",
    "is_vdi",
    "ou_name",
    "route_policy",
    "scheduler_hints",
    "subnet_id",
    "tags",
    "vpc_id",
  ],
  huaweicloud_workspace_app_server_group: [
    "availability_zone",
    "enterprise_project_id",
    "extra_session_size",
    "extra_session_type",
    "flavor_id",
    "ip_virtual",
    "is_vdi",
    "os_type",
    "primary_server_group_id",
    "subnet_id",
    "vpc_id",
  ],
};

/** What stands for an attribute that is not set. */
const DEFAULTS: Readonly<Record<string, Values>> = {
  huaweicloud_workspace_app_server_group: { enabled: true },
};

/** Blocks that stay as they are where the configuration has none. */
const KEPT_BLOCKS: Readonly<Record<string, readonly string[]>> = {
  huaweicloud_workspace_desktop: ["data_volume", "nic"],
};

/** A step from a resource to one of its values. */
export type Step = string | number;

export interface Plan {
  readonly planned: Values | null;
  /** What changes and cannot be changed in place. */
  readonly replacing: readonly (readonly Step[])[];
  /** What changes and stops the plan. */
  readonly refused: readonly string[];
}

/**
 * Plans a change as the real provider does.
 * @param prior what is there; null where nothing is
 * @param proposed what the configuration wants, with the computed values of before; null where it wants nothing
 * @param isForced whether the provider replaces what it would refuse, unless the resource says otherwise
 */
export function planChange(
  type: string,
  block: SchemaBlock,
  prior: Values | null,
  proposed: Values | null,
  isForced: boolean,
): Plan {
  if (!proposed) return { planned: null, replacing: [], refused: [] };
  const planned = planBlock(block, prior, proposed, DEFAULTS[type]);
  if (!prior) return { planned, replacing: [], refused: [] };
  for (const name of KEPT_BLOCKS[type] ?? [])
    if ((planned[name] as unknown[]).length === 0) planned[name] = prior[name];
  const changed = Object.keys(planned).filter((name) => !isDeepStrictEqual(planned[name], prior[name]));
  const kind = resourceKind(type);
  const imageAttributes = kind ? [kind.image, kind.imageType, ...kind.sameEffect] : [];
  const isRefusing = kind?.effect === "refused" && (planned.enable_force_new ?? `${isForced}`) !== "true";
  const isReplaced = (name: string) =>
    name === "region" ||
    REPLACING[type]?.includes(name) ||
    (!isRefusing &&
      (kind?.effect === "replaced" || kind?.effect === "refused") &&
      imageAttributes.includes(name));
  return {
    planned,
    replacing: changed.filter(isReplaced).flatMap((name) => differences(prior[name], planned[name], [name])),
    refused: isRefusing ? changed.filter((name) => imageAttributes.includes(name)) : [],
  };
}

/** What a planned resource is after its apply. */
export function applyPlan(block: SchemaBlock, planned: Values, region: string): Values {
  const { attributes = {}, block_types: blockTypes = {} } = block;
  const applied = { ...planned };
  for (const [name, { type }] of Object.entries(attributes)) {
    if (!(planned[name] instanceof Unknown)) continue;
    applied[name] = name === "id" ? randomUUID() : name === "region" ? region : nothingOf(type);
  }
  for (const [name, { block: nested }] of Object.entries(blockTypes)) {
    const blocks = planned[name];
    if (Array.isArray(blocks)) applied[name] = blocks.map((inner) => applyPlan(nested, inner, region));
  }
  return applied;
}

function planBlock(
  block: SchemaBlock,
  prior: Values | null,
  proposed: Values,
  defaults: Values = {},
): Values {
  const { attributes = {}, block_types: blockTypes = {} } = block;
  const planned = { ...proposed };
  for (const [name, { computed }] of Object.entries(attributes)) {
    if (proposed[name] !== null) continue;
    if (!prior && computed) planned[name] = UNKNOWN;
    // The provider's "" and null are both "not set".
    else planned[name] = defaults[name] ?? (isNothing(prior?.[name]) ? (prior?.[name] ?? null) : null);
  }
  for (const [name, { nesting_mode, block: nested }] of Object.entries(blockTypes)) {
    const [blocks, before] = [proposed[name], prior?.[name]];
    if (!isList(blocks)) continue;
    const isSet = nesting_mode === "set";
    planned[name] = (blocks as Values[]).map((inner, index) =>
      planBlock(
        nested,
        isList(before) && !isSet ? ((before[index] as Values) ?? null) : null,
        inner,
        // In sets, what is not set is nothing of its type, never null.
        isSet ? nothingIn(nested) : {},
      ),
    );
  }
  return planned;
}

/** Paths of what differs, into blocks that are as many as before. */
function differences(before: unknown, after: unknown, path: readonly Step[]): (readonly Step[])[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isList(before) && isList(after) && before.length === after.length)
    return before.flatMap((value, index) => differences(value, after[index], [...path, index]));
  if (isBlock(before) && isBlock(after))
    return Object.keys(after).flatMap((name) => differences(before[name], after[name], [...path, name]));
  return [path];
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isBlock(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !(value instanceof Unknown) && !isList(value);
}

function isNothing(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return !value;
}

function nothingIn({ attributes = {} }: SchemaBlock): Values {
  return Object.fromEntries(Object.entries(attributes).map(([name, { type }]) => [name, nothingOf(type)]));
}

function nothingOf(type: AttributeType): unknown {
  if (type === "string") return "";
  if (type === "number") return 0;
  if (type === "bool") return false;
  return type[0] === "map" ? {} : [];
}
