import { ConfigurationError } from "../errors";

/** The checks that a lookup can have skipped. */
const CHECKS: readonly Check[] = ["disk", "imageType", "userGroup", "product", "name", "environment"];

/** Name of a check; docs/desktops.md says what each asks of a resource. */
export type Check = "disk" | "imageType" | "userGroup" | "product" | "name" | "environment";

/** Checks that are not made for resources which use a lookup's images. */
export interface SkippedChecks {
  /** Names of the checks. */
  readonly skip: readonly Check[];
  /** Why they do not apply to those resources; it must say something. */
  readonly reason: string;
}

/**
 * Takes the checks that a lookup has skipped.
 * @throws ConfigurationError if a check is unknown, or the reason is missing
 */
export function parseChecks(checks: SkippedChecks | undefined, subject: string): SkippedChecks | undefined {
  if (checks == null) return undefined;
  const { skip, reason } = checks as { skip?: unknown; reason?: unknown };
  const unknown = Array.isArray(skip) ? skip.find((check) => !CHECKS.includes(check)) : undefined;
  if (!Array.isArray(skip) || unknown !== undefined) {
    throw new ConfigurationError(
      `${subject}: checks.skip must be a list of ${CHECKS.map((check) => `"${check}"`).join(", ")}${unknown === undefined ? "" : `, and has ${JSON.stringify(unknown)}`}.`,
    );
  }
  if (typeof reason !== "string" || reason.trim() === "") {
    throw new ConfigurationError(
      `${subject}: checks.reason must say why ${skip.join(", ") || "a check"} does not apply to the resources that use this image.`,
    );
  }
  return checks;
}
