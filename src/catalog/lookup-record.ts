import { appendFileSync, readFileSync } from "node:fs";

import v = require("valibot");

/** Names a file in which a synth records its lookups; set by `workspace-images prune`. */
const VARIABLE = "WORKSPACE_IMAGES_LOOKUPS";

const recordSchema = v.record(v.string(), v.array(v.string()));

/** Whether this process was started to record its lookups. */
export function isRecording(): boolean {
  return Boolean(process.env[VARIABLE]);
}

/** The variables that make a process record its lookups in a file, and answer them from pins alone. */
export function recordingTo(file: string): Record<string, string> {
  return { [VARIABLE]: file };
}

/** Records the pins that one app asked for, by environment, where this process was started to do so. */
export function recordLookups(lookups: () => Readonly<Record<string, readonly string[]>>): void {
  const file = process.env[VARIABLE];
  // One line an app: a process may synthesize several.
  if (file) appendFileSync(file, `${JSON.stringify(lookups())}\n`);
}

/** The pins that all apps asked for, by environment; undefined if no app was synthesized. */
export function readLookups(file: string): Map<string, Set<string>> | undefined {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  if (lines.length === 0) return undefined;
  const asked = new Map<string, Set<string>>();
  for (const line of lines) {
    for (const [environment, pins] of Object.entries(v.parse(recordSchema, JSON.parse(line)))) {
      const known = asked.get(environment) ?? new Set();
      for (const pin of pins) known.add(pin);
      asked.set(environment, known);
    }
  }
  return asked;
}
