import { describeImage } from "../images/explanation";
import type { SingleImageFilter } from "../images/image-filter";
import type { WorkspaceImage } from "../images/workspace-image";
import { moveCommand } from "../pins/advice";
import { type LockedPlace, lockFileName } from "../pins/lock-file";
import type { Pin } from "../pins/pin";
import type { Known, Lookup, Note } from "./resolution";

/** What is said of a pin in every run, as long as it is so. */
export function standing(
  { environment, pinName }: Pick<Lookup, "environment" | "pinName">,
  pin: Pin,
  known: Known,
): Note[] {
  const notes: Note[] = [];
  const place = placeOf(known);
  if (pin.unmet) {
    const { filter } = pin;
    const unmet = pin.unmet.map((key) => criterion(key, filter)).join(", ");
    notes.push({
      level: "warn",
      text: `Pin "${pinName}" keeps ${describeImages(pin.images)}, although its question asks for something else: ${unmet}. To move it: ${moveCommand(pinName, pin, environment)}`,
    });
  }
  for (const image of pin.images) {
    const revoked = place && known.revocations.reason(image, place.region);
    if (revoked !== undefined) {
      notes.push({
        level: "warn",
        text: `Pin "${pinName}" has the revoked image ${describeImage(image)}: ${revoked}. To move it: ${moveCommand(pinName, pin, environment)}`,
      });
    }
  }
  return notes;
}

/** Where an environment's images are; undefined as long as it has no lock file and is not listed. */
export function placeOf({
  place,
  availability,
}: Pick<Known, "place" | "availability">): LockedPlace | undefined {
  return place ?? (availability.kind === "listed" ? availability.place : undefined);
}

/** A criterion as messages name it. */
export function criterion(key: string, filter: SingleImageFilter): string {
  return `${key} ${JSON.stringify(filter[key as keyof SingleImageFilter]) ?? ""}`.trimEnd();
}

/** Images as messages name them. */
export function describeImages(images: readonly WorkspaceImage[]): string {
  return images.map(describeImage).join(", ") || "no image";
}

/** What makes a pin last. */
export function commitAdvice({ environment, isWithoutApp }: Lookup): string {
  const file = lockFileName(environment.name);
  return isWithoutApp ? `Commit ${file}.` : `Once the synth has succeeded, commit ${file}.`;
}
