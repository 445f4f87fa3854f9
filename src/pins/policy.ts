import { describeImage } from "../images/explanation";
import type { WorkspaceImage } from "../images/workspace-image";
import type { Environment } from "../project/environment";
import { formatTime } from "../text/time";
import { holdCommand, listCommand, promoteCommand } from "./advice";
import { unmetCriteria } from "./changed-pin";
import { standsFor } from "./counterpart";
import type { LockedPlace } from "./lock-file-format";
import { hasIds, hasSameIds, isSameQuestion, type Pin } from "./pin";
import type { Revocations } from "./revoked";

const DAY = 24 * 3600 * 1000;

/**
 * What can stand against a move: a policy, that the images do not answer the pin's question (`unmet`), that the question
 * does not select one image (`undecided`), or that an image is not to be found in the other place (`counterpart`).
 */
export type Rule = "revoked" | "hold" | "promotion" | "minAgeDays" | "unmet" | "undecided" | "counterpart";

/** Why a pin must not move to other images. */
export interface Objection {
  readonly rule: Rule;
  /** The policy and what it says of this pin, without the pin's name. */
  readonly message: string;
  /** The command that is in accord with the policy, where there is one. */
  readonly advice?: string;
  /** From when on the policy forbids it no longer, UTC, to the second. */
  readonly ripeAt?: string;
}

/** Since when an environment has had the images of a pin. */
export interface Arrival {
  readonly time: Date;
  /** How that is known, where it is not from git. */
  readonly note?: string;
}

/** How images get into a pin. */
export type Way = "pin" | "update" | "rollback" | { readonly from: string; readonly since: Arrival };

/** A move of a pin that somebody wants. */
export interface Attempt {
  readonly environment: Environment;
  /** Region of the images. */
  readonly region: string;
  readonly name: string;
  /** The pin as it is; undefined where it is new: policies govern moves of pins that exist. */
  readonly before: Pin | undefined;
  readonly images: readonly WorkspaceImage[];
  readonly way: Way;
}

/** What policies are judged by, beside the environment's own. */
export interface Circumstances {
  readonly revocations: Revocations;
  readonly now: Date;
}

/** Whether a reason given with `--override` is enough: revoked images and unanswered questions stay forbidden. */
export function canBeOverridden({ rule }: Objection): boolean {
  return rule === "hold" || rule === "promotion" || rule === "minAgeDays";
}

/** What the policies of an environment have against a move; nothing where no image changes. */
export function objectionsTo(attempt: Attempt, circumstances: Circumstances): Objection[] {
  const { before, images, way } = attempt;
  if (before && hasSameIds(before.images, images)) return [];
  const objections = revokedAmong(attempt, circumstances);
  if (!before || way === "rollback") return objections;
  return [...objections, ...heldBack(attempt), ...notPromoted(attempt, circumstances)];
}

function revokedAmong(
  { images, region }: Pick<Attempt, "images" | "region">,
  { revocations }: Circumstances,
): Objection[] {
  return images.flatMap((image) => {
    const reason = revocations.reason(image, region);
    return reason === undefined
      ? []
      : [{ rule: "revoked", message: `${describeImage(image)} is revoked: ${reason}` } as const];
  });
}

/** That a pin is held, where it is. */
export function heldBack({
  environment,
  name,
  before,
}: Pick<Attempt, "environment" | "name" | "before">): Objection[] {
  const { hold } = before ?? {};
  if (!hold) return [];
  return [
    {
      rule: "hold",
      message: `it is held since ${hold.since}: ${hold.reason}`,
      advice: holdCommand(name, environment.name, { release: true }),
    },
  ];
}

