import { ConfigurationError, WorkspaceImagesError } from "../errors";
import { readLockFile } from "../pins/lock-file";
import type { Pin, Pins } from "../pins/pin";
import { choose } from "../text/pattern";
import { openProject } from "./common-options";

/** The pins that names and patterns are about; all where there are none. */
export function choosePins(pins: Pins | undefined, wanted: readonly string[]): Map<string, Pin> {
  if (wanted.length === 0) return new Map(pins);
  const { chosen } = choose(pins?.keys() ?? [], wanted);
  return new Map([...chosen].map((name) => [name, pins!.get(name)!]));
}

/**
 * A misspelt pin must not pass for one that is as it should be.
 * @param wanted names and patterns
 * @param env the environments of which at least one must have each pin
 * @throws ConfigurationError naming what no environment has
 */
export function requirePins(wanted: readonly string[], env: readonly string[] | undefined): void {
  requireKnown(wanted, env, (known) => choose(known, wanted).unknown);
}

/**
 * As {@link requirePins}, of one pin by its name: a pattern is none.
 * @throws ConfigurationError if no environment has it
 */
export function requirePin(name: string, env: readonly string[] | undefined): void {
  requireKnown([name], env, (known) => (known.has(name) ? [] : [name]));
}

function requireKnown(
  wanted: readonly string[],
  env: readonly string[] | undefined,
  unknownAmong: (known: ReadonlySet<string>) => readonly string[],
): void {
  if (wanted.length === 0) return;
  const { project, environments } = openProject(env);
  const known = new Set<string>();
  for (const environment of environments) {
    try {
      for (const name of readLockFile(project.directory, environment)?.pins.keys() ?? []) known.add(name);
    } catch (error) {
      // It may hold the pin; that it cannot be read is reported as its answer.
      if (error instanceof WorkspaceImagesError) return;
      throw error;
    }
  }
  const unknown = unknownAmong(known);
  if (unknown.length === 0) return;
  const names = [...known].sort().slice(0, 50).join(", ");
  throw new ConfigurationError(
    `There is no pin ${unknown.join(", ")} in ${environments.map(({ name }) => name).join(", ")}. Pins: ${names || "none yet; workspace-images pin takes them, or an app's synth"}.`,
  );
}
