import type { Environment } from "../project/environment";
import { arrivalAt } from "./arrival";
import { type History, staysOf } from "./history";
import type { LockFile } from "./lock-file-format";
import { originOfEnvironment, type PinChange, pinChanges } from "./pin-changes";
import { checkMove, type Objection, type SourceState } from "./policy";
import type { Policies } from "./revision";

/** What happened to one environment between a commit and now. */
export interface ReviewedEnvironment {
  readonly environment: string;
  /** Its name in the commit, where it had another one. */
  readonly was?: string;
  readonly before: LockFile | undefined;
  readonly after: LockFile | undefined;
  readonly changes: readonly PinChange[];
}

/**
 * What happened to an environment.
 * @param removed the lock files of the commit that are there no longer: one may have got this environment's name
 */
export function reviewEnvironment(
  environment: string,
  before: LockFile | undefined,
  after: LockFile | undefined,
  removed: ReadonlyMap<string, LockFile>,
): ReviewedEnvironment {
  const pinsOf = [...removed].map(([name, { pins }]) => [name, pins] as const);
  const was = !before && after ? originOfEnvironment(after.pins, pinsOf) : undefined;
  const old = was === undefined ? before : removed.get(was);
  const changes = pinChanges(old?.pins ?? new Map(), after?.pins ?? new Map());
  return { environment, ...(was !== undefined && { was }), before: old, after, changes };
}

/** What a review goes by. */
export interface ReviewContext {
  /** The policies of the commit, by which moves since then are judged. */
  readonly base: Policies;
  /** Those of now, for environments that the commit does not have, and images that were revoked since. */
  readonly current: Policies;
  /** The history up to the commit. */
  readonly history: History;
  /** The lock files of now. */
  readonly lockFiles: ReadonlyMap<string, LockFile>;
  readonly now: Date;
}

/** What the policies have against what happened to an environment, by pin. */
export function reviewMoves(
  { environment: name, was, after, changes }: ReviewedEnvironment,
  context: ReviewContext,
): Map<string, Objection[]> {
  const { base, current, now } = context;
  const found = new Map<string, Objection[]>();
  const environment = base.environments.get(was ?? name) ?? current.environments.get(name) ?? { name };
  for (const change of changes) {
    if (!change.after || !after) continue;
    const move = {
      environment,
      place: after,
      name: change.pin,
      // Policies do not govern new pins, and a copy is one.
      before: change.what.includes("copied") ? undefined : change.before,
      after: change.after,
      sources: sourcesOf(environment, change, context),
    };
    const objections = [base, current].flatMap(({ revocations }) => checkMove(move, { revocations, now }));
    const distinct = [...new Map(objections.map((objection) => [objection.message, objection])).values()];
    if (distinct.length > 0) found.set(change.pin, distinct);
  }
  return found;
}

/** What `promotion.from` has or had under a pin's name: as the history has it, and as it is now. */
function sourcesOf(
  { promotion }: Environment,
  { pin, was = pin }: PinChange,
  { history, lockFiles, now }: ReviewContext,
): SourceState[] {
  const place = promotion && lockFiles.get(promotion.from);
  if (!promotion || !place) return [];
  const stays = staysOf(history, promotion.from, was).map(
    (stay): SourceState => ({ place, images: stay.images, since: arrivalAt(stay, history, now) }),
  );
  const current = place.pins.get(pin);
  const fresh = { time: now, note: "with this change" };
  return current ? [...stays, { place, images: current.images, since: fresh }] : stays;
}
