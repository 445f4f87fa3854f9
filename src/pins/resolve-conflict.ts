import { LockFileError } from "../errors";
import { compare } from "../text/compare";
import { MAX_PREVIOUS, stateOf, withQuestion } from "./changed-pin";
import { lockFileName } from "./lock-file";
import type { LockedPlace, LockFile } from "./lock-file-format";
import {
  hasSameIds,
  isSameQuestion,
  type Pin,
  type Pins,
  type Previous,
  questionKey,
  type Reason,
} from "./pin";
import { findOrigins } from "./pin-changes";

/** The versions of a lock file in a conflict; a side that removed the file has none, nor has the base of an added one. */
export interface ConflictSides {
  /** The environment whose file it is. */
  readonly environment: string;
  readonly base?: LockFile | undefined;
  readonly ours?: LockFile | undefined;
  readonly theirs?: LockFile | undefined;
}

/** One side of a conflict. */
export type Side = "ours" | "theirs";

/** A pin that only a person can decide on. */
export interface OpenPin {
  readonly pin: string;
  /** Moved on both sides; moved on one and held on the other; dropped on one and changed on the other. */
  readonly why: "moved" | "held" | "dropped";
  readonly ours: Pin | undefined;
  readonly theirs: Pin | undefined;
}

/** What becomes of a conflict. */
export interface Resolution {
  /** Complete where nothing is open. */
  readonly merged: LockFile;
  readonly open: readonly OpenPin[];
  /** Pins on which `take` decided. */
  readonly decided: readonly string[];
}

/**
 * Merges both sides of a lock file: question, images, hold and `previous` each by itself, where the side that changed
 * something wins. The result is the same with both sides exchanged.
 * @param take the side that somebody decided for, for pins on which only a person can decide
 * @throws LockFileError if the sides are of different regions or projects
 */
export function resolveConflict(
  { environment, base, ours, theirs }: ConflictSides,
  take: (pin: string) => Side | undefined,
): Resolution {
  const place = placeOf(environment, ours, theirs);
  const pins = new Map<string, Pin>();
  const open: OpenPin[] = [];
  const decided: string[] = [];
  for (const [name, versions] of align(pinsOf(base), pinsOf(ours), pinsOf(theirs))) {
    const { ours: one, theirs: other } = versions;
    let merged = mergePin(versions, undefined);
    if (merged && "why" in merged) {
      const taken = take(name);
      if (!taken) {
        open.push({ pin: name, why: merged.why, ours: one, theirs: other });
        continue;
      }
      decided.push(name);
      merged = mergePin(versions, taken) as Pin | undefined;
    }
    if (merged) pins.set(name, merged);
  }
  const [schema] = [ours, theirs].flatMap((file) => file?.schema ?? []).sort();
  const merged = { ...(schema !== undefined && { schema }), environment, ...place, pins };
  return { merged, open, decided };
}

/** One pin on both sides. */
interface Versions {
  readonly base: Pin | undefined;
  readonly ours: Pin | undefined;
  readonly theirs: Pin | undefined;
  /** A side that gave it another name. */
  readonly renamedBy?: Side;
}

function pinsOf(file: LockFile | undefined): Pins {
  return file?.pins ?? new Map();
}

function placeOf(environment: string, ours?: LockFile, theirs?: LockFile): LockedPlace {
  const [one, other] = [ours ?? theirs!, theirs ?? ours!];
  if (one.region !== other.region || one.projectId !== other.projectId) {
    throw new LockFileError(
      `The sides of the conflict in ${lockFileName(environment)} are of different places (${one.region}, project ${one.projectId}; ${other.region}, project ${other.projectId}): their pins cannot be mixed. Take one side whole with git checkout --ours, or --theirs, and git add.`,
    );
  }
  return { region: one.region, projectId: one.projectId };
}