function notPromoted(attempt: Attempt, { revocations, now }: Circumstances): Objection[] {
  const { environment, region, name, before, way } = attempt;
  const { promotion } = environment;
  if (!promotion) return [];
  const advice = promoteCommand(promotion.from, environment.name, name);
  if (typeof way === "string" || way.from !== promotion.from) {
    return [
      {
        rule: "promotion",
        message: `the images of "${environment.name}" come from "${promotion.from}", by promotion alone`,
        advice,
      },
    ];
  }
  const { from, minAgeDays = 0 } = promotion;
  const isUrgent = before?.images.some((image) => revocations.isRevoked(image, region));
  const { since } = way;
  const ripe = since.time.getTime() + minAgeDays * DAY;
  if (isUrgent || now.getTime() >= ripe) return [];
  const ripeAt = formatTime(new Date(Math.ceil(ripe / 1000) * 1000))!;
  const had = `"${from}" has had it since ${formatTime(since.time)}${since.note ? ` (${since.note})` : ""}`;
  return [
    {
      rule: "minAgeDays",
      message: `${had}, and "${environment.name}" takes what it has had for ${minAgeDays} days: from ${ripeAt} on`,
      advice,
      ripeAt,
    },
  ];
}

/** A pin as `promotion.from` has it, or had it. */
export interface SourceState {
  readonly place: LockedPlace;
  readonly images: readonly WorkspaceImage[];
  readonly since: Arrival;
}

/** A move that was made, by whatever means. */
export interface ReviewedMove {
  /** With the policies that stood before the move. */
  readonly environment: Environment;
  readonly place: LockedPlace;
  readonly name: string;
  /** Undefined where the pin is new. */
  readonly before: Pin | undefined;
  readonly after: Pin;
  /** What `promotion.from` has under this name, and had before; empty without that policy. */
  readonly sources: readonly SourceState[];
}

/**
 * What the policies have against a move that was made, whoever made it: by a command, a copied file, another version
 * of the tool or by hand. In order are a move that notes why it goes against a policy, a return to what the pin had
 * before which is held there, and images that `promotion.from` has, or had, for long enough.
 */
export function checkMove(move: ReviewedMove, circumstances: Circumstances): Objection[] {
  const { environment, place, name, before, after, sources } = move;
  const { region } = place;
  const isReturn =
    after.hold !== undefined && before?.previous?.some(({ ids }) => hasIds(after, ids)) === true;
  const attempt = { environment, region, name, before, images: after.images };
  const ways: Way[] = isReturn
    ? ["rollback"]
    : sources
        .filter((source) => hasCounterparts(after.images, place, source))
        .map(({ since }): Way => ({ from: environment.promotion?.from ?? "", since }));
  const judged = (ways.length > 0 ? ways : (["update"] as const)).map((way) =>
    objectionsTo({ ...attempt, way }, circumstances),
  );
  const [best = []] = judged.toSorted((a, b) => a.length - b.length);
  const isOverridden = after.override !== undefined && after.override.since === after.pinnedAt;
  // A hold that was released in the same change is no longer there to be observed.
  const isReleased = after.hold === undefined;
  return [
    ...best.filter(
      (objection) =>
        !(isOverridden && canBeOverridden(objection)) && !(isReleased && objection.rule === "hold"),
    ),
    ...(isReturn || after.adopted ? [] : notAnswering(move)),
  ];
}

/** What a moved image does not answer, unless the question was changed after the move. */
function notAnswering({ environment, before, after }: ReviewedMove): Objection[] {
  if (!before || hasSameIds(before.images, after.images) || !isSameQuestion(before, after)) return [];
  const unmet = unmetCriteria(after, after.images);
  return unmet.length === 0 ? [] : [unanswered(after, environment.name, after.images, unmet)];
}

/** That images do not answer the question of their pin. */
export function unanswered(
  { filter }: Pick<Pin, "filter">,
  environment: string,
  images: readonly WorkspaceImage[],
  unmet: readonly string[],
): Objection {
  const criteria = unmet.map((key) => `${key} ${JSON.stringify(filter[key as keyof typeof filter])}`);
  return {
    rule: "unmet",
    message: `${images.map(describeImage).join(", ")} does not answer its question: ${criteria.join(", ")}`,
    advice: listCommand(environment, { filter }),
  };
}

/** Whether every image stands for one of the source's, and every one of those has its own. */
function hasCounterparts(
  images: readonly WorkspaceImage[],
  place: LockedPlace,
  source: Pick<SourceState, "place" | "images">,
): boolean {
  const left = new Set(source.images);
  for (const image of images) {
    const found = [...left].find((other) => standsFor(image, place, other, source.place));
    if (!found) return false;
    left.delete(found);
  }
  return left.size === 0;
}
