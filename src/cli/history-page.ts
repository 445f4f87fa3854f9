import { createHash } from "node:crypto";
import { describeCommands } from "../pins/change-command";
import type { HistoryEvent, Lane, Span } from "../pins/history";
import type { Pin } from "../pins/pin";
import type { Revocations } from "../pins/revoked";
import { groupBy } from "../text/group-by";
import { printable } from "../text/printable";
import { SCRIPT, STYLE } from "./history-page-assets";
import { count } from "./layout";

const DAY = 24 * 3600 * 1000;
/** How many colours tell images of a pin apart, before they begin anew. */
const COLORS = 8;
/** Characters for which there is room where the picture is as wide as it gets. */
const WIDEST = 120;

/** What a page shows. */
export interface HistoryPageContent {
  readonly events: readonly HistoryEvent[];
  readonly lanes: readonly Lane[];
  /** The commands that may be behind an event, step by step. */
  readonly commandsOf: (event: HistoryEvent) => string[][];
  readonly revocations: Revocations;
  readonly now: Date;
  /** Where the picture begins, ms since the epoch; undefined where the history does. */
  readonly from: number | undefined;
}

/**
 * One HTML page of its own, which asks no network: for each pin what each environment had when, and every change in a
 * table below. Whatever is in names and messages of commits is shown, and never becomes markup.
 */
