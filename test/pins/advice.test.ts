import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { filterOf } from "../../src/cli/filter-options";
import { listCommand as listCommandLine } from "../../src/cli/list";
import { pinCommand as pinCommandLine } from "../../src/cli/pin";
import { parseFilter, type SingleImageFilter } from "../../src/images/image-filter";
import {
  holdCommand,
  listCommand,
  moveCommand,
  pinCommand,
  promoteCommand,
  renameCommand,
} from "../../src/pins/advice";
import type { Question } from "../../src/pins/pin";
import { pinOf } from "../support/pins";

/** The words of a command as a POSIX shell hands them to the program. */
function words(command: string): string[] {
  const script = `set -- ${command}; for word; do printf '%s\\0' "$word"; done`;
  return execFileSync("sh", ["-c", script]).toString().split("\0").slice(0, -1);
}

/** What the command line makes of the words of `workspace-images pin …`. */
function understood(command: string): { name: string | undefined; env: string[]; question: Question } {
  const [program, verb, ...args] = words(command);
  expect([program, verb]).toEqual(["workspace-images", "pin"]);
  const commandLine = pinCommandLine().exitOverride();
  const { operands, unknown } = commandLine.parseOptions(args);
  expect(unknown).toEqual([]);
  const { env, all } = commandLine.opts();
  const cardinality = all ? "all" : "one";
  return {
    name: operands[0],
    env,
    question: { filter: parseFilter(filterOf(commandLine.opts()), cardinality, "pin"), cardinality },
  };
}

const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((value) => !/\p{Cc}/u.test(value));
const shared = {
  imageType: fc.constantFrom("gold", "private"),
  osType: fc.constantFrom("Windows", "Linux", "Other"),
  platform: text,
  architecture: fc.constantFrom("x86", "arm"),
  packageType: text,
  imageId: text,
  name: text,
  nameRegex: fc.constantFrom("^Windows_11", "-\\d+$", 'it\'s "(a|b)" \\$HOME `c`'),
  osVersion: text,
  osVersionRegex: fc.constantFrom("^20$", "--help"),
  diskFormat: text,
  productCode: text,
  minDiskAtMost: fc.nat(1024),
  minRamAtMost: fc.nat(65536),
  createdAfter: fc.constantFrom("2025-01-31", "2025-01-31T08:00:00Z"),
  createdBefore: fc.constant("2026-01-31"),
  sortField: fc.constantFrom("name", "created_at"),
  sortType: fc.constantFrom("asc", "desc"),
};
const filters = {
  all: fc.record(shared, { requiredKeys: [] }),
  one: fc.record(
    { ...shared, mostRecent: fc.constant(true), allowAnyImageType: fc.constant(true) },
    { requiredKeys: ["allowAnyImageType"] },
  ),
};

test("the advised pin command asks, on the command line, what the lookup asks", () => {
  const question = fc.constantFrom("one" as const, "all" as const).chain((cardinality) =>
    filters[cardinality].map((filter) => ({
      filter: parseFilter(filter as SingleImageFilter, cardinality, "test"),
      cardinality,
    })),
  );
  fc.assert(
    fc.property(text, question, (name, asked) => {
      expect(understood(pinCommand(name, asked, "prod"))).toEqual({ name, env: ["prod"], question: asked });
    }),
    { numRuns: 60 },
  );
});

test("every filter of a lookup is an option of the advised command", () => {
  const given = Object.fromEntries(
    Object.entries(shared).map(([key, values]) => [key, fc.sample(values as fc.Arbitrary<unknown>, 1)[0]]),
  );
  const filter = parseFilter({ ...given, mostRecent: true, allowAnyImageType: true }, "one", "test");
  expect(Object.keys(filter)).toHaveLength(20);
  expect(understood(pinCommand("office", { filter, cardinality: "one" }, "prod")).question.filter).toEqual(
    filter,
  );
});

test("the advised list command lists what a question asks, without choosing the newest", () => {
  const filter = { imageType: "gold", minDiskAtMost: 80, mostRecent: true, nameRegex: "^Windows 11" };
  const command = listCommand("prod", { filter });
  expect(command).toBe(
    "workspace-images list --env prod --image-type gold --min-disk-at-most 80 --name-regex '^Windows 11'",
  );
  const commandLine = listCommandLine().exitOverride();
  expect(commandLine.parseOptions(words(command).slice(2)).unknown).toEqual([]);
  const { mostRecent: _, ...criteria } = filter;
  expect(filterOf(commandLine.opts())).toEqual(criteria);
});

test("a name that looks like an option, or has quotes in it, stays a name", () => {
  expect(words(renameCommand("-old", "it's"))).toEqual(["workspace-images", "rename", "--", "-old", "it's"]);
  expect(words(promoteCommand("dev", "prod", "--all"))).toEqual([
    ..."workspace-images promote -- dev prod --all".split(" "),
  ]);
});

test("a pin moves as the policy of its environment says, once it is released", () => {
  const hold = { reason: "printer driver", since: "2026-01-01T00:00:00Z" };
  const governed = { name: "prod", promotion: { from: "staging" } };
  expect(moveCommand("office", pinOf("a"), { name: "dev" })).toBe("workspace-images update office --env dev");
  expect(moveCommand("office", pinOf("a", { hold }), governed)).toBe(
    `${holdCommand("office", "prod", { release: true })} && workspace-images promote staging prod office`,
  );
});
