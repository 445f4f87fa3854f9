import { Construct } from "constructs";
import type { SingleImageFilter } from "../images/image-filter";
import type { Architecture, DiskFormat, ImageType, OsType, WorkspaceImage } from "../images/workspace-image";
import { type LookupConfig, lookup } from "./data-huaweicloud-workspace-images";
import type { SelectedImage } from "./selected-image";

/** Configuration of {@link DataHuaweicloudWorkspaceImage}. */
export interface DataHuaweicloudWorkspaceImageConfig extends SingleImageFilter, LookupConfig {}

/**
 * Exactly one image, known while the stack is built. Its properties are those of {@link SelectedImage}.
 */
export class DataHuaweicloudWorkspaceImage extends Construct {
  private readonly selected: SelectedImage;

  /** @throws WorkspaceImagesError of the kind that says why there is no answer, naming construct and environment */
  constructor(scope: Construct, id: string, config: DataHuaweicloudWorkspaceImageConfig) {
    super(scope, id);
    const [selected] = lookup(this, config, "one");
    this.selected = selected!;
  }

  /** The image as it was listed or pinned; what it lacks is undefined here. */
  get image(): WorkspaceImage {
    return this.selected.image;
  }

  /** {@inheritDoc SelectedImage.id} */
  get id(): string {
    return this.selected.id;
  }

  /** {@inheritDoc SelectedImage.name} */
  get name(): string {
    return this.selected.name;
  }

  /** {@inheritDoc SelectedImage.imageType} */
  get imageType(): ImageType {
    return this.selected.imageType;
  }

  /** {@inheritDoc SelectedImage.osType} */
  get osType(): OsType {
    return this.selected.osType;
  }

  /** {@inheritDoc SelectedImage.osVersion} */
  get osVersion(): string {
    return this.selected.osVersion;
  }

  /** {@inheritDoc SelectedImage.diskFormat} */
  get diskFormat(): DiskFormat {
    return this.selected.diskFormat;
  }

  /** {@inheritDoc SelectedImage.minRam} */
  get minRam(): number {
    return this.selected.minRam;
  }

  /** {@inheritDoc SelectedImage.minDisk} */
  get minDisk(): number {
    return this.selected.minDisk;
  }

  /** {@inheritDoc SelectedImage.architecture} */
  get architecture(): Architecture | undefined {
    return this.selected.architecture;
  }

  /** {@inheritDoc SelectedImage.productCode} */
  get productCode(): string | undefined {
    return this.selected.productCode;
  }

  /** {@inheritDoc SelectedImage.createdAt} */
  get createdAt(): string | undefined {
    return this.selected.createdAt;
  }

  /** {@inheritDoc SelectedImage.kmsId} */
  get kmsId(): string | undefined {
    return this.selected.kmsId;
  }
}
