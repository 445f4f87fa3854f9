import { Command } from "commander";
import { readRevocations } from "../pins/revoked";
import { type Verification, verify } from "../pins/verification";
import { printable } from "../text/printable";
import { answerEach, report, sections, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { wrap } from "./layout";
import { listedImages, withListings } from "./listings";
import { colors } from "./output";

/**
 * `workspace-images verify`: every pinned image still exists, unchanged.
 * @lazy
 */
export function verifyCommand(): Command {
  return withCommonOptions(new Command("verify"))
    .summary("check that every pinned image still exists, unchanged")
    .description(
      "Checks that every pinned image still exists, unchanged, and is not revoked. Exit code 1 if not, 2 if an environment could not be reached. It belongs on a schedule; between plan and apply stands guard.",
    )
    .option("--strict", "also fail where an image does not answer its pin's question, or is not listed")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images verify
  workspace-images verify --env 'prod-*' --strict --json`,
    )
    .action(async ({ env, json, strict }: CommonOptions & { strict?: boolean }) => {
      const answers = await withListings((source) =>
        answerEach({ env }, async ({ project, environment, lockFile }) => {
          const otherwise = withoutPins(lockFile);
          if (!lockFile || otherwise) return { verifications: new Map<string, Verification>(), otherwise };
          const { place, ...listings } = await source.environment(environment, lockFile);
          const ids = [...lockFile.pins.values()].flatMap((pin) => pin.images.map(({ id }) => id));
          const images = await listedImages(listings, ids);
          return {
            verifications: verify(lockFile.pins, images, place.region, readRevocations(project.directory)),
          };
        }),
      );
      report(answers, {
        asJson: json,
        json: ({ verifications }) => Object.fromEntries(verifications),
        text: sections(({ verifications, otherwise }, environment) =>
          otherwise ? `${environment}: ${otherwise}` : verificationText(verifications, environment, strict),
        ),
        no: ({ verifications }) =>
          [...verifications.values()].some((verification) => hasFailed(verification, strict)),
      });
    });
}

function verificationText(
  verifications: ReadonlyMap<string, Verification>,
  environment: string,
  strict: boolean | undefined,
): string {
  const lines = [...verifications].map(([name, verification]) => {
    const { reason, unmet, unlisted } = verification;
    const notes = [
      ...(reason === undefined ? [] : [reason]),
      ...(unmet ? [`does not answer its question: ${unmet.join(", ")}`] : []),
      ...(unlisted ? [`adopted, and not listed: ${unlisted.join(", ")}`] : []),
    ];
    const mark = hasFailed(verification, strict)
      ? colors.red("FAIL")
      : notes.length > 0
        ? colors.yellow("note")
        : `${colors.green("ok")}  `;
    return [`  ${mark}  ${printable(name)}`, ...notes.map((note) => wrap(printable(note), "        "))].join(
      "\n",
    );
  });
  if ([...verifications.values()].some((verification) => hasFailed(verification, strict))) {
    lines.push(`  What there is instead: workspace-images outdated --env ${environment}`);
  }
  return `${environment}:\n${lines.join("\n")}`;
}

function hasFailed({ ok, unmet, unlisted }: Verification, strict: boolean | undefined): boolean {
  return !ok || (strict === true && (unmet !== undefined || unlisted !== undefined));
}
