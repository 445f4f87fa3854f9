import { Command } from "commander";
import { type Verdict, verify } from "../pins/moves";
import { printable } from "../text/printable";
import { answerEach, report, sections, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { wrap } from "./layout";
import { withListings } from "./listings";
import { colors } from "./output";

/** `workspace-images verify`: every pinned image still exists, unchanged. */
export function verifyCommand(): Command {
  return withCommonOptions(new Command("verify"))
    .summary("check that every pinned image still exists, unchanged")
    .description(
      "Checks that every pinned image still exists, unchanged. Exit code 1 if one was deleted or changed, 2 if an environment could not be reached.",
    )
    .addHelpText(
      "after",
      `
Examples:
  workspace-images verify
  workspace-images verify --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await withListings((source) =>
        answerEach({ env }, async ({ environment, lockFile }) => {
          const otherwise = withoutPins(lockFile);
          if (!lockFile || otherwise) return { verdicts: new Map<string, Verdict>(), otherwise };
          const { listing } = await source.environment(environment, lockFile);
          return { verdicts: verify(lockFile.pins, (await listing({})).images) };
        }),
      );
      report(answers, {
        asJson: json,
        json: ({ verdicts }) => Object.fromEntries(verdicts),
        text: sections(({ verdicts, otherwise }, environment) =>
          otherwise ? `${environment}: ${otherwise}` : verdictText(verdicts, environment),
        ),
        no: ({ verdicts }) => hasFailed(verdicts),
      });
    });
}

function verdictText(verdicts: ReadonlyMap<string, Verdict>, environment: string): string {
  const lines = [...verdicts].map(([name, { ok, reason }]) =>
    ok
      ? `  ${colors.green("ok")}    ${printable(name)}`
      : `  ${colors.red("FAIL")}  ${printable(name)}\n${wrap(printable(reason ?? ""), "        ")}`,
  );
  if (hasFailed(verdicts)) {
    lines.push(`  What the filters select now: workspace-images outdated --env ${environment}`);
  }
  return `${environment}:\n${lines.join("\n")}`;
}

function hasFailed(verdicts: ReadonlyMap<string, Verdict>): boolean {
  return [...verdicts.values()].some(({ ok }) => !ok);
}
