import { isSameRelease } from "./counterpart";
import type { HistoryEvent, Lane } from "./history";
import type { Pin } from "./pin";

/**
 * The command that did what git knows of a pin, as far as the lock files tell: where another command, a synth or an edit
 * leaves the same behind, none is named.
 * @param lanes all pins over time
 * @param source the environment that its images come from alone, by policy
 */
export function changeCommand(
  { change, lane, commit, isFileGone }: HistoryEvent,
  lanes: readonly Lane[],
  source: string | undefined,
): string | undefined {
  const { what = [], before, after } = change ?? {};
  const [only] = what;
  if (only === "dropped") return isFileGone ? undefined : "prune";
  if (!before || !after) return after?.adopted ? "pin" : undefined;
  if (what.length === 1 && only === "held") return "hold";
  if (what.length === 1 && only === "released") return "hold --release";
  // Only a rollback holds what it moves, in the same second.
  if (what.includes("moved back") && after.hold?.since === after.pinnedAt) return "rollback";
  if (after.adopted && !before.adopted) return "pin";
  const isAgainstPolicy = after.override?.since === after.pinnedAt;
  if (!what.includes("moved") || source === undefined || isAgainstPolicy || !lane) return undefined;
  const had = lanes.some(
    ({ environment, pin, spans }) =>
      environment === source &&
      pin === lane.pin &&
      spans.some(
        ({ from, until, state }) =>
          from.time <= commit.time &&
          (until === undefined || until.time >= commit.time) &&
          hasSameReleases(state, after),
      ),
  );
  return had ? `promote ${source} ${lane.environment}` : undefined;
}

/** Whether two pins have the same images; another region has them under other IDs. */
function hasSameReleases({ images }: Pin, other: Pin): boolean {
  return (
    images.length === other.images.length &&
    images.every((image) => other.images.some((one) => one.id === image.id || isSameRelease(one, image)))
  );
}
