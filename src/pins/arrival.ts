import type { Pin } from "./pin";
import type { Arrival } from "./policy";

/** Since when an environment has the images of its pins. */
export type Arrivals = (name: string, pin: Pin) => Arrival;

/** As the pins themselves say it. */
export function arrivalsByPin(note: string): Arrivals {
  return (_, { pinnedAt }) => ({ time: new Date(pinnedAt), note: `by its pinnedAt: ${note}` });
}
