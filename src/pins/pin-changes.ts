import { compare } from "../text/compare";
import { hasIds, hasSameIds, isSameQuestion, type Pin, type Pins, type Previous } from "./pin";

/** What happened to a pin; `renewed` is the same images, described or dated anew. */
export type Happening =
  | "pinned"
  | "dropped"
  | "renamed"
  | "copied"
  | "moved"
  | "moved back"
  | "renewed"
  | "asks otherwise"
  | "held"
  | "released";

/** What happened to a pin between two states of its lock file. */
export interface PinChange {
  /** Its name after the change; before it, where it was dropped. */
  readonly pin: string;
  /** The pin that it was renamed or copied from. */
  readonly was?: string;
  /** The pin that had its name before, and gave way to it. */
  readonly replaced?: Pin;
  readonly before?: Pin;
  readonly after?: Pin;
  readonly what: readonly Happening[];
}

/** What happened to the pins of an environment between two states, by name. */
export function pinChanges(before: Pins, after: Pins): PinChange[] {
  const origins = new Map([...findOrigins(before, after), ...findReplacements(before, after)]);
  const renamed = new Set([...origins.values()].flatMap(({ pin, isCopy }) => (isCopy ? [] : [pin])));
  const changes = [...after].flatMap(([pin, now]): PinChange[] => {
    const origin = origins.get(pin);
    const old = before.get(origin?.pin ?? pin);
    if (!old) return [{ pin, after: now, what: ["pinned"] }];
    if (old === now && !origin) return [];
    const what: Happening[] = [...(origin ? [originOf(origin)] : []), ...happenings(old, now)];
    const replaced = origin && before.get(pin);
    return what.length > 0
      ? [
          {
            pin,
            ...(origin && { was: origin.pin }),
            ...(replaced && { replaced }),
            before: old,
            after: now,
            what,
          },
        ]
      : [];
  });
  for (const [pin, old] of before) {
    if (!after.has(pin) && !renamed.has(pin)) changes.push({ pin, before: old, what: ["dropped"] });
  }
  return changes.sort((a, b) => compare(a.pin, b.pin));
}

/** Where a pin that is new under its name comes from. */
export interface Origin {
  /** Its name before. */
  readonly pin: string;
  /** Whether that pin is still there. */
  readonly isCopy: boolean;
}

/** The pins that are new under their names, and come from others. */
export function findOrigins(before: Pins, after: Pins): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  const dropped = new Map([...before].filter(([name]) => !after.has(name)));
  for (const [name, pin] of after) {
    if (before.has(name)) continue;
    const from = closest(dropped, (old) => descends(pin, old), pin);
    const copied = from ?? closest(before, (old) => isSameState(pin, old), pin);
    if (from !== undefined) dropped.delete(from);
    if (copied !== undefined) origins.set(name, { pin: copied, isCopy: from === undefined });
  }
  return origins;
}

/** The pins that took the places of others: a synth took these because the lookups were renamed first. */
function findReplacements(before: Pins, after: Pins): Map<string, Origin> {
  const gone = [...before].filter(([name]) => !after.has(name));
  const replacements = new Map<string, Origin>();
  for (const [name, pin] of after) {
    const old = before.get(name);
    if (gone.length === 0 || !old || isSameState(old, pin)) continue;
    const from = gone.find(([, other]) => isSameState(other, pin));
    if (from) replacements.set(name, { pin: from[0], isCopy: false });
  }
  return replacements;
}

/** Of several that fit, one that asks the same; else the first. */
function closest(pins: Pins, fits: (pin: Pin) => boolean, pin: Pin): string | undefined {
  const fitting = [...pins].filter(([, old]) => fits(old));
  return (fitting.find(([, old]) => isSameQuestion(old, pin)) ?? fitting[0])?.[0];
}

function isSameState(a: Pin, b: Pin): boolean {
  return hasSameIds(a.images, b.images) && a.pinnedAt === b.pinnedAt;
}

/** Whether a pin is another one as it was, or after moves: its history begins with the other's. */
function descends(pin: Pin, from: Pin): boolean {
  if (isSameState(pin, from)) return true;
  const { previous = [] } = pin;
  const at = previous.findIndex(({ ids }) => hasIds(from, ids));
  return at >= 0 && isBeginning(previous.slice(at + 1), from.previous ?? []);
}

/** The oldest of a pin's earlier states are forgotten. */
function isBeginning(part: readonly Previous[], whole: readonly Previous[]): boolean {
  return (
    part.length <= whole.length &&
    part.every((state, at) => JSON.stringify(state) === JSON.stringify(whole[at]))
  );
}

function originOf({ isCopy }: Origin): Happening {
  return isCopy ? "copied" : "renamed";
}

function happenings(before: Pin, after: Pin): Happening[] {
  const what: Happening[] = [];
  if (!hasSameIds(before.images, after.images)) {
    const isReturn = before.previous?.some(({ ids }) => hasIds(after, ids));
    what.push(isReturn ? "moved back" : "moved");
  } else if (
    before.pinnedAt !== after.pinnedAt ||
    JSON.stringify(before.images) !== JSON.stringify(after.images)
  ) {
    what.push("renewed");
  }
  if (!isSameQuestion(before, after)) what.push("asks otherwise");
  if (JSON.stringify(before.hold) !== JSON.stringify(after.hold)) what.push(after.hold ? "held" : "released");
  return what;
}

/**
 * The environment whose pins a new one has: environments that were pinned together may share some, one that was
 * renamed or split off has most.
 */
export function originOfEnvironment(
  pins: Pins,
  others: Iterable<readonly [string, Pins]>,
): string | undefined {
  let origin: string | undefined;
  let most = pins.size / 2;
  for (const [environment, theirs] of others) {
    const same = [...pins].filter(([name, pin]) => {
      const other = theirs.get(name);
      return other !== undefined && isSameState(pin, other);
    }).length;
    if (same > most) [origin, most] = [environment, same];
  }
  return origin;
}
