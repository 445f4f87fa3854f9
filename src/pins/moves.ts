import { MoveError } from "../errors";
import type { WorkspaceImage } from "../images/workspace-image";
import type { Pin } from "./pin";
import { canBeOverridden, type Objection, type Rule } from "./policy";

/** The images of a pin before and after. */
export interface Move {
  readonly from: readonly WorkspaceImage[];
  readonly to: readonly WorkspaceImage[];
  /** Whether they stay pinned since when they were, because the question alone is another one. */
  readonly isKept?: boolean;
}

/** What one pin is to become, and what speaks against it. */
export interface Prospect {
  readonly name: string;
  /** Undefined where the pin is new. */
  readonly before: Pin | undefined;
  /** What it would get; none or several where it is not decided. */
  readonly images: readonly WorkspaceImage[];
  readonly objections: readonly Objection[];
  /** The pin after the move, with the reason where it goes against a policy. */
  moved(override: string | undefined): Pin;
}

/** What stands before the command that is in accord with a rule. */
const INTRODUCTIONS: Partial<Record<Rule, string>> = {
  hold: "First run:",
  promotion: "Instead run:",
  revoked: "Instead run:",
  counterpart: "See:",
  unmet: "What answers it:",
};

/** What is done, and what is left as it is. */
export interface Decided {
  readonly moved: ReadonlyMap<string, Pin>;
  readonly left: ReadonlyMap<string, Prospect>;
}

/** How it is decided what moves. */
export interface Decision {
  /** The environment, for errors. */
  readonly environment: string;
  /** Why policies do not count this time. */
  readonly override?: string | undefined;
  /** Whether a pin may be left as it is for this reason, while the others move. */
  readonly leaves: (objection: Objection) => boolean;
  /** What to say after the refusals. */
  readonly next: string;
}

/**
 * What moves, and what is left.
 * @throws MoveError naming every pin that cannot move and must not be left: then none moves
 */
export function decide(
  prospects: readonly Prospect[],
  { environment, override, leaves, next }: Decision,
): Decided {
  const moved = new Map<string, Pin>();
  const left = new Map<string, Prospect>();
  const refused: Prospect[] = [];
  for (const prospect of prospects) {
    const { name } = prospect;
    const objections = prospect.objections.filter(
      (objection) => override === undefined || !canBeOverridden(objection),
    );
    const isOverridden = objections.length < prospect.objections.length;
    if (objections.length === 0) moved.set(name, prospect.moved(isOverridden ? override : undefined));
    else if (objections.some(leaves)) left.set(name, { ...prospect, objections });
    else refused.push({ ...prospect, objections });
  }
  if (refused.length === 0) return { moved, left };
  const refusals = refused.flatMap(({ name: pin, objections }) =>
    objections.map((objection) => ({ pin, ...objection })),
  );
  const lines = refusals.map(({ pin, rule, message, advice }) => {
    const text = `  ${pin}: ${message}${/[.!?]$/.test(message) ? "" : "."}`;
    // Not of images that are not ripe: the message says from when on the same command works.
    return advice === undefined || rule === "minAgeDays" ? text : `${text} ${INTRODUCTIONS[rule]} ${advice}`;
  });
  const nevertheless =
    override === undefined && refusals.some(canBeOverridden)
      ? ' Against hold and policy: --override --reason "…".'
      : "";
  throw new MoveError(
    `No pin of environment "${environment}" was moved:\n${lines.join("\n")}\n${next}${nevertheless}`,
    refusals,
  );
}
