import { PinFilterChangedError } from "../errors";
import { judge } from "../images/judgement";
import { moveCommand } from "../pins/advice";
import { withQuestion } from "../pins/changed-pin";
import { lockFileName } from "../pins/lock-file";
import { describeChange, type Pin } from "../pins/pin";
import type { Known, Lookup, Note, Resolution } from "./resolution";
import { commitAdvice, criterion, describeImages, standing } from "./standing-notes";

/**
 * A changed question keeps its images; what they do not answer is said, and stands in the pin.
 * @lazy
 */
export function recordQuestion(lookup: Lookup, pin: Pin, known: Known): Resolution {
  const { subject, environment, pinName, question } = lookup;
  const change = describeChange(pin, question);
  const commit = commitAdvice(lookup);
  if (known.availability.kind === "frozen") {
    throw new PinFilterChangedError(
      `${subject}: the question was changed after pin "${pinName}" was taken (${change}), and mode frozen records nothing. Run ${lookup.isWithoutApp ? `workspace-images pin --env ${environment.name}` : "cdktf synth with WORKSPACE_IMAGES_MODE=auto"} (it keeps the image, and needs no network), then commit ${lockFileName(environment.name)}.`,
    );
  }
  if (pin.cardinality !== question.cardinality && pin.images.length !== 1) {
    throw new PinFilterChangedError(
      `${subject}: the question was changed after pin "${pinName}" was taken (${change}), and ${pin.images.length} images are pinned: they cannot stand for ${question.cardinality === "one" ? "one" : "all"}. Give the lookup a pinName of its own.`,
    );
  }
  const recorded = withQuestion(pin, question);
  const doubts = pin.images.flatMap((image) =>
    judge(question.filter, image)
      .filter(({ verdict }) => verdict !== "met")
      .map(({ key, verdict, actual }) => {
        const what = criterion(key, question.filter);
        return verdict === "unknown"
          ? `${what} cannot be judged`
          : `${what} is not met (it is ${JSON.stringify(actual) ?? "not there"})`;
      }),
  );
  const kept = `The question of pin "${pinName}" was changed (${change}). It keeps ${describeImages(pin.images)}`;
  const note: Note =
    doubts.length === 0
      ? { level: "info", text: `${kept}. ${commit}` }
      : {
          level: "warn",
          text: `${kept}, but ${[...new Set(doubts)].join(", ")}. To move it: ${moveCommand(pinName, pin, environment)}. ${commit}`,
        };
  const { unmet: _, ...rest } = recorded;
  return { pin: recorded, isNew: true, notes: [note, ...standing(lookup, rest, known)] };
}
