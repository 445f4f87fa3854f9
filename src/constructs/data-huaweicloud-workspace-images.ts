import { Construct } from "constructs";
import type { ImageFilter } from "../images/image-filter";
import { type LookupConfig, lookup } from "./lookup";
import type { SelectedImage } from "./selected-image";

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
