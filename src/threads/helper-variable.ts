/** A variable that helper threads have: what is loaded in every process sees by it whether to look for its parent. */
export const HELPER_VARIABLE = "WORKSPACE_IMAGES_HELPER";

/** Whether this may be a helper thread; `parentThread` says whose. */
export function isHelperThread(): boolean {
  return process.env[HELPER_VARIABLE] !== undefined;
}
