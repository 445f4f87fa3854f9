import { PlanError } from "../errors";
import { matches } from "../text/pattern";
import { parseChange } from "./plan";
import { imageIdsOf, resourceKind, valuesAt } from "./resource-kinds";

/** The image that a resource has, as Terraform's state says. */
export interface RunningImage {
  readonly address: string;
  /** Type of the resource. */
  readonly type: string;
  readonly imageId: string;
  /** `image_type` as it was created with; undefined where it is not known, as after an import. */
  readonly imageType: string | undefined;
}

/**
 * The images that resources have, from a state, or from what a plan says was there before it.
 * @param name of the file that `terraform show -json` wrote, `-` for standard input
 * @param addresses of the resources; `*` stands for anything
 * @throws PlanError if it is not readable, of a format that is not understood, or has no resource for an address
 */
export async function readRunningImages(name: string, addresses: readonly string[]): Promise<RunningImage[]> {
  const running: RunningImage[] = [];
  const missing = new Set(addresses);
  const add = (address: string, type: string, attributes: unknown) => {
    const kind = resourceKind(type);
    const asked = addresses.filter((pattern) => matches(pattern, address));
    // A one-time action says what was once asked for, not what runs.
    if (!kind || kind.action || asked.length === 0) return;
    for (const pattern of asked) missing.delete(pattern);
    const imageType = valuesAt(attributes, kind.imageType ?? "")[0];
    for (const imageId of imageIdsOf(kind, attributes)) {
      running.push({
        address,
        type,
        imageId,
        imageType: typeof imageType === "string" && imageType !== "" ? imageType : undefined,
      });
    }
  };
  const { readTerraformJson } = require("./terraform-json") as typeof import("./terraform-json");
  await readTerraformJson(name, {
    change: (raw) => {
      const change = parseChange(raw, name);
      if (change?.before && change.deposed === undefined)
        add(change.address, change.kind.type, change.before);
    },
    resource: (raw) => {
      const { address, type, mode, values, deposed_key: deposed } = (raw ?? {}) as Record<string, unknown>;
      if (mode === "managed" && deposed === undefined) add(String(address), String(type), values);
    },
  });
  if (missing.size > 0) {
    throw new PlanError(
      `${name} has no resource with an image at ${[...missing].join(", ")}. See: terraform state list`,
    );
  }
  return running;
}
