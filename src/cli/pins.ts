import { Command, Option } from "commander";
import type { WorkspaceImage } from "../images/workspace-image";
import { isSamePlace, isSameRelease } from "../pins/counterpart";
import { isStale, type Pin } from "../pins/pin";
import { type Revocations, readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import { printable } from "../text/printable";
import { answerEach, type PinnedEnvironment, report, withoutPins } from "./answers";
import { type CommonOptions, withCommonOptions } from "./common-options";
import { count, displayWidth, table, WIDTH, wrap } from "./layout";
import { colors } from "./output";
import { choosePins, requirePins } from "./pin-names";
import { showUses } from "./uses";

const DAY = 24 * 3600 * 1000;
/** Space before an image, and between columns. */
const GAP = 2;

interface PinsOptions extends CommonOptions {
  readonly differs?: boolean;
  readonly uses?: boolean;
  readonly plan?: string;
}

/** An environment, and which images must not be used there. */
interface Column extends PinnedEnvironment {
  readonly revocations: Revocations;
}

/** One pin: a row for each distinct image, with a cell for each column. */
interface Block {
  readonly name: string;
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[] }[];
  /** What is to be said of it, by environment. */
  readonly notes: readonly string[];
}

/**
 * `workspace-images pins`: pins × environments.
 * @lazy
 */
export function pinsCommand(): Command {
  return withCommonOptions(new Command("pins"))
    .summary("show pins by environment: images, ages, differences")
    .argument("[pin...]", "pins or patterns (default: all)")
    .description(
      "Shows what is pinned in every environment, how long ago that was, whether environments differ, what is held, revoked, unmet or was moved against a policy, and the policies. Asks no service.",
    )
    .option("--differs", "only pins that differ between environments")
    .addOption(new Option("--uses", "show the resources that pins feed instead").conflicts("differs"))
    .addOption(
      new Option(
        "--plan <file>",
        "find the uses in a plan or state (terraform show -json) instead of what was synthesized; - is standard input",
      ).implies({ uses: true }),
    )
    .addHelpText(
      "after",
      `
A pin is marked "differs" where environments have other images, and "stale" from
the environment's maxPinAgeDays on.

Examples:
  workspace-images pins
  workspace-images pins 'office-*' --differs
  workspace-images pins office-windows --uses
  workspace-images pins --env prod --json`,
    )
    .action(async (wanted: string[], { uses, plan, ...options }: PinsOptions) => {
      if (uses) return showUses(wanted, { ...options, plan });
      const { env, json, differs } = options;
      requirePins(wanted, env);
      const answers = await answerEach(
        { env },
        (pinned): Column => ({ ...pinned, revocations: readRevocations(pinned.project.directory) }),
      );
      const columns = [...answers.values()].flatMap((answer) => ("value" in answer ? [answer.value] : []));
      const names = new Set(namesOf(columns, wanted));
      const blocks = [...names]
        .map((name) => blockOf(name, columns))
        .filter((block) => !differs || isDifferent(block));
      const shown = new Set(blocks.map(({ name }) => name));
      report(answers, {
        asJson: json,
        json: (column) =>
          Object.fromEntries(
            [...(column.lockFile?.pins ?? [])]
              .filter(([name]) => shown.has(name))
              .map(([name, pin]) => {
                const revoked = revokedIn(pin, column);
                return [name, { ...pinForJson(pin), ...(revoked.length > 0 && { revoked }) }];
              }),
          ),
        text: () => pinsText(columns, blocks, differs === true && names.size > 0),
      });
    });
}

/** A pin as `--json` shows it. */
export function pinForJson({ cardinality, ...pin }: Pin) {
  return { ...(cardinality === "all" && { all: true }), ...pin };
}

function namesOf(columns: readonly Column[], wanted: readonly string[]): string[] {
  const names = new Set(columns.flatMap(({ lockFile }) => [...choosePins(lockFile?.pins, wanted).keys()]));
  return [...names].sort();
}

