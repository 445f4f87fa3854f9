import { differences, type WorkspaceImage } from "../images/workspace-image";
import type { Move, Prospect } from "../pins/moves";
import type { Objection } from "../pins/policy";
import { printable, printableLines } from "../text/printable";
import { count, wrap } from "./layout";
import { colors } from "./output";

/** Moves for people: what goes, what comes, and which fields that changes. */
export function describeMoves(moves: ReadonlyMap<string, Move>): string {
  return [...moves].map(([name, move]) => `${pinHeading(name)}\n${describeMove(move)}`).join("\n");
}

/** A pin's name above what is said of it. */
export function pinHeading(name: string, mark = ""): string {
  return `  ${colors.bold(printable(name))}${mark && `  ${mark}`}`;
}

/** What keeps pins where they are, and what would move them. */
export function describeLeft(left: ReadonlyMap<string, Prospect>): string {
  return [...left]
    .map(([name, { objections }]) =>
      [pinHeading(name, colors.yellow("left")), ...objections.map(describeObjection)].join("\n"),
    )
    .join("\n");
}

/** Whether a move takes an image away from resources that have it. */
export function replacesImage({ from, to }: Move): boolean {
  return from.some(({ id }) => !to.some((image) => image.id === id));
}

/** The images that go and come. */
export function describeMove({ from, to, isKept = false }: Move): string {
  const gone = from.filter(({ id }) => !to.some((image) => image.id === id));
  const come = to.filter(({ id }) => !from.some((image) => image.id === id));
  const stay = from.flatMap((old) => to.filter(({ id }) => id === old.id).map((now) => ({ old, now })));
  const changed = stay.filter(({ old, now }) => differences(old, now).length > 0);
  const lines = changed.flatMap(({ old, now }) => [imageLines("~", now), ...describeChanges(old, now)]);
  lines.push(...gone.map((image) => imageLines("-", image)));
  for (const image of come) {
    const old = gone.find(({ name }) => name === image.name) ?? (from.length === 1 ? gone[0] : undefined);
    lines.push(imageLines("+", image), ...(old ? describeChanges(old, image) : []));
  }
  const same = stay.length - changed.length;
  if (lines.length === 0) lines.push(`    ${unchanged(from, to, isKept)}`);
  else if (same > 0) lines.push(`    = ${count(same, "image")} unchanged`);
  return lines.join("\n");
}

function unchanged(from: readonly WorkspaceImage[], to: readonly WorkspaceImage[], isKept: boolean): string {
  if (from.length === 0) return "no image";
  const isOrdered = from.every(({ id }, at) => id === to[at]?.id);
  if (!isOrdered) return "the same images in another order";
  return isKept ? "the same, asked for otherwise" : "the same, dated anew";
}

/** Images as they stand in a pin. */
export function imageLines(mark: "-" | "+" | "~" | "=", { id, name, createdAt }: WorkspaceImage): string {
  const paint = { "-": colors.red, "+": colors.green, "~": colors.yellow, "=": String }[mark];
  const created = createdAt ? `, created ${createdAt.slice(0, 10)}` : "";
  return `    ${paint(`${mark} ${printable(name ?? "unnamed")}`)}\n      ${printable(id + created)}`;
}

/** What differs beside what the lines of two images show. */
function describeChanges(old: WorkspaceImage, now: WorkspaceImage): string[] {
  return differences(old, now)
    .filter((change) => old.id === now.id || !/^(id|name|createdAt) /.test(change))
    .map((change) => wrap(printable(change), "      "));
}

/** Something that somebody must decide. */
export function describeProblem(message: string): string {
  const lines = printableLines(message)
    .split("\n")
    .map((line) => wrap(line.trimStart(), line.startsWith(" ") ? "        " : "      "));
  return colors.yellow(`    ! ${lines.join("\n").trimStart()}`);
}

/** What a policy has against a move, and what would be in order. */
export function describeObjection({ message, advice }: Objection): string {
  return advice === undefined
    ? describeProblem(message)
    : `${describeProblem(message)}\n      ${printable(advice)}`;
}
