/** How the page looks: in light and dark, on a phone and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--lane:#1c202408;--ink:#1c2024;--soft:#60646c;--line:#e3e4e8;--warn:#b04a00;--bad:#c4122f;
--r0:#3568bd;--r1:#a85f00;--r2:#2a7a50;--r3:#9a4bad;--r4:#1a7788;--r5:#bd3f56;--r6:#666a1c;--r7:#6550c4;--on:#fff}
@media screen and (prefers-color-scheme:dark){:root{--bg:#131416;--card:#1b1d20;--lane:#ececee0b;--ink:#ececee;--soft:#a5aab3;--line:#303339;--warn:#ffa057;--bad:#ff6b81;
--r0:#5f93e6;--r1:#e39a3d;--r2:#53b482;--r3:#c583d6;--r4:#45b5ca;--r5:#e27b88;--r6:#a3a751;--r7:#9686ea;--on:#111}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:82rem;padding:1.5rem;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.6rem;letter-spacing:-.01em}
h2{margin:0 0 .4rem;font-size:1.05rem}
h3{margin:1.2rem 0 .4rem;font-size:.95rem;color:var(--soft)}
header p{margin:.3rem 0;color:var(--soft)}
header time{white-space:nowrap;color:inherit}
a{color:var(--r0)}
.key{display:flex;gap:1.2rem;list-style:none;margin:.4rem 0;padding:0;color:var(--soft)}
.mark{width:2.4rem;height:.9rem;vertical-align:-.1rem;border-radius:3px}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.25rem .6rem}
.pin{overflow:hidden;margin:1rem 0;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:10px;content-visibility:auto;contain-intrinsic-size:auto 12rem}
.row{display:grid;grid-template-columns:9rem 1fr 11.2rem;gap:.9rem;align-items:center;margin:3px 0}
.env{font-weight:600;text-align:right}
.state{color:var(--soft);font-size:.85rem}
.behind{color:var(--warn);font-weight:600}
.lane{display:block;width:100%;height:1.6rem;border-radius:4px;background:var(--lane)}
.axis .lane{height:1.3rem;background:none;overflow:visible}
.axis line{stroke:var(--line);transform:scaleY(200)}
.axis text{fill:var(--soft);font-size:11px}
.lane:focus-visible,input:focus-visible{outline:2px solid var(--r0);outline-offset:2px}
text{dominant-baseline:central;font-size:12px;fill:var(--on);pointer-events:none}
.span{stroke:var(--card);stroke-width:1}
.span:hover,.span.on{filter:brightness(1.15);stroke:var(--ink);stroke-width:2}
.held{fill:none;stroke:var(--ink);stroke-width:5;stroke-dasharray:2 3;pointer-events:none}
.revoked{fill:none;stroke:var(--bad);stroke-width:6;pointer-events:none}
${Array.from({ length: 8 }, (_, index) => `.r${index}{fill:var(--r${index})}`).join("")}
.month{content-visibility:auto;contain-intrinsic-size:auto 30rem}
.changes{margin-top:2rem}
table{width:100%;border-collapse:separate;border-spacing:0;overflow:hidden;table-layout:fixed;background:var(--card);border:1px solid var(--line);border-radius:10px}
th,td{padding:.5rem .7rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
th{font-weight:400}
thead th{width:29%;font-size:.85rem;color:var(--soft);border:0}
thead th:last-child{width:42%}
td,tbody th{white-space:pre-line}
tbody th{color:var(--soft)}
time{color:var(--ink)}
#tip{position:fixed;left:50%;bottom:1rem;transform:translateX(-50%);max-width:min(42rem,92vw);margin:0;padding:.5rem .9rem;background:var(--ink);color:var(--bg);border-radius:8px;box-shadow:0 4px 18px #0005;pointer-events:none}
@media (max-width:60rem){text{display:none}text.short,.axis text{display:inline}}
@media (max-width:44rem){body{padding:1rem .7rem}.row{grid-template-columns:1fr auto;gap:.15rem .6rem;margin:.5rem 0}.env{text-align:left}.lane{grid-column:1/3;grid-row:2}.axis .odd,text.short{display:none}.axis>span{display:none}thead{position:absolute;clip-path:inset(50%)}table,tbody,tr,tbody th,td{display:block}tbody{padding:.6rem .8rem;border-top:1px solid var(--line)}tbody th,td{padding:.1rem 0;border:0;font-size:.85rem}td:last-child{font-size:.8rem}tbody:first-of-type{border-top:0}tr+tr{margin-top:.5rem}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;background:#fff}.search,.pointing,#tip{display:none}a{color:inherit;text-decoration:none}.pin,.month{content-visibility:visible;break-inside:avoid}.month{break-inside:auto}tbody{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

/** Shows what is under the pointer or, by the arrow keys, in a row that has the focus; filters pins by their names. */
export const SCRIPT = `
const tip = document.getElementById("tip");
let on;
function show(span) {
  on?.classList.remove("on");
  on = span;
  tip.hidden = !span;
  if (!span) return;
  span.classList.add("on");
  const { n, f, t, x } = span.dataset;
  tip.textContent = n + ", " + f + " to " + (t ?? "now") + (x ? " (" + x + ")" : "");
}
addEventListener("mouseover", ({ target }) => show(target.closest?.(".lane .span")));
addEventListener("focusin", ({ target }) => show([...target.querySelectorAll(".span")].at(-1)));
addEventListener("focusout", () => show());
addEventListener("keydown", (event) => {
  if (event.key === "Escape") return show();
  const lane = event.target.closest(".lane");
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!lane || !step) return;
  event.preventDefault();
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const lanes = [...document.querySelectorAll(".pin:not([hidden]) .lane[tabindex]")];
    return lanes[lanes.indexOf(lane) + step]?.focus();
  }
  const spans = [...lane.querySelectorAll(".span")];
  const next = spans[spans.indexOf(on) + step];
  if (next) show(next);
});
document.getElementById("filter").addEventListener("input", ({ target }) => {
  const pins = [...document.querySelectorAll(".pin")];
  const wanted = target.value.toLowerCase();
  for (const pin of pins) pin.hidden = !pin.querySelector("h2").textContent.toLowerCase().includes(wanted);
  const shown = pins.filter((pin) => !pin.hidden).length;
  document.getElementById("found").textContent = wanted ? shown + " of " + pins.length : "";
});
`;
