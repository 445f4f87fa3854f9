import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Plans that Terraform 1.11.4 made with the provider 1.97.1, against a server on loopback. */
export type RecordedPlan =
  | "desktop-destroyed"
  | "desktop-replaced-by-user"
  | "image-moved"
  | "image-type-only"
  | "nothing";

/** The images between which the recorded plans move. */
export const OLD_IMAGE = "99914048-42cc-4d31-a66f-882005fc1eb4";
export const NEW_IMAGE = "aaaaaaaa-0000-4000-8000-000000000003";

/** A change in a plan, of which tests edit what a real plan could have. */
export interface RawChange {
  address: string;
  type: string;
  mode: string;
  name: string;
  provider_name: string;
  action_reason?: string;
  previous_address?: string;
  deposed?: string;
  module_address?: string;
  index?: string | number;
  change: {
    actions: string[];
    before: Record<string, unknown> | null;
    after: Record<string, unknown> | null;
    after_unknown?: Record<string, unknown> | boolean;
    replace_paths?: unknown[];
    importing?: object;
  };
}

/** A recorded plan, parsed. */
export interface RawPlan {
  format_version: string;
  terraform_version: string;
  errored?: boolean;
  planned_values?: unknown;
  prior_state?: unknown;
  deferred_changes?: { reason: string; resource_change: RawChange }[];
  resource_changes?: RawChange[];
}

/** A recorded plan, as the file has it. */
export function planFile(name: RecordedPlan): string {
  return join(__dirname, "plans", `${name}.json`);
}

/** A recorded plan, to be edited. */
export function recordedPlan(name: RecordedPlan): RawPlan {
  return JSON.parse(readFileSync(planFile(name), "utf8"));
}

/** A change of a recorded plan, by the name of its resource. */
export function recordedChange(plan: RecordedPlan, name: string): RawChange {
  const change = recordedPlan(plan).resource_changes?.find((one) => one.name === name);
  if (!change) throw new Error(`${plan} has no ${name}`);
  return change;
}