export function historyPage(content: HistoryPageContent): string {
  const { events, lanes, commandsOf, now } = content;
  const first = Math.min(...lanes.map(({ spans }) => spans[0]!.from.time), now.getTime() - DAY);
  const start = Math.max(first, content.from ?? first);
  const scale: Scale = { start, end: now.getTime(), revocations: content.revocations };
  const order = [...new Set(lanes.map(({ environment }) => environment))];
  const visible = lanes.filter(({ spans }) => (spans.at(-1)!.until?.time ?? scale.end) >= start);
  const pins = [...groupBy(visible, ({ pin }) => pin)].sort(([a], [b]) => (a < b ? -1 : 1));
  const months = groupBy(events.toReversed(), ({ commit }) => day(commit.time).slice(0, 7));
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>History of pinned images</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>History of pinned images</h1>
<p>${count(pins.length, "pin")}, ${count(order.length, "environment")}, <a href="#changes">${count(events.length, "change")}</a>, <time>${day(start)}</time> to <time>${day(scale.end)}</time>.
A colour is an image, the same in every environment of a pin. <span class="pointing">Point at one, or use Tab and the arrow keys, to see what it is.</span></p>
<ul class="key" aria-label="Marks"><li><svg class="mark" aria-hidden="true"><rect class="span r0" width="100%" height="100%"/><rect class="held" width="100%" height="100%"/></svg> held</li><li><svg class="mark" aria-hidden="true"><rect class="span r0" width="100%" height="100%"/><rect class="revoked" width="100%" height="100%"/></svg> revoked</li></ul>
<p class="search"><label>Show pins with <input type="search" id="filter" autocomplete="off" spellcheck="false"></label> <span id="found" role="status"></span></p>
</header>
<main>
<section aria-label="Pins over time">
${pins.map(([pin, ofPin]) => figure(pin, sortBy(ofPin, order), scale)).join("\n")}
</section>
<section class="changes" aria-labelledby="changes">
<h2 id="changes">${count(events.length, "change")}</h2>
${[...months].map(([month, ofMonth]) => table(month, ofMonth, commandsOf)).join("\n")}
</section>
</main>
<p id="tip" role="status" hidden></p>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** What places something in the picture. */
interface Scale {
  readonly start: number;
  readonly end: number;
  readonly revocations: Revocations;
}

function sortBy(lanes: readonly Lane[], order: readonly string[]): Lane[] {
  return [...lanes].sort((a, b) => order.indexOf(a.environment) - order.indexOf(b.environment));
}

/** The picture of a pin: a row for each environment. */
function figure(pin: string, lanes: readonly Lane[], scale: Scale): string {
  const releases = releasesOf(lanes);
  const names = [...releases.keys()];
  const prefix = commonPrefix(names);
  const rows = lanes.map((lane) => {
    const spans = lane.spans.filter(({ until }) => (until?.time ?? scale.end) >= scale.start);
    const shapes = spans.map((span) => shape(span, lane, names, prefix, scale));
    const state = standing(lane, releases, scale);
    const last = spanText(lane.spans.at(-1)!);
    const label = `${lane.environment}: ${state.text}; ${last}; ${count(spans.length, "state")}, all in the table below`;
    return `<div class="row"><span class="env">${markupOf(lane.environment)}</span><svg class="lane" tabindex="0" role="img" aria-label="${markupOf(label)}">${shapes.map(({ box }) => box).join("")}${shapes.map(({ marks }) => marks).join("")}</svg><span class="state${state.isBehind ? " behind" : ""}">${markupOf(state.text)}</span></div>`;
  });
  const id = `p${hashOf(pin).slice(7, 23).replace(/\W/g, "")}`;
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

function releaseOf({ images }: Pin): string {
  const names = images.map(({ id, name }) => printable(name ?? id));
  return names.length < 3 ? names.join(", ") || "no image" : `${names[0]} and ${names.length - 1} others`;
}

/** Whether an environment has what another one has got since. */
function standing({ spans }: Lane, releases: ReadonlyMap<string, number>, scale: Scale) {
  const last = spans.at(-1)!;
  if (last.until) return { text: "dropped", isBehind: false };
  const [newest, since] = [...releases].at(-1)!;
  if (releaseOf(last.state) === newest)
    return { text: last.state.hold ? "newest, held" : "newest", isBehind: false };
  const days = Math.floor((scale.end - since) / DAY);
  return { text: `${count(days, "day")} behind${last.state.hold ? ", held" : ""}`, isBehind: true };
}

function shape(
  { from, until, state }: Span,
  { region }: Lane,
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
  const revoked = state.images
    .map((image) => scale.revocations.reason(image, region))
    .find((one) => one !== undefined);
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

function table(
  month: string,
  events: readonly HistoryEvent[],
  commandsOf: HistoryPageContent["commandsOf"],
): string {
  const commits = [...groupBy(events, ({ commit }) => commit).values()];
  return `<section class="month"><h3>${month}</h3><table><thead><tr><th scope="col">When, by whom</th><th scope="col">What</th><th scope="col">Images</th></tr></thead>
${commits.map((ofCommit) => `<tbody>${rows(ofCommit, commandsOf)}</tbody>`).join("\n")}
</table></section>`;
}

/** What one commit did; lines are lines of text, because tens of thousands of elements would take their time. */
function rows(events: readonly HistoryEvent[], commandsOf: HistoryPageContent["commandsOf"]): string {
  const { commit } = events[0]!;
  const subjects = [...groupBy(events, ({ by }) => by).keys()].map(
    (by) => `\n${markupOf(by.author)}\n${markupOf(by.subject)}`,
  );
  const when = `<time datetime="${new Date(commit.time).toISOString()}">${day(commit.time)}</time> ${commit.id.slice(0, 10)}${subjects.join("")}`;
  return events
    .map((event, at) => {
      const [what, shown] = happening(event, commandsOf(event));
      const head = at === 0 ? `<th scope="rowgroup" rowspan="${events.length}">${when}</th>` : "";
      return `<tr>${head}<td><b>${markupOf(event.environment)}</b> ${what}</td><td>${shown}</td></tr>`;
    })
    .join("\n");
}

function happening(
  { change, origin, gap }: HistoryEvent,
  commands: string[][],
): [what: string, images: string] {
  if (gap !== undefined) return ["not readable", markupOf(gap)];
  const by = markupOf(describeCommands(commands));
  if (origin)
    return [`${origin.isCopy ? "copied" : "renamed"} from <b>${markupOf(origin.environment)}</b>${by}`, ""];
  const { pin, was, what, before, after } = change!;
  const name = was === undefined ? markupOf(pin) : `${markupOf(was)} → ${markupOf(pin)}`;
  const hold = what.includes("held") ? `\nheld: ${markupOf(after!.hold!.reason)}` : "";
  const { override } = after ?? {};
  const isNew = override && override.since !== before?.override?.since;
  const against = isNew ? `\nagainst a policy: ${markupOf(override.reason)}` : "";
  return [`${name}\n${what.join(", ")}${by}${hold}${against}`, images(before, after)];
}

function images(before: Pin | undefined, after: Pin | undefined): string {
  const [from, to] = [before, after].map((pin) => pin && breakable(markupOf(releaseOf(pin))));
  if (from === to) return to ?? "";
  // Not wrapped after the sign.
  return [from && `−\u00a0${from}`, to && `+\u00a0${to}`].filter(Boolean).join("\n");
}

/** Names that are wrapped before their last part, the date, where there is no room. */
function breakable(names: string): string {
  return names.replace(/_(?=[^\s_,]*(?:[\s,]|$))/g, "_<wbr>");
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text from outside as it may stand in markup. */
function markupOf(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
