import { Construct } from "constructs";
import type { SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import { type LookupConfig, lookup } from "./lookup";
import { defineAccessors, type ImageAccessors, type SelectedImage } from "./selected-image";

/** Configuration of {@link DataHuaweicloudWorkspaceImage}. */
export interface DataHuaweicloudWorkspaceImageConfig extends SingleImageFilter, LookupConfig {}

/** Exactly one image, known while the stack is built. Its properties are those of {@link SelectedImage}. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineAccessors adds what the interface says
export class DataHuaweicloudWorkspaceImage extends Construct {
  /** @internal */
  readonly selected: SelectedImage;

  /** @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment */
  constructor(scope: Construct, id: string, config: DataHuaweicloudWorkspaceImageConfig) {
    super(scope, id);
    const [selected] = lookup(this, config, "one");
    this.selected = selected!;
  }

  /** The image as it was listed or pinned: its texts are not escaped for Terraform; what it lacks is undefined. */
  get image(): WorkspaceImage {
    return this.selected.image;
  }
}
/** The image's fields, as properties. */
export interface DataHuaweicloudWorkspaceImage extends ImageAccessors {}
defineAccessors(DataHuaweicloudWorkspaceImage.prototype, ({ selected }) => selected);
