import { MissingFieldError } from "../errors";
import {
  type DocumentedImageField,
  FIELD_NAMES,
  IMAGE_FIELDS,
  type WorkspaceImage,
} from "../images/workspace-image";
import { printable } from "../text/printable";
import { isToken } from "../text/tokens";

/**
 * The fields of an image as plain values, for use in a stack: where a text has `${` or `%{`, they are escaped, so that
 * Terraform does not take whoever named the image for the author of a template. Reading a field that the service
 * documents for every image, and that this image lacks, throws a {@link MissingFieldError}, never gives a wrong
 * default; the others may be undefined. So does a text in the form of a CDK token, which no stack can hold, and in HCL
 * one with quotes, backslashes or line breaks, which the CDKs do not escape there.
 */
export type ImageAccessors = Required<Pick<WorkspaceImage, DocumentedImageField>> & {
  readonly [F in Exclude<keyof WorkspaceImage, DocumentedImageField>]: WorkspaceImage[F] | undefined;
};

/** An image that a lookup selected. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineAccessors adds what the interface says
export class SelectedImage {
  /** @param subject who asked for it, for errors */
  constructor(
    /** The image as it was listed or pinned: its texts are not escaped for Terraform; what it lacks is undefined. */
    readonly image: WorkspaceImage,
    private readonly subject: string,
  ) {}

  /** @internal */
  read(field: keyof WorkspaceImage): string | number | undefined {
    const value = this.image[field];
    if (value === undefined && IMAGE_FIELDS[field].isDocumented) {
      throw new MissingFieldError(
        `${this.subject}: image ${printable(this.image.name ?? this.image.id)} was listed without ${field}. Give the value in the stack, or read .image.${field}, which may be undefined.`,
      );
    }
    if (isToken(value)) {
      throw new MissingFieldError(
        `${this.subject}: image ${this.image.id} has a ${field} in the form of a CDK token (${JSON.stringify(value)}), which a stack cannot hold. Give the value in the stack.`,
      );
    }
    if (isHcl() && typeof value === "string" && /["\\\r\n]/.test(value)) {
      throw new MissingFieldError(
        `${this.subject}: image ${printable(this.image.id)} has a ${field} with a quote, a backslash or a line break, which would be no text but code in HCL, because the CDK does not escape it there. Give the value in the stack, or synthesize JSON.`,
      );
    }
    return typeof value === "string" ? value.replace(/[$%](?=\{)/g, "$&$&") : value;
  }
}
/** Whether stacks are written in HCL: the CDKs' command lines say so. */
function isHcl(): boolean {
  return ["true", "1"].includes(process.env.SYNTH_HCL_OUTPUT ?? "");
}

/** The image's fields, as properties. */
export interface SelectedImage extends ImageAccessors {}
defineAccessors(SelectedImage.prototype, (selected) => selected);

/**
 * Gives a class a property for every field of an image.
 * @internal
 */
export function defineAccessors<T extends object>(
  prototype: T,
  selectedOf: (self: T) => Pick<SelectedImage, "read">,
): void {
  for (const field of FIELD_NAMES) {
    Object.defineProperty(prototype, field, {
      get(this: T) {
        return selectedOf(this).read(field);
      },
    });
  }
}
