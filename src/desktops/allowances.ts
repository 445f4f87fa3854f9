import v = require("valibot");

import { readEntries } from "../project/entries";
import { text } from "../project/environment";
import { matches } from "../text/pattern";

/** Where allowances stand, relative to the project's folder. */
export const ALLOWANCES_FILE = "workspace-images/allow.json";

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** The content of the file. */
export const allowancesSchema = v.strictObject({
  $schema: v.optional(v.string()),
  allow: v.array(
    v.strictObject({
      address: text,
      reason: text,
      until: v.pipe(v.string(), v.regex(DAY, "must be a day such as 2026-12-31")),
    }),
  ),
});

/** A change that is accepted although no pin explains it. */
export interface Allowance {
  /** Address of the resource; `*` stands for anything. */
  readonly address: string;
  readonly reason: string;
  /** Last day on which it holds, in UTC; for ever where there is none. */
  readonly until?: string;
}

/**
 * Reads the changes that a project accepts.
 * @param directory the project's folder
 * @returns none where there is no file
 * @throws ConfigurationError if the file is not readable, naming the entry that is wrong
 */
export function readAllowances(directory: string): readonly Allowance[] {
  return readEntries(directory, ALLOWANCES_FILE, allowancesSchema)?.allow ?? [];
}

/** The allowance for an address; only one that is over where no other is for it. */
export function findAllowance(
  allowances: readonly Allowance[],
  address: string,
  now = new Date(),
): { readonly allowance: Allowance; readonly isOver: boolean } | undefined {
  const today = dayOf(now);
  const fitting = allowances.filter((allowance) => matches(allowance.address, address));
  const holding = fitting.find(({ until }) => until === undefined || until >= today);
  const allowance = holding ?? fitting[0];
  return allowance && { allowance, isOver: allowance !== holding };
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
