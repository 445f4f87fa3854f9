import { Command } from "commander";
import pc from "picocolors";
import { type Verdict, verify } from "../pinning";
import { answerEach, type CommonOptions, withCommonOptions, withListings } from "./environments";
import { report } from "./output";

/** `workspace-images verify`: every pinned image still exists, unchanged. */
export function verifyCommand(): Command {
  return withCommonOptions(new Command("verify"))
    .description("Checks that every pinned image still exists, unchanged. Exit code 1 if one does not.")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images verify
  workspace-images verify --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await withListings("Listing images", (source) =>
        answerEach({ env }, async ({ environment, lockFile }) => {
          if (!lockFile || lockFile.pins.size === 0) return new Map<string, Verdict>();
          const { listing } = await source.environment(environment, lockFile);
          return verify(lockFile.pins, (await listing({})).images);
        }),
      );
      report(answers, {
        asJson: json,
        json: (verdicts) => Object.fromEntries(verdicts),
        text: (verdicts, environment) =>
          verdicts.size === 0
            ? `${environment}: no pins`
            : `${environment}:\n${[...verdicts].map(([name, verdict]) => describe(name, verdict)).join("\n")}`,
        no: (verdicts) => [...verdicts.values()].some(({ ok }) => !ok),
      });
    });
}

function describe(name: string, { ok, reason }: Verdict): string {
  return ok ? `  ${pc.green("ok")}   ${name}` : `  ${pc.red("FAIL")} ${name}\n       ${reason}`;
}
