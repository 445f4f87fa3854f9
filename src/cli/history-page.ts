import { createHash } from "node:crypto";
import { describeCommands } from "../pins/change-command";
import type { HistoryEvent, Lane } from "../pins/history";
import type { Pin } from "../pins/pin";
import type { Revocations } from "../pins/revoked";
import { groupBy } from "../text/group-by";
import { markupOf } from "../text/html";
import { SCRIPT, STYLE } from "./history-page-assets";
import { DAY, day, figure, releaseOf, type Scale } from "./history-picture";
import { count } from "./layout";

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
${pins.map(([pin, ofPin], at) => figure(`pin-${at}`, pin, sortBy(ofPin, order), scale)).join("\n")}
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

function sortBy(lanes: readonly Lane[], order: readonly string[]): Lane[] {
  return [...lanes].sort((a, b) => order.indexOf(a.environment) - order.indexOf(b.environment));
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

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
