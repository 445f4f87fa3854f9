/**
 * What becomes of a resource whose image changes, with provider 1.97.1:
 * - `reinstalled`: updated in place, and its system disk is reinstalled
 * - `updated`: updated in place
 * - `replaced`: destroyed and built anew
 * - `refused`: the plan fails, and with it the plan of the whole stack; replaced where `enable_force_new` is set
 */
export type Effect = "reinstalled" | "updated" | "replaced" | "refused";

/** A kind of Terraform resource that is built from an image of Workspace. */
export interface ResourceKind {
  /** Type of the resource, as Terraform has it. */
  readonly type: string;
  /** What people call one, and several. */
  readonly noun: readonly [one: string, several: string];
  /** Path of the attribute that holds an image ID, or a list of them. */
  readonly image: string;
  /** Attribute with a JSON text, where the image stands in it. */
  readonly json?: string;
  /** Attribute that says of what type the image is. */
  readonly imageType?: "image_type";
  /** What a change of image or image type does. */
  readonly effect: Effect;
  /** Other attributes whose change does the same. */
  readonly sameEffect: readonly string[];
  /** Size of the system disk in GB; `range` where the provider's documents name one. */
  readonly disk?: {
    readonly attribute: string;
    /** Attribute with the type of the disk. */
    readonly type: string;
    readonly range?: readonly [least: number, most: number];
  };
  /** Blocks of further disks. */
  readonly dataDisks?: string;
  /** Attributes that a `gold` image needs. */
  readonly products?: readonly string[];
  /** Attribute with the user's permission group, which depends on the operating system. */
  readonly userGroup?: string;
  /** Most characters of `name`. */
  readonly nameLength?: number;
  /** Values of `image_type` for an image that is listed as public (`gold`) or as `private`. */
  readonly imageTypes?: { readonly gold: readonly string[]; readonly private: readonly string[] };
  /** A call that is made once, when the resource is created; removing the resource does nothing. */
  readonly action?: {
    /** Values of `type` that reinstall servers. */
    readonly reinstalls?: readonly string[];
  };
  /** What else people should know before they move an image. */
  readonly remark?: string;
}

const DESKTOP_IMAGE_TYPES = { gold: ["gold", "market"], private: ["private"] };
const APP_IMAGE_TYPES = { gold: ["gold", "public"], private: ["private", "shared", "other"] };
const DESKTOP_DISK = { attribute: "root_volume.size", type: "root_volume.type", range: [80, 1020] } as const;

/** Every kind that holds an image; what is said of consequences anywhere is derived from this table. */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  {
    type: "huaweicloud_workspace_desktop",
    noun: ["desktop", "desktops"],
    image: "image_id",
    imageType: "image_type",
    effect: "reinstalled",
    sameEffect: [],
    disk: DESKTOP_DISK,
    dataDisks: "data_volume",
    userGroup: "user_group",
    nameLength: 15,
    imageTypes: DESKTOP_IMAGE_TYPES,
    remark: "image_id and image_type cannot change together with root_volume or data_volume.",
  },
  {
    type: "huaweicloud_workspace_desktop_pool",
    noun: ["desktop pool", "desktop pools"],
    image: "image_id",
    imageType: "image_type",
    effect: "refused",
    sameEffect: [
      "root_volume",
      "size",
      "subnet_ids",
      "type",
      "vpc_id",
      "security_groups",
      "enterprise_project_id",
    ],
    disk: DESKTOP_DISK,
    dataDisks: "data_volumes",
    userGroup: "authorized_objects.user_group",
    imageTypes: DESKTOP_IMAGE_TYPES,
  },
  {
    type: "huaweicloud_workspace_app_image_server",
    noun: ["image server", "image servers"],
    image: "image_id",
    imageType: "image_type",
    effect: "replaced",
    sameEffect: ["spec_code", "image_source_product_id", "root_volume"],
    disk: { attribute: "root_volume.size", type: "root_volume.type" },
    products: ["spec_code", "image_source_product_id"],
    imageTypes: APP_IMAGE_TYPES,
  },
  {
    type: "huaweicloud_workspace_app_server_group",
    noun: ["server group", "server groups"],
    image: "image_id",
    imageType: "image_type",
    effect: "updated",
    sameEffect: ["image_product_id", "system_disk_size"],
    disk: { attribute: "system_disk_size", type: "system_disk_type" },
    products: ["image_product_id"],
    imageTypes: APP_IMAGE_TYPES,
    remark: "image_product_id must go with the image.",
  },
  {
    type: "huaweicloud_workspace_app_application_publishment",
    noun: ["published application", "published applications"],
    image: "source_image_ids",
    effect: "replaced",
    sameEffect: [],
  },
  {
    type: "huaweicloud_workspace_app_application_batch_publish",
    noun: ["batch of published applications", "batches of published applications"],
    image: "applications.source_image_ids",
    effect: "refused",
    sameEffect: [],
    action: {},
  },
  {
    type: "huaweicloud_workspace_app_server_action",
    noun: ["server action", "server actions"],
    image: "image_id",
    json: "content",
    effect: "refused",
    sameEffect: [],
    action: { reinstalls: ["change-image", "reinstall"] },
  },
  {
    type: "huaweicloud_workspace_app_server_batch_action",
    noun: ["batch action on servers", "batch actions on servers"],
    image: "image_id",
    json: "content",
    effect: "refused",
    sameEffect: [],
    action: { reinstalls: ["batch-change-image", "batch-reinstall"] },
  },
];

const BY_TYPE = new Map(RESOURCE_KINDS.map((kind) => [kind.type, kind]));

/** The kind of a Terraform resource type; undefined where it holds no image. */
export function resourceKind(type: string): ResourceKind | undefined {
  return BY_TYPE.get(type);
}

/** The image IDs in a resource's attributes, of a synthesized stack, a plan or a state, as far as they are known yet. */
export function imageIdsOf(kind: ResourceKind, attributes: unknown): string[] {
  const holder = kind.json === undefined ? attributes : parsed(valuesAt(attributes, kind.json)[0]);
  return valuesAt(holder, kind.image).filter(
    (id): id is string => typeof id === "string" && id !== "" && !isExpression(id),
  );
}

/** The values at a path through blocks, of which there may be one or a list; `null` counts as none. */
export function valuesAt(attributes: unknown, path: string): unknown[] {
  return path
    .split(".")
    .reduce<unknown[]>((blocks, key) => blocks.flatMap((block) => listOf(block, key)), [attributes]);
}

/** Whether Terraform has yet to evaluate a value: `${…}` or `%{…}` in a text. */
export function isExpression(value: unknown): boolean {
  return typeof value === "string" && /[$%]\{/.test(value);
}

function listOf(block: unknown, key: string): unknown[] {
  const value = typeof block === "object" && block !== null ? (block as Record<string, unknown>)[key] : null;
  return Array.isArray(value) ? value : value == null ? [] : [value];
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
