import { MissingFieldError } from "../errors";
import type { Architecture, DiskFormat, ImageType, OsType, WorkspaceImage } from "../images/workspace-image";

/**
 * An image that a lookup selected. Fields that the service documents for every image are plain values;
 * reading one that this image lacks is an error, never a wrong default.
 */
export class SelectedImage {
  constructor(
    /** The image as it was listed or pinned; what it lacks is undefined here. */
    readonly image: WorkspaceImage,
    private readonly subject: string,
  ) {}

  /** Image ID, unique in its region (`id`). */
  get id(): string {
    return this.image.id;
  }

  /**
   * Image name (`name`).
   * @throws MissingFieldError if the image has none
   */
  get name(): string {
    return this.required("name");
  }

  /**
   * Public (`gold`) or private (`image_type`).
   * @throws MissingFieldError if the image has none
   */
  get imageType(): ImageType {
    return this.required("imageType");
  }

  /**
   * Operating system type (`os_type`).
   * @throws MissingFieldError if the image has none
   */
  get osType(): OsType {
    return this.required("osType");
  }

  /**
   * Exact operating system version (`os_version`).
   * @throws MissingFieldError if the image has none
   */
  get osVersion(): string {
    return this.required("osVersion");
  }

  /**
   * Disk format (`disk_format`).
   * @throws MissingFieldError if the image has none
   */
  get diskFormat(): DiskFormat {
    return this.required("diskFormat");
  }

  /**
   * Least memory in MB, usually 0 (`min_ram`).
   * @throws MissingFieldError if the image has none
   */
  get minRam(): number {
    return this.required("minRam");
  }

  /**
   * Least system disk in GB, 40 to 1024 (`min_disk`).
   * @throws MissingFieldError if the image has none
   */
  get minDisk(): number {
    return this.required("minDisk");
  }

  /** Architecture (`architecture`), where the service says it. */
  get architecture(): Architecture | undefined {
    return this.image.architecture;
  }

  /** Product code (`product_code`), where the service says it. */
  get productCode(): string | undefined {
    return this.image.productCode;
  }

  /** Creation time, UTC (`created_at`), where the service says it. */
  get createdAt(): string | undefined {
    return this.image.createdAt;
  }

  /** ID of the KMS key that encrypts the image (`kms_id`), where it is encrypted. */
  get kmsId(): string | undefined {
    return this.image.kmsId;
  }

  private required<Field extends keyof WorkspaceImage>(field: Field): NonNullable<WorkspaceImage[Field]> {
    const value = this.image[field];
    if (value !== undefined) return value;
    throw new MissingFieldError(
      `${this.subject}: image ${this.image.name ?? this.image.id} was listed without ${field}. Give the value in the stack, or read .image.${field}, which may be undefined.`,
    );
  }
}
