import { Construct } from "constructs";
import { WorkspaceImageCatalog } from "../catalog/catalog";
import type { Cardinality, ImageFilter, SingleImageFilter } from "../images/image-filter";
import { SelectedImage } from "./selected-image";

/** Where a lookup asks, and how its pin is named. */
export interface LookupConfig {
  /**
   * Environment whose images are asked for.
   * @default - the nearest scope's (WorkspaceImageCatalog.setEnvironment), else the only one
   */
  readonly environment?: string | undefined;
  /**
   * Name of the pin in the environment's lock file. Lookups with one name must have one filter.
   * @default - the construct's id
   */
  readonly pinName?: string | undefined;
}

/** Configuration of {@link DataHuaweicloudWorkspaceImages}. */
export interface DataHuaweicloudWorkspaceImagesConfig extends ImageFilter, LookupConfig {}

/** All images that match a filter, in its order, known while the stack is built. */
export class DataHuaweicloudWorkspaceImages extends Construct {
  /** The images; none where nothing matches. */
  readonly images: readonly SelectedImage[];

  /** @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment */
  constructor(scope: Construct, id: string, config: DataHuaweicloudWorkspaceImagesConfig = {}) {
    super(scope, id);
    this.images = lookup(this, config, "all");
  }

  /** The images' IDs. */
  get ids(): string[] {
    return this.images.map(({ id }) => id);
  }
}

/** Asks the catalog for a construct. */
export function lookup(
  scope: Construct,
  { environment, pinName = scope.node.id, ...filter }: SingleImageFilter & LookupConfig,
  cardinality: Cardinality,
): SelectedImage[] {
  const images = WorkspaceImageCatalog.of(scope).lookup(scope, { environment, pinName, filter, cardinality });
  return images.map((image) => new SelectedImage(image, scope.node.path));
}
