import { Command } from "commander";
import pc from "picocolors";
import type { Pin } from "../lock-file";
import { isSameRelease } from "../pinning";
import { type Answer, answerEach, type CommonOptions, withCommonOptions } from "./environments";
import { print, report, table, WIDTH } from "./output";

const NAME_WIDTH = 18;
const CELL_WIDTH = 20;

/** `workspace-images pins`: pins × environments. */
export function pinsCommand(): Command {
  return withCommonOptions(new Command("pins"))
    .description("Shows what is pinned in every environment, how old it is, and whether environments differ.")
    .addHelpText(
      "after",
      `
Examples:
  workspace-images pins
  workspace-images pins --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await answerEach({ env }, ({ lockFile }) => lockFile?.pins ?? new Map<string, Pin>());
      report(answers, {
        asJson: json,
        json: (pins) => Object.fromEntries([...pins].map(([name, pin]) => [name, pinForJson(pin)])),
        text: () => "",
      });
      if (!json) print(pinTables(answers));
    });
}

/** A pin as `--json` shows it. */
export function pinForJson({ filter, pinnedAt, images }: Pin) {
  return { filter, pinnedAt, images };
}

function pinTables(answers: ReadonlyMap<string, Answer<ReadonlyMap<string, Pin>>>): string {
  const columns = [...answers].flatMap(([name, answer]) =>
    "value" in answer ? [{ name, pins: answer.value }] : [],
  );
  const rows = [...new Set(columns.flatMap(({ pins }) => [...pins.keys()]))].sort();
  if (columns.length === 0) return "";
  if (rows.length === 0) return "No pins yet: cdktf synth (with CI unset) takes them.";
  const perTable = Math.max(1, Math.floor((WIDTH - NAME_WIDTH) / CELL_WIDTH));
  const tables: string[] = [];
  for (let first = 0; first < columns.length; first += perTable) {
    const shown = columns.slice(first, first + perTable);
    const width = Math.floor((WIDTH - NAME_WIDTH) / shown.length);
    tables.push(
      table(
        ["PIN", ...shown.map(({ name }) => name)],
        [NAME_WIDTH, ...shown.map(() => width)],
        rows.map((row) => [
          isSameEverywhere(columns.map(({ pins }) => pins.get(row)))
            ? row
            : `${row}\n${pc.yellow("differs")}`,
          ...shown.map(({ pins }) => cell(pins.get(row))),
        ]),
      ),
    );
  }
  return tables.join("\n\n");
}

function cell(pin: Pin | undefined): string {
  if (!pin) return "-";
  const images = pin.images.map(({ id, name }) => `${name ?? id}`);
  return `${images.join("\n") || "no image"}\n${pc.dim(age(pin.pinnedAt))}`;
}

function age(pinnedAt: string): string {
  const days = Math.floor((Date.now() - Date.parse(pinnedAt)) / (24 * 3600 * 1000));
  return days < 1 ? "today" : days === 1 ? "1 day" : `${days} days`;
}

function isSameEverywhere([first, ...others]: readonly (Pin | undefined)[]): boolean {
  return others.every(
    (other) =>
      other?.images.length === first?.images.length &&
      (first?.images.every((image, index) => isSameRelease(image, other!.images[index]!)) ?? true),
  );
}
