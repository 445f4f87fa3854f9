import { isSameQuestion } from "../pins/pin";
import type { Known, Lookup, Resolution } from "./resolution";

/**
 * Answers a lookup. A pin keeps its images whatever is asked; only where there is none, images are chosen: those of a
 * pin with the same question, else those of the environment that this one is promoted from, else the listing's.
 * @throws NotPinnedError, PinFilterChangedError in mode `frozen`, where code and lock file disagree
 * @throws PinFilterChangedError, PinConflictError where no image can be kept
 * @throws EnvironmentUnavailableError, or the error of the selection, where nothing can be chosen
 */
export function resolve(lookup: Lookup, known: Known): Resolution {
  const pin = known.pins.get(lookup.pinName);
  // What most lookups never need is loaded where one does.
  if (!pin) return (require("./new-pin") as typeof import("./new-pin")).takeNew(lookup, known);
  if (isSameQuestion(pin, lookup.question)) {
    if (!pin.unmet && known.revocations.isEmpty) return { pin, isNew: false, notes: [] };
    const { standing } = require("./standing-notes") as typeof import("./standing-notes");
    return { pin, isNew: false, notes: standing(lookup, pin, known) };
  }
  const { recordQuestion } = require("./changed-question") as typeof import("./changed-question");
  return recordQuestion(lookup, pin, known);
}
