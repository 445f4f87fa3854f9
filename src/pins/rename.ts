import { ConfigurationError } from "../errors";
import { pruneCommand } from "./advice";
import { withQuestion } from "./changed-pin";
import { hasSameIds, isPinName, isSameQuestion, type Pin, type PinEdits, type Pins } from "./pin";

/**
 * Gives a pin another name, with its images, dates, hold and history. A pin that a synth just took under the new name,
 * because the lookup was renamed first, keeps its question only.
 * @param keep whether the pin stays under its old name, too
 * @returns nothing where there is no such pin
 * @throws ConfigurationError if a pin of the new name has a history of its own, or asks for another number of images
 */
export function renamePin(
  pins: Pins,
  name: string,
  to: string,
  { keep, environment }: { readonly keep: boolean; readonly environment: string },
): PinEdits {
  if (!isPinName(to) || name === to) {
    throw new ConfigurationError(
      `${JSON.stringify(to.slice(0, 255))} cannot be the new name: it must have 1 to 255 characters, no control characters, and be another one.`,
    );
  }
  const pin = pins.get(name);
  if (!pin) return new Map();
  const there = pins.get(to);
  if (there && !isFresh(there, pin)) {
    throw new ConfigurationError(
      `Environment "${environment}" has a pin "${to}" with a history of its own (pinned at ${there.pinnedAt}). If it is not needed, drop it first: ${pruneCommand(to, environment)}`,
    );
  }
  const renamed = there && !isSameQuestion(there, pin) ? withTheirQuestion(pin, there, to, environment) : pin;
  return new Map<string, Pin | undefined>([...(keep ? [] : [[name, undefined] as const]), [to, renamed]]);
}

/** Whether a pin is one that was taken later, and with which nobody has done anything yet. */
function isFresh(pin: Pin, than: Pin): boolean {
  if (hasSameIds(pin.images, than.images) && !pin.hold) return true;
  const { hold, previous, override, adopted } = pin;
  return !hold && !previous && !override && !adopted && pin.pinnedAt >= than.pinnedAt;
}

function withTheirQuestion(pin: Pin, there: Pin, to: string, environment: string): Pin {
  if (pin.cardinality !== there.cardinality && pin.images.length !== 1) {
    throw new ConfigurationError(
      `Environment "${environment}": pin "${to}" asks for ${there.cardinality === "one" ? "one image" : "all images"}, and ${pin.images.length} are pinned. Give its lookup another name.`,
    );
  }
  return withQuestion(pin, there);
}