/** Finds what belongs together, under the names that the result has. */
function align(base: Pins, ours: Pins, theirs: Pins): Map<string, Versions> {
  const sides = { ours: renamesOf(base, ours), theirs: renamesOf(base, theirs) };
  /** What a pin of the base has become on a side. */
  const successor = (side: Side, pins: Pins, name: string) => {
    const renamed = [...sides[side]].find(([, from]) => from === name)?.[0];
    return pins.get(renamed ?? name);
  };
  const aligned = new Map<string, Versions>();
  const carried = new Set<string>();
  for (const [side, pins, otherSide, others] of [
    ["ours", ours, "theirs", theirs],
    ["theirs", theirs, "ours", ours],
  ] as const) {
    for (const [name, from] of sides[side]) {
      // Where the other side has a pin of its own under the new name, it is merged with that one.
      const isTaken = others.has(name) && sides[otherSide].get(name) !== from;
      const other = isTaken ? others.get(name) : successor(otherSide, others, from);
      if (!isTaken) carried.add(from);
      const own = pins.get(name);
      const [one, two] = side === "ours" ? [own, other] : [other, own];
      aligned.set(name, {
        base: isTaken ? undefined : base.get(from),
        ours: one,
        theirs: two,
        renamedBy: side,
      });
    }
  }
  for (const name of [...base.keys(), ...ours.keys(), ...theirs.keys()]) {
    if (aligned.has(name) || carried.has(name)) continue;
    aligned.set(name, { base: base.get(name), ours: ours.get(name), theirs: theirs.get(name) });
  }
  return aligned;
}

/** The names that a side gave to pins, and the ones they had. */
function renamesOf(base: Pins, side: Pins): Map<string, string> {
  return new Map(
    [...findOrigins(base, side)].flatMap(([name, { pin, isCopy }]) => (isCopy ? [] : [[name, pin]])),
  );
}

type Open = { readonly why: OpenPin["why"] };

/** @returns undefined where the pin is dropped */
function mergePin(
  { base, ours, theirs, renamedBy }: Versions,
  taken: Side | undefined,
): Pin | Open | undefined {
  if (ours && theirs) return mergeBoth(base, ours, theirs, taken);
  const left = ours ?? theirs;
  if (!base || !left) return left;
  if (!renamedBy && isEqual(left, base)) return undefined;
  if (!taken) return { why: "dropped" };
  return taken === (ours ? "ours" : "theirs") ? left : undefined;
}

function mergeBoth(base: Pin | undefined, ours: Pin, theirs: Pin, taken: Side | undefined): Pin | Open {
  const side = sideOfImages(base, ours, theirs);
  const images = side === "both" ? ours.images : (side === "ours" ? ours : theirs).images;
  const isAgainstHold = [ours, theirs].some(
    (pin) => pin.hold && !isEqual(pin.hold, base?.hold) && !hasSameIds(pin.images, images),
  );
  const isOpen = side === "neither" || isAgainstHold;
  if (isOpen && !taken) return { why: side === "neither" ? "moved" : "held" };
  const decided = isOpen ? taken! : side;
  const winner =
    decided === "ours" ? ours : decided === "theirs" ? theirs : mergeSameImages(base, ours, theirs);
  const loser = decided === "ours" ? theirs : ours;
  const hold = isOpen ? winner.hold : mergeHold(base?.hold, ours.hold, theirs.hold);
  const previous = isOpen ? previousWithLoser(base, winner, loser) : mergePrevious(base, ours, theirs);
  const { pinnedAt, override, adopted } = winner;
  const merged: Pin = {
    filter: winner.filter,
    cardinality: winner.cardinality,
    pinnedAt,
    images: winner.images,
    ...(hold && { hold }),
    ...(previous.length > 0 && { previous }),
    ...(override && { override }),
    ...(adopted && { adopted }),
  };
  const question = mergeQuestion(base, ours, theirs);
  // A question for one image cannot have the several, or none, that a pin of all was moved to.
  const fits = question.cardinality === "all" || merged.images.length === 1;
  return withQuestion(merged, fits ? question : winner);
}

