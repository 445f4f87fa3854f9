import { Command, Option } from "commander";
import { ConfigurationError } from "../errors";
import { lockFileName } from "../pins/lock-file";
import type { Pin } from "../pins/pin";
import { printable } from "../text/printable";
import { formatTime } from "../text/time";
import { answerEach, report, sections } from "./answers";
import { type ChangeOptions, namedEnvironments, reasonOf, withChangeOptions } from "./common-options";
import { count } from "./layout";
import { writeChanges } from "./moves";
import { choosePins, requirePins } from "./pin-names";
import { pinForJson } from "./pins";

interface HoldOptions extends ChangeOptions {
  readonly reason?: string;
  readonly release?: boolean;
}

/**
 * `workspace-images hold <pin…>`: keeps pins where they are, with a reason.
 * @lazy
 */
export function holdCommand(): Command {
  return withChangeOptions(new Command("hold"))
    .summary("keep pins where they are, with a reason, or release them")
    .argument("<pin...>", "pins or patterns")
    .description(
      "Keeps pins where they are: update, promote and pin leave them, and say so. The reason stands in the lock file. Asks no service.",
    )
    .addOption(new Option("--reason <text>", "why").conflicts("release"))
    .option("--release", "let them move again")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images hold office --env prod --reason "printer driver, ticket 4711"
  workspace-images hold 'office-*' --env prod --release`,
    )
    .action(async (names: string[], options: HoldOptions) => {
      const { release, dryRun } = options;
      const reason = reasonOf(options.reason);
      if (!release && !reason) {
        throw new ConfigurationError('Say why: --reason "…" (or --release, to let the pins move again).');
      }
      const env = namedEnvironments(options);
      requirePins(names, env);
      const hold = { reason: reason ?? "", since: formatTime(new Date())! };
      const plans = await answerEach({ env }, ({ project, environment, lockFile }) => {
        const before = choosePins(lockFile?.pins, names);
        const changes = new Map<string, Pin>();
        for (const [name, pin] of before) {
          const { hold: held, ...rest } = pin;
          if (release ? held : held?.reason !== reason) changes.set(name, release ? rest : { ...rest, hold });
        }
        return { project, environment, place: lockFile, before, changes };
      });
      const answers = writeChanges(plans, ({ changes }) => changes, dryRun);
      report(answers, {
        asJson: options.json,
        json: ({ changes }) => Object.fromEntries([...changes].map(([name, pin]) => [name, pinForJson(pin)])),
        text: sections(({ before, changes }, environment) => {
          if (before.size === 0) return `${environment}: it has no pin ${names.join(", ")}`;
          if (changes.size === 0)
            return `${environment}: ${release ? "not held" : "held for this reason already"}`;
          const what = release ? "released" : "held";
          const where = dryRun ? `would be ${what}` : `${what} in ${lockFileName(environment)}`;
          const list = [...changes.keys()].map((name) => `  ${printable(name)}`).join("\n");
          return `${environment}: ${count(changes.size, "pin")} ${where}\n${list}`;
        }),
      });
    });
}