function pinsText(columns: readonly Column[], blocks: readonly Block[], isFiltered: boolean): string {
  const notes = columns.flatMap(({ environment, lockFile }) => {
    const note = [withoutPins(lockFile), describePolicy(environment)].filter(Boolean).join("; ");
    return note ? [wrap(`${environment.name}: ${note}`, "")] : [];
  });
  const tables = blocks.length > 0 ? tablesOf(columns, blocks) : isFiltered ? ["no pin differs"] : [];
  return [...tables, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

/** How the pins of an environment move. */
function describePolicy({ promotion, maxPinAgeDays }: Environment): string | undefined {
  const parts: string[] = [];
  if (promotion) {
    const { from, minAgeDays = 0 } = promotion;
    const age = minAgeDays > 0 ? `, once it has had them for ${count(minAgeDays, "day")}` : "";
    parts.push(`images by promotion from ${from}${age}`);
  }
  if (maxPinAgeDays !== undefined) parts.push(`pins are stale from ${count(maxPinAgeDays, "day")} on`);
  return parts.length > 0 ? parts.join("; ") : undefined;
}

/** Why images of a pin are revoked. */
function revokedIn({ images }: Pin, { lockFile, revocations }: Column): string[] {
  return images.flatMap((image) => revocations.reason(image, lockFile!.region) ?? []);
}

/** What is to be said of a pin in one environment. */
function notesOf(pin: Pin, column: Column): string[] {
  const { unmet, hold, override, adopted } = pin;
  return [
    ...revokedIn(pin, column).map((reason) => `revoked: ${reason}`),
    ...(unmet ? [`does not answer its question: ${unmet.join(", ")}`] : []),
    ...(hold ? [`held since ${hold.since}: ${hold.reason}`] : []),
    ...(override ? [`moved against a policy on ${override.since}: ${override.reason}`] : []),
    ...(adopted ? ["adopted, and not listed"] : []),
  ];
}

function blockOf(name: string, columns: readonly Column[]): Block {
  const pins = columns.map(({ lockFile }) => lockFile?.pins.get(name));
  const cells = (has: (pin: Pin, at: number) => boolean) =>
    pins.map((pin, at) => (pin && has(pin, at) ? age(pin, columns[at]!.environment) : "-"));
  const found = distinctImages(pins, columns);
  const rows = found.map((images) => {
    const { id, name } = images.find((image) => image !== undefined)!;
    const isOnlyOne = found.filter((others) => others.some((other) => other?.name === name)).length === 1;
    return {
      label: printable(name === undefined ? id : isOnlyOne ? name : `${name} (${id})`),
      cells: cells((_, at) => images[at] !== undefined),
    };
  });
  if (pins.some((pin) => pin?.images.length === 0)) {
    rows.push({ label: "no image", cells: cells(({ images }) => images.length === 0) });
  }
  const notes = pins.flatMap((pin, at) =>
    pin ? notesOf(pin, columns[at]!).map((note) => `${columns[at]!.environment.name}: ${note}`) : [],
  );
  return { name, rows, notes };
}

/** The distinct images of a pin as each column has them: in one place by ID, across places by release. */
function distinctImages(
  pins: readonly (Pin | undefined)[],
  columns: readonly Column[],
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
function tablesOf(columns: readonly Column[], blocks: readonly Block[]): string[] {
  const cells = blocks.flatMap(({ rows }) => rows.map((row) => row.cells));
  const tables: Drawn[][] = [];
  let left = 0;
  for (const [at, { environment }] of columns.entries()) {
    const head = environment.name;
    const width = GAP + widest([head, ...cells.map((row) => row[at]!)]);
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
  const longest = widest(blocks.flatMap(({ rows }) => rows.map(({ label }) => label)));
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
    ...block.notes.map((note) => [wrap(printable(note), "  ")]),
    [""],
  ]);
  const widths = [GAP, isOneLine ? longest + GAP : GAP, ...shown.map(({ width }) => width)];
  return table(widths, [["", "", ...shown.map(({ head }) => head)], ...rows]).trimEnd();
}

/** The widest of texts; there may be more of them than a call can have arguments. */
function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, displayWidth(text)), 0);
}

function isDifferent({ rows }: Block): boolean {
  return rows.some(({ cells }) => cells.includes("-"));
}

function heading(block: Block): string {
  const title = colors.bold(printable(block.name));
  return isDifferent(block) ? `${title}  ${colors.yellow("differs")}` : title;
}

function age(pin: Pin, environment: Environment): string {
  const days = Math.floor((Date.now() - Date.parse(pin.pinnedAt)) / DAY);
  const text = days < 1 ? "today" : count(days, "day");
  return isStale(pin, environment) ? `${text} stale` : text;
}
