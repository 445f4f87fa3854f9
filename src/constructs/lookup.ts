import type { Construct } from "constructs";
import { WorkspaceImageCatalog } from "../catalog/catalog";
import type { SkippedChecks } from "../desktops/skipped-checks";
import type { Cardinality, SingleImageFilter } from "../images/image-filter";
import { SelectedImage } from "./selected-image";

/** Where a lookup asks, how its pin is named, and what its resources are held against. */
export interface LookupConfig {
  /**
   * Environment whose images are asked for.
   * @default - the nearest scope's (WorkspaceImageCatalog.setEnvironment), else the only one
   */
  readonly environment?: string | undefined;
  /**
   * Name of the pin in the environment's lock file. Lookups with one name must ask the same.
   * @default - the construct's id
   */
  readonly pinName?: string | undefined;
  /**
   * Checks that are not made at synth for the resources which use this lookup's images, and why.
   * @default - all are made
   */
  readonly checks?: SkippedChecks | undefined;
}

/** Asks the catalog for a construct. */
export function lookup(
  scope: Construct,
  { environment, pinName = scope.node.id, checks, ...filter }: SingleImageFilter & LookupConfig,
  cardinality: Cardinality,
): SelectedImage[] {
  const images = WorkspaceImageCatalog.of(scope).lookup(scope, {
    environment,
    pinName,
    filter,
    cardinality,
    checks,
  });
  return images.map((image) => new SelectedImage(image, scope.node.path));
}
