import type { Lane, Span } from "../pins/history";
import type { Pin } from "../pins/pin";
import type { Revocations } from "../pins/revoked";
import { markupOf } from "../text/html";
import { printable } from "../text/printable";
import { count } from "./layout";

export const DAY = 24 * 3600 * 1000;
/** How many colours tell images of a pin apart, before they begin anew. */
const COLORS = 8;
/** Characters for which there is room where the picture is as wide as it gets. */
const WIDEST = 120;

/** What places something in the picture. */
export interface Scale {
  readonly start: number;
  readonly end: number;
  readonly revocations: Revocations;
}

/**
 * The picture of a pin: a row for each environment.
 * @param id of its heading, in the page
 */
export function figure(id: string, pin: string, lanes: readonly Lane[], scale: Scale): string {
  const releases = releasesOf(lanes);
  const names = [...releases.keys()];
  const prefix = commonPrefix(names);
  const newest = newestOf(lanes, releases, scale);
  const rows = lanes.map((lane) => {
    const spans = lane.spans.filter(({ until }) => (until?.time ?? scale.end) >= scale.start);
    const shapes = spans.map((span) => shape(span, lane, names, prefix, scale));
    const state = standing(lane, releases, newest, scale);
    const last = spanText(lane.spans.at(-1)!);
    const label = `${lane.environment}: ${state.text}; ${last}; ${count(spans.length, "state")}, all in the table below`;
    return `<div class="row"><span class="env">${markupOf(lane.environment)}</span><svg class="lane" tabindex="0" role="img" aria-label="${markupOf(label)}">${shapes.map(({ box }) => box).join("")}${shapes.map(({ marks }) => marks).join("")}</svg><span class="state${state.callsForAction ? " behind" : ""}">${markupOf(state.text)}</span></div>`;
  });
  return `<section class="pin" aria-labelledby="${id}"><h2 id="${id}">${markupOf(pin)}</h2>
<div class="row axis" aria-hidden="true"><span></span><svg class="lane">${ticks(scale)}</svg><span></span></div>
${rows.join("\n")}
</section>`;
}

/** When each image of a pin appeared anywhere, in that order; regions have the same image under other IDs. */
function releasesOf(lanes: readonly Lane[]): Map<string, number> {
  const spans = lanes.flatMap((lane) => lane.spans).sort((a, b) => a.from.time - b.from.time);
  const releases = new Map<string, number>();
  for (const { state, from } of spans) {
    const name = releaseOf(state);
    if (!releases.has(name)) releases.set(name, from.time);
  }
  return releases;
}

export function releaseOf({ images }: Pin): string {
  const names = images.map(({ id, name }) => printable(name ?? id));
  return names.length < 3 ? names.join(", ") || "no image" : `${names[0]} and ${names.length - 1} others`;
}

/** The newest image that an environment has now: none is behind what was rolled back everywhere, or is revoked. */
function newestOf(lanes: readonly Lane[], releases: ReadonlyMap<string, number>, scale: Scale) {
  const current = lanes.flatMap((lane) => {
    const { until, state } = lane.spans.at(-1)!;
    return until || whyRevoked(state, lane, scale) !== undefined ? [] : [releaseOf(state)];
  });
  return [...releases].findLast(([name]) => current.includes(name));
}

/** Whether an environment has what another one has got since. */
function standing(
  lane: Lane,
  releases: ReadonlyMap<string, number>,
  newest: readonly [string, number] | undefined,
  scale: Scale,
) {
  const { until, state } = lane.spans.at(-1)!;
  if (until) return { text: "dropped", callsForAction: false };
  const since = newest?.[1] ?? 0;
  const isBehind = since > releases.get(releaseOf(state))!;
  const isRevoked = whyRevoked(state, lane, scale) !== undefined;
  const days = Math.floor((scale.end - since) / DAY);
  const parts = [
    isBehind ? `${count(days, "day")} behind` : !isRevoked && "newest",
    state.hold && "held",
    isRevoked && "revoked",
  ];
  return { text: parts.filter(Boolean).join(", "), callsForAction: isBehind || isRevoked };
}

