import { ConfigurationError } from "../errors";
import { isRecording } from "./lookup-record";

/**
 * How lookups are answered: `frozen` from lock files alone, without a network;
 * `auto` from lock files, and from a listing where a lookup has no pin yet.
 */
export type Mode = "frozen" | "auto";

/**
 * The mode of a run: the option, else the variable WORKSPACE_IMAGES_MODE, else `frozen` in a pipeline, else `auto`.
 * While `workspace-images prune` runs the app it is always `frozen`.
 * @throws ConfigurationError if the option or the variable is another word
 */
export function modeOf(option: Mode | undefined): Mode {
  if (isRecording()) return "frozen";
  const chosen = option ?? (process.env.WORKSPACE_IMAGES_MODE || (isPipeline() ? "frozen" : "auto"));
  if (chosen === "frozen" || chosen === "auto") return chosen;
  throw new ConfigurationError(
    `The mode ${JSON.stringify(chosen)} (${option ? "option mode" : "WORKSPACE_IMAGES_MODE"}) is unknown: use "frozen" or "auto".`,
  );
}

/** Whether this process runs in a pipeline: the variable CI says so, or the variables of a known service are there. */
function isPipeline(): boolean {
  const { CI, BUILDNUMBER, INCREASENUM } = process.env;
  if (CI) return CI !== "false" && CI !== "0";
  // ci-info does not know Huawei CodeArts.
  if (BUILDNUMBER && INCREASENUM) return true;
  // ci-info reads the variables while it is loaded: loaded earlier, it would see others.
  return (require("ci-info") as typeof import("ci-info")).isCI;
}