/** The side whose images are taken: `both` where they have the same, `neither` where both moved elsewhere. */
function sideOfImages(base: Pin | undefined, ours: Pin, theirs: Pin): Side | "both" | "neither" {
  if (hasSameIds(ours.images, theirs.images)) return "both";
  if (base && hasSameIds(ours.images, base.images)) return "theirs";
  if (base && hasSameIds(theirs.images, base.images)) return "ours";
  return "neither";
}

/** Where both sides have the same images: as they were described last, and since they were pinned first. */
function mergeSameImages(base: Pin | undefined, ours: Pin, theirs: Pin): Pin {
  if (base && isEqual(imagesOf(ours), imagesOf(base))) return theirs;
  if (base && isEqual(imagesOf(theirs), imagesOf(base))) return ours;
  const [earlier, later] = inOrder(ours, theirs, (pin) => `${pin.pinnedAt} ${JSON.stringify(imagesOf(pin))}`);
  const override = later.override ?? earlier.override;
  return { ...later, pinnedAt: earlier.pinnedAt, ...(override && { override }) };
}

/** What a move changes of a pin. */
function imagesOf({ images, pinnedAt, override, adopted }: Pin) {
  return { images, pinnedAt, override, adopted };
}

/** Where both sides changed it, either: the next synth records what the merged code asks. */
function mergeQuestion(base: Pin | undefined, ours: Pin, theirs: Pin): Pin {
  if (base && isSameQuestion(ours, base)) return theirs;
  if (base && isSameQuestion(theirs, base)) return ours;
  return inOrder(ours, theirs, questionKey)[0];
}

/** Where both sides hold a pin for reasons of their own, both stand. */
function mergeHold(base?: Reason, ours?: Reason, theirs?: Reason): Reason | undefined {
  if (isEqual(ours, theirs) || isEqual(theirs, base)) return ours;
  if (isEqual(ours, base)) return theirs;
  if (!ours || !theirs) return ours ?? theirs;
  const [earlier, later] = inOrder(ours, theirs, ({ since, reason }) => `${since} ${reason}`);
  return {
    reason: earlier.reason === later.reason ? earlier.reason : `${earlier.reason}; ${later.reason}`,
    since: earlier.since,
  };
}

/** What the pin had on either side. */
function mergePrevious(base: Pin | undefined, ours: Pin, theirs: Pin): readonly Previous[] {
  if (isEqual(ours.previous, base?.previous)) return theirs.previous ?? [];
  if (isEqual(theirs.previous, base?.previous)) return ours.previous ?? [];
  const states = [...(ours.previous ?? []), ...(theirs.previous ?? [])];
  const newestFirst = states.sort((a, b) => -compare(keyOf(a), keyOf(b)));
  // Both sides moved away from the same images: they were left when the first one did.
  return newestFirst.filter(({ ids }, at) => !isEqual(ids, newestFirst[at + 1]?.ids)).slice(0, MAX_PREVIOUS);
}

/** What the version that was decided for had, and the images of the other one: somebody may have used them. */
function previousWithLoser(base: Pin | undefined, winner: Pin, loser: Pin): readonly Previous[] {
  const [last, ...rest] = winner.previous ?? [];
  const wasMoved =
    !hasSameIds(loser.images, winner.images) && !(base && hasSameIds(loser.images, base.images));
  const [, later] = inOrder(winner.pinnedAt, loser.pinnedAt, (time) => time);
  const own = [...(last ? [last] : []), ...(wasMoved ? [stateOf(loser, later)] : []), ...rest];
  const known = [winner.images.map(({ id }) => id), ...own.map(({ ids }) => ids)];
  const others = (loser.previous ?? []).filter(({ ids }) => !known.some((other) => isEqual(ids, other)));
  return [...own, ...others].slice(0, MAX_PREVIOUS);
}

function keyOf(state: Previous): string {
  return `${state.until} ${JSON.stringify(state)}`;
}

/** The same order whichever way round they are given. */
function inOrder<T>(a: T, b: T, key: (value: T) => string): [T, T] {
  return key(a) <= key(b) ? [a, b] : [b, a];
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
