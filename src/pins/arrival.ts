import { GitError } from "../errors";
import type { GitFolder } from "./git-process";
import { type History, readHistory, type Stay, staysOf } from "./history";
import { hasSameIds, type Pin } from "./pin";
import type { Arrival } from "./policy";

/** Since when an environment has the images of its pins. */
export type Arrivals = (name: string, pin: Pin) => Arrival;

/** Several environments get their images from one place, whose history is read once. */
const histories = new WeakMap<GitFolder, Promise<History>>();

/** By the commits that brought them into the main line; as the pins themselves say it, where git does not know. */
export async function readArrivals(git: GitFolder, environment: string): Promise<Arrivals> {
  let history: History;
  try {
    const known = histories.get(git) ?? readHistory(git);
    histories.set(git, known);
    history = await known;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return (_, pin) => byPin(pin, error.message.replace(/\.$/, ""));
  }
  return (name, pin) => arrivalOf(history, environment, name, pin);
}

/** Since when an environment has had what a pin of it has now. */
export function arrivalOf(history: History, environment: string, name: string, pin: Pin): Arrival {
  const stay = staysOf(history, environment, name).at(-1);
  if (!stay || stay.until || !hasSameIds(stay.images, pin.images)) return byPin(pin, "it is not committed");
  return arrivalAt(stay, history, new Date());
}

/** Since when images have been somewhere; of those that are there no longer, as if they had left now. */
export function arrivalAt(stay: Stay, history: History, now: Date): Arrival {
  const { from, until } = stay;
  // In a shallow clone, the oldest commit seems to bring everything.
  if (history.isShallow && from.id === history.events[0]?.commit.id)
    return byPin(stay, "older commits were not fetched");
  if (!until) return { time: new Date(from.time) };
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  return {
    time: new Date(now.getTime() - (until.time - from.time)),
    note: `as long as from ${day(from.time)} to ${day(until.time)}`,
  };
}

function byPin({ pinnedAt }: Pick<Pin, "pinnedAt">, why: string): Arrival {
  return { time: new Date(pinnedAt), note: `by its pinnedAt: ${why}` };
}
