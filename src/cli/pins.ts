import { Command } from "commander";
import type { WorkspaceImage } from "../images/workspace-image";
import { isSamePlace, isSameRelease } from "../pins/counterpart";
import { isStale, type Pin } from "../pins/pin";
import type { Environment } from "../project/environment";
import { printable } from "../text/printable";
import { answerEach, type PinnedEnvironment, report, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { count, displayWidth, table, WIDTH } from "./layout";
import { colors } from "./output";

const DAY = 24 * 3600 * 1000;
/** Space before an image, and between columns. */
const GAP = 2;

/** One pin: a row for each distinct image, with a cell for each column. */
interface Block {
  readonly name: string;
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[] }[];
}

/** `workspace-images pins`: pins × environments. */
export function pinsCommand(): Command {
  return withCommonOptions(new Command("pins"))
    .summary("show pins by environment: images, ages, differences")
    .description(
      "Shows what is pinned in every environment, how long ago that was, and whether environments differ. Asks no service.",
    )
    .addHelpText(
      "after",
      `
A pin is marked "differs" where environments have other images, and "stale" from
the environment's maxPinAgeDays on.

Examples:
  workspace-images pins
  workspace-images pins --env prod --json`,
    )
    .action(async ({ env, json }: CommonOptions) => {
      const answers = await answerEach({ env }, (column) => column);
      report(answers, {
        asJson: json,
        json: ({ lockFile }) =>
          Object.fromEntries([...(lockFile?.pins ?? [])].map(([name, pin]) => [name, pinForJson(pin)])),
        text: (columns) => pinsText([...columns.values()]),
      });
    });
}

/** A pin as `--json` shows it. */
export function pinForJson({ filter, pinnedAt, images }: Pin) {
  return { filter, pinnedAt, images };
}

function pinsText(columns: readonly PinnedEnvironment[]): string {
  const names = [...new Set(columns.flatMap(({ lockFile }) => [...(lockFile?.pins.keys() ?? [])]))].sort();
  const blocks = names.map((name) => blockOf(name, columns));
  const notes = columns.flatMap(({ environment: { name }, lockFile }) => {
    const note = withoutPins(lockFile);
    return note ? [`${name}: ${note}`] : [];
  });
  const tables = names.length > 0 ? tablesOf(columns, blocks) : [];
  return [...tables, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

function blockOf(name: string, columns: readonly PinnedEnvironment[]): Block {
  const pins = columns.map(({ lockFile }) => lockFile?.pins.get(name));
  const cells = (has: (pin: Pin, at: number) => boolean) =>
    pins.map((pin, at) => (pin && has(pin, at) ? age(pin, columns[at]!.environment) : "-"));
  const found = distinctImages(pins, columns);
  const rows = found.map((images) => {
    const { id, name = id } = images.find((image) => image !== undefined)!;
    const isOnlyOne = found.filter((others) => others.some((other) => other?.name === name)).length === 1;
    return {
      label: printable(isOnlyOne ? name : `${name} (${id})`),
      cells: cells((_, at) => images[at] !== undefined),
    };
  });
  if (pins.some((pin) => pin?.images.length === 0)) {
    rows.push({ label: "no image", cells: cells(({ images }) => images.length === 0) });
  }
  return { name, rows };
}

/** The distinct images of a pin as each column has them: in one place by ID, across places by release. */
function distinctImages(
  pins: readonly (Pin | undefined)[],
  columns: readonly PinnedEnvironment[],
): (WorkspaceImage | undefined)[][] {
  const isSame = (a: WorkspaceImage, at: number, b: WorkspaceImage, bAt: number) =>
    isSamePlace(columns[at]!.lockFile!, columns[bAt]!.lockFile!) ? a.id === b.id : isSameRelease(a, b);
  const found: (WorkspaceImage | undefined)[][] = [];
  for (const [at, pin] of pins.entries()) {
    for (const image of pin?.images ?? []) {
      const known = found.find(
        (images) =>
          !images[at] && images.every((other, otherAt) => !other || isSame(other, otherAt, image, at)),
      );
      if (known) known[at] = image;
      else found.push(columns.map((_, index) => (index === at ? image : undefined)));
    }
  }
  return found;
}

/** A column as it is drawn: which one, under what head, how wide. */
interface Drawn {
  readonly at: number;
  readonly head: string;
  readonly width: number;
}

/** As many tables as it takes for every column to fit, where images stand on lines of their own. */
function tablesOf(columns: readonly PinnedEnvironment[], blocks: readonly Block[]): string[] {
  const cells = blocks.flatMap(({ rows }) => rows.map((row) => row.cells));
  const tables: Drawn[][] = [];
  let left = 0;
  for (const [at, { environment }] of columns.entries()) {
    const head = environment.name;
    const width = GAP + Math.max(head.length, ...cells.map((row) => row[at]!.length));
    if (tables.length === 0 || width > left) {
      tables.push([]);
      left = WIDTH - GAP;
    }
    tables.at(-1)!.push({ at, head: colors.bold(head), width });
    left -= width;
  }
  return tables.map((shown) => draw(shown, blocks));
}

/** An image and its ages stand in one line where that fits, else in two. */
function draw(shown: readonly Drawn[], blocks: readonly Block[]): string {
  const longest = Math.max(...blocks.flatMap(({ rows }) => rows.map(({ label }) => displayWidth(label))));
  const isOneLine = shown.reduce((sum, { width }) => sum + width, GAP + longest) <= WIDTH;
  const rows = blocks.flatMap((block) => [
    [heading(block)],
    ...block.rows.flatMap(({ label, cells }) => {
      const ages = shown.map(({ at }) => cells[at]!.replace(/.* stale$/, colors.yellow));
      const inTwoLines = [
        ["", label],
        ["", "", ...ages],
      ];
      return isOneLine ? [["", label, ...ages]] : inTwoLines;
    }),
    [""],
  ]);
  const widths = [GAP, isOneLine ? longest + GAP : GAP, ...shown.map(({ width }) => width)];
  return table(widths, [["", "", ...shown.map(({ head }) => head)], ...rows]).trimEnd();
}

function heading({ name, rows }: Block): string {
  const differs = rows.some(({ cells }) => cells.includes("-"));
  const title = colors.bold(printable(name));
  return differs ? `${title}  ${colors.yellow("differs")}` : title;
}

function age(pin: Pin, environment: Environment): string {
  const days = Math.floor((Date.now() - Date.parse(pin.pinnedAt)) / DAY);
  const text = days < 1 ? "today" : count(days, "day");
  return isStale(pin, environment) ? `${text} stale` : text;
}
