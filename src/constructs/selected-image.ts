import { MissingFieldError } from "../errors";
import { FIELD_NAMES, IMAGE_FIELDS, type WorkspaceImage } from "../images/workspace-image";

type Field = keyof WorkspaceImage;
type DocumentedField = {
  [F in Field]: (typeof IMAGE_FIELDS)[F]["isDocumented"] extends true ? F : never;
}[Field];

/**
 * The fields of an image as plain values. Reading one that the service documents for every image, and that this image
 * lacks, throws a {@link MissingFieldError}, never gives a wrong default; the others may be undefined.
 */
export type ImageAccessors = Required<Pick<WorkspaceImage, DocumentedField>> & {
  readonly [F in Exclude<Field, DocumentedField>]: WorkspaceImage[F] | undefined;
};

/** An image that a lookup selected. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineAccessors adds what the interface says
export class SelectedImage {
  constructor(
    /** The image as it was listed or pinned; what it lacks is undefined here. */
    readonly image: WorkspaceImage,
    private readonly subject: string,
  ) {}

  /** @internal */
  read(field: Field): WorkspaceImage[Field] {
    const value = this.image[field];
    if (value !== undefined || !IMAGE_FIELDS[field].isDocumented) return value;
    throw new MissingFieldError(
      `${this.subject}: image ${this.image.name ?? this.image.id} was listed without ${field}. Give the value in the stack, or read .image.${field}, which may be undefined.`,
    );
  }
}
export interface SelectedImage extends ImageAccessors {}
defineAccessors(SelectedImage.prototype, (selected) => selected);

/** Gives a class a property for every field of an image. */
export function defineAccessors<T extends object>(
  prototype: T,
  selectedOf: (self: T) => { read(field: Field): unknown },
): void {
  for (const field of FIELD_NAMES) {
    Object.defineProperty(prototype, field, {
      get(this: T) {
        return selectedOf(this).read(field);
      },
    });
  }
}