function whyRevoked({ images }: Pin, { region }: Lane, { revocations }: Scale): string | undefined {
  return images.map((image) => revocations.reason(image, region)).find((reason) => reason !== undefined);
}

function shape(
  { from, until, state }: Span,
  lane: Lane,
  names: readonly string[],
  prefix: string,
  scale: Scale,
) {
  const length = scale.end - scale.start;
  const begin = Math.max(from.time, scale.start);
  const x = ((begin - scale.start) / length) * 100;
  const width = (((until?.time ?? scale.end) - begin) / length) * 100;
  const box = `x="${x.toFixed(3)}%" width="${Math.max(width, 0.15).toFixed(3)}%" height="100%"`;
  const release = releaseOf(state);
  const revoked = whyRevoked(state, lane, scale);
  const notes = [
    state.hold && `held: ${state.hold.reason}`,
    revoked !== undefined && `revoked: ${revoked}`,
    state.override && `against a policy: ${state.override.reason}`,
  ].filter((note) => typeof note === "string");
  const text = release.slice(prefix.length);
  const room = (width / 100) * WIDEST;
  const end = until ? ` data-t="${day(until.time)}"` : "";
  const note = notes.length > 0 ? ` data-x="${markupOf(notes.join("; "))}"` : "";
  const colour = names.indexOf(release) % COLORS;
  const fits = text !== "" && text.length + 2 < room;
  const size = text.length + 2 < room / 3 ? ' class="short"' : "";
  return {
    box: `<rect class="span r${colour}" ${box} data-n="${markupOf(release)}" data-f="${day(from.time)}"${end}${note}/>`,
    // Above all boxes, of which the next one would cover half of an edge.
    marks: [
      state.hold ? `<rect class="held" ${box}/>` : "",
      revoked !== undefined ? `<rect class="revoked" ${box}/>` : "",
      fits ? `<text${size} x="${x.toFixed(3)}%" y="50%" dx="6">${markupOf(text)}</text>` : "",
    ].join(""),
  };
}

function spanText({ from, until, state }: Span): string {
  const hold = state.hold ? `, held: ${state.hold.reason}` : "";
  return `${releaseOf(state)} from ${day(from.time)}${until ? ` to ${day(until.time)}` : ""}${hold}`;
}

/** What all names begin with, to the last separator: they differ in the rest. */
function commonPrefix([first = "", ...others]: readonly string[]): string {
  if (others.length === 0) return "";
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  return first.slice(0, length).replace(/[^\s_.-]*$/, "");
}

/** Lines and labels of the time axis: at most some ten. */
function ticks({ start, end }: Scale): string {
  const months = (end - start) / (30.4 * DAY);
  const step = [1, 2, 3, 6, 12, 24].find((every) => months / every <= 10) ?? 60;
  const isShort = months < 2;
  const date = new Date(start);
  const at = (index: number) =>
    isShort
      ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + index * Math.ceil(months * 4))
      : Date.UTC(date.getUTCFullYear(), Math.ceil(date.getUTCMonth() / step) * step + index * step);
  const lines: string[] = [];
  for (let index = 0; at(index) < end && index < 30; index++) {
    if (at(index) < start) continue;
    const x = (((at(index) - start) / (end - start)) * 100).toFixed(3);
    const hasRoom = Number(x) < 94;
    const label = !hasRoom ? "" : isShort ? day(at(index)).slice(5) : day(at(index)).slice(0, 7);
    const odd = index % 2 === 1 ? ' class="odd"' : "";
    lines.push(
      `<line${odd} x1="${x}%" x2="${x}%" y1="0" y2="100%"/><text${odd} x="${x}%" y="50%" dx="4">${label}</text>`,
    );
  }
  return lines.join("");
}

/** A day of the calendar, UTC. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
