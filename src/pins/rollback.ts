import type { ListedImage, WorkspaceImage } from "../images/workspace-image";
import { printable } from "../text/printable";
import { formatTime } from "../text/time";
import { rollbackCommand } from "./advice";
import { moveTo } from "./changed-pin";
import type { Prospect } from "./moves";
import type { Pin, Pins, Previous } from "./pin";
import { objectionsTo } from "./policy";
import type { Listed } from "./update";

/** Where rollbacks are made, and why. */
export interface RollbackContext extends Omit<Listed, "listings"> {
  /** All images that are there now. */
  readonly listing: readonly ListedImage[];
  /** Where to; by default what a pin had last. */
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
}

/**
 * What pins become that get back what they had before. They are held there, so that the next update does not undo it.
 * An image that is not listed any more is taken as far as the pin remembers it.
 */
export function rollbackProspects(pins: Pins, context: RollbackContext): Prospect[] {
  return [...pins].map(([name, before]) => {
    const target = targetOf(before, context.to);
    return target ? prospectOf(name, before, target, context) : withoutTarget(name, before, context.to);
  });
}

function prospectOf(name: string, before: Pin, target: Previous, context: RollbackContext): Prospect {
  const { environment, region, revocations, now, listing, reason } = context;
  // An image that is described wrongly is taken as one that is not listed: nothing of it can be relied on.
  const listed = new Map(listing.flatMap((image) => (image.oddities ? [] : [[image.id, image]])));
  const images = target.ids.map((id, at) => listed.get(id) ?? remembered(id, target, at));
  const attempt = { environment, region, name, before, images, way: "rollback" } as const;
  const objections = objectionsTo(attempt, { revocations, now });
  const others = (before.previous ?? []).filter(
    ({ ids, names }) =>
      !ids.some((id, at) => revocations.isRevoked({ id, ...(names[at] && { name: names[at] }) }, region)),
  );
  const [other] = others.flatMap(({ ids }) => ids[0] ?? []);
  const from = before.images.map((image) => printable(image.name ?? image.id)).join(", ") || "no image";
  return {
    name,
    before,
    images,
    objections: objections.map((objection) =>
      other === undefined
        ? objection
        : { ...objection, advice: rollbackCommand(name, environment.name, other) },
    ),
    moved: () => ({
      ...moveTo(before, images, { now, adopted: images.some(({ id }) => !listed.has(id)) }),
      hold: {
        reason: `rolled back from ${from}${reason === undefined ? "" : `: ${reason}`}`,
        since: formatTime(now)!,
      },
    }),
  };
}

function withoutTarget(name: string, before: Pin, to: string | undefined): Prospect {
  const known = (before.previous ?? []).flatMap(({ ids, names }) =>
    ids.map((id, at) => `${id} (${names[at]})`),
  );
  const message =
    known.length === 0
      ? "it has had no other image that it remembers"
      : `it has not had ${to}, but: ${known.join(", ")}`;
  return { name, before, images: [], objections: [{ rule: "undecided", message }], moved: () => before };
}

function targetOf({ previous = [] }: Pin, to: string | undefined): Previous | undefined {
  return to === undefined
    ? previous[0]
    : previous.find(({ ids, names }) => ids.includes(to) || names.includes(to));
}

function remembered(id: string, { names, imageType }: Previous, at: number): WorkspaceImage {
  const name = names[at];
  return { id, ...(name && { name }), ...(imageType !== undefined && { imageType }) };
}
