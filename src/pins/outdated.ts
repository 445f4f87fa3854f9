import type { Environment } from "../project/environment";
import type { Move, Prospect } from "./moves";
import { isStale, type Pin, type Pins, type Reason } from "./pin";
import type { Circumstances } from "./policy";
import { hasSameImages } from "./update";

/** What a pin needs, the most urgent first. */
const NEEDS = ["unmet", "revoked", "undecided", "held", "stale", "newer"] as const;

/**
 * What is to be said of a pin: its question was changed and its images do not answer it (`unmet`); an image is revoked;
 * nothing can be chosen for it (`undecided`); it is held; it is older than its environment allows (`stale`); there are
 * other images for it (`newer`).
 */
export type Need = (typeof NEEDS)[number];

/** A pin that is not as it should be, or could be. */
export interface OutdatedPin extends Move {
  /** The most urgent first. */
  readonly needs: readonly Need[];
  /** Criteria that its images do not meet. */
  readonly unmet?: readonly string[];
  /** Why its images are revoked. */
  readonly revoked?: readonly string[];
  readonly hold?: Reason;
  /** Why nothing can be chosen for it. */
  readonly problem?: string;
  /** From when on the policy of its environment lets the other images in. */
  readonly ripeAt?: string;
  /** Whether somebody should do something now. */
  readonly callsForAction: boolean;
}

/**
 * The pins that are not as they should be, or could be: first those whose images do not answer their question.
 * @param prospects what would move them in accord with the policies of their environment
 */
export function outdated(
  pins: Pins,
  prospects: readonly Prospect[],
  environment: Environment,
  region: string,
  circumstances: Circumstances,
): Map<string, OutdatedPin> {
  const byName = new Map(prospects.map((prospect) => [prospect.name, prospect]));
  const found = [...pins].flatMap(([name, pin]): [string, OutdatedPin][] => {
    const one = outdatedPin(pin, byName.get(name), environment, region, circumstances);
    return one.needs.some((need) => need !== "held") ? [[name, one]] : [];
  });
  const rank = ({ needs: [first] }: OutdatedPin) => NEEDS.indexOf(first!);
  return new Map(found.sort(([, a], [, b]) => rank(a) - rank(b)));
}

function outdatedPin(
  pin: Pin,
  prospect: Prospect | undefined,
  environment: Environment,
  region: string,
  { revocations, now }: Circumstances,
): OutdatedPin {
  const { images: from, unmet, hold } = pin;
  const objections = prospect?.objections ?? [];
  const problems = objections.filter(({ rule }) => !["hold", "minAgeDays", "promotion"].includes(rule));
  const ripeAt = objections.find(({ rule }) => rule === "minAgeDays")?.ripeAt;
  const to = prospect?.images ?? from;
  const revoked = from.flatMap((image) => revocations.reason(image, region) ?? []);
  const is: Record<Need, boolean> = {
    unmet: unmet !== undefined,
    revoked: revoked.length > 0,
    undecided: problems.length > 0,
    held: hold !== undefined,
    stale: isStale(pin, environment, now),
    newer: problems.length === 0 && !hasSameImages(from, to),
  };
  const waits = ripeAt !== undefined;
  const isDue = is.unmet || is.undecided || ((is.stale || is.newer) && !waits);
  return {
    from,
    to,
    needs: NEEDS.filter((need) => is[need]),
    ...(unmet && { unmet }),
    ...(revoked.length > 0 && { revoked }),
    ...(hold && { hold }),
    ...(problems.length > 0 && { problem: problems.map(({ message }) => message).join("\n") }),
    ...(ripeAt !== undefined && { ripeAt }),
    callsForAction: is.revoked || (isDue && !is.held),
  };
}
