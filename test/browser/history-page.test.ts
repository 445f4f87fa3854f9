import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { historyPage } from "../../src/cli/history-page";
import type { GitCommit } from "../../src/pins/git";
import type { HistoryEvent, Lane, Span } from "../../src/pins/history";
import type { Pin } from "../../src/pins/pin";
import { Revocations } from "../../src/pins/revoked";
import { image } from "../support/images";
import { pinOf } from "../support/pins";

const DAY = 24 * 3600 * 1000;
const NOW = Date.UTC(2026, 10, 25);
const MARKUP = '<img src="https://example.com/x" onerror="document.title=1"> & \'"</script><b>';

let browser: Browser;
let page: Page;
/** What the page complained of, or asked for beside itself. */
let trouble: string[];

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
afterAll(() => browser.close());
afterEach(() => page.close());

const commit = (time: number, subject = "Move pins"): GitCommit => ({
  id: String(time).padStart(40, "0"),
  parents: [],
  author: "Ada",
  time,
  subject,
  body: "",
  changes: [],
});

/** Pins that every environment moves each month, one after the other. */
function months(pins: readonly string[], environments: readonly string[], number: number) {
  const lanes: Lane[] = [];
  const events: HistoryEvent[] = [];
  for (const pin of pins) {
    for (const [at, environment] of environments.entries()) {
      const spans: Span[] = [];
      const lane: Lane = { environment, pin, region: "cn-north-4", spans };
      let before: Pin | undefined;
      for (let month = 0; month < number; month++) {
        const from = commit(NOW - ((number - month) * 30 - at * 3) * DAY, `Move ${pin}`);
        const state = pinOf(image({ id: `${month}`, name: `Windows_11_${202_501 + month}` }));
        const last = spans.at(-1);
        if (last) last.until = from;
        spans.push({ from, state });
        const what = [before ? "moved" : "pinned"] as const;
        events.push({
          commit: from,
          by: from,
          environment,
          lane,
          change: { pin, after: state, ...(before && { before }), what },
        });
        before = state;
      }
      lanes.push(lane);
    }
  }
  events.sort((a, b) => a.commit.time - b.commit.time);
  return { lanes, events };
}

async function open(
  content: { lanes: readonly Lane[]; events: readonly HistoryEvent[]; revocations?: Revocations },
  options: { width?: number; colorScheme?: "light" | "dark" } = {},
): Promise<void> {
  const file = join(tmpdir(), `history-${process.pid}.html`);
  const html = historyPage({
    revocations: new Revocations(),
    commandsOf: () => [],
    now: new Date(NOW),
    from: undefined,
    ...content,
  });
  writeFileSync(file, html);
  const { width = 1280, colorScheme = "light" } = options;
  page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  trouble = [];
  page.on("console", (message) => trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => trouble.push(request.url()));
  await page.goto(`file://${file}`);
  // The page itself.
  trouble.shift();
}

const tip = () => page.locator("#tip");

test.each([1280, 390])(
  "at a width of %i nothing is wider than the page, in light and in dark",
  async (width) => {
    const content = months(["office-windows", "lab"], ["dev", "staging", "production-of-the-south"], 18);
    const backgrounds: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page?.close();
      await open(content, { width, colorScheme });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      backgrounds.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
      expect(await page.locator(".pin").count()).toBe(2);
      expect(await page.locator(".lane[tabindex]").count()).toBe(6);
      expect(trouble).toEqual([]);
    }
    expect(new Set(backgrounds).size).toBe(2);
  },
);

test("the pointer and the arrow keys show what an environment had, and how far it is behind", async () => {
  const { lanes, events } = months(["office"], ["dev", "prod"], 3);
  const prod = lanes[1]!.spans;
  prod.pop();
  delete prod[1]!.until;
  await open({ lanes, events });
  await page.locator(".lane .span").first().hover();
  expect(await tip().textContent()).toBe("Windows_11_202501, 2026-08-27 to 2026-09-26");
  await page.locator(".lane[tabindex]").nth(1).focus();
  expect(await tip().textContent()).toBe("Windows_11_202502, 2026-09-29 to now");
  await page.keyboard.press("ArrowLeft");
  expect(await tip().textContent()).toBe("Windows_11_202501, 2026-08-30 to 2026-09-29");
  await page.keyboard.press("Escape");
  expect(await tip().isHidden()).toBe(true);
  expect(await page.locator(".state").allTextContents()).toEqual(["newest", "30 days behind"]);
  expect(await page.getByRole("img", { name: /^prod: 30 days behind; Windows_11_202502/ }).count()).toBe(1);
  expect(await page.getByRole("table").first().getByRole("columnheader").allTextContents()).toEqual([
    "When, by whom",
    "What",
    "Images",
  ]);
  expect(trouble).toEqual([]);
});

test("nobody is behind an image that was rolled back everywhere, and who has a revoked one is told so", async () => {
  const { lanes, events } = months(["office"], ["dev", "prod", "lab"], 3);
  const [dev, prod, lab] = lanes.map(({ spans }) => spans);
  const back = commit(NOW - DAY, "Roll back");
  dev!.at(-1)!.until = back;
  dev!.push({ from: back, state: dev![1]!.state });
  for (const spans of [prod!, lab!]) {
    spans.pop();
    delete spans.at(-1)!.until;
  }
  lab!.pop();
  delete lab![0]!.until;
  await open({ lanes, events });
  expect(await page.locator(".state").allTextContents()).toEqual(["newest", "newest", "60 days behind"]);
  await page.close();
  const revocations = new Revocations([{ name: "Windows_11_202502", reason: "logs passwords" }]);
  await open({ lanes, events, revocations });
  expect(await page.locator(".state").allTextContents()).toEqual(["revoked", "revoked", "newest"]);
});

test("holds and revoked images are marked, and say why", async () => {
  const { lanes, events } = months(["office"], ["dev"], 2);
  const [first, second] = lanes[0]!.spans;
  const hold = { reason: "printers", since: "2026-11-01T00:00:00Z" };
  const spans = [first!, { ...second!, state: { ...second!.state, hold } }];
  const revocations = new Revocations([{ name: "Windows_11_202501", reason: "logs passwords" }]);
  await open({ lanes: [{ ...lanes[0]!, spans }], events, revocations });
  expect([await page.locator(".lane .held").count(), await page.locator(".lane .revoked").count()]).toEqual([
    1, 1,
  ]);
  await page.locator(".lane .span").first().hover();
  expect(await tip().textContent()).toContain("(revoked: logs passwords)");
  await page.locator(".lane[tabindex]").focus();
  expect(await tip().textContent()).toContain("(held: printers)");
});

test("markup in names, reasons and messages is text, and asks nothing of a network", async () => {
  const { lanes, events } = months([MARKUP], [MARKUP], 2);
  const state: Pin = {
    ...pinOf(image({ id: "x", name: MARKUP })),
    hold: { reason: MARKUP, since: "2026-11-01T00:00:00Z" },
  };
  const made = commit(NOW - DAY, MARKUP);
  const change = {
    pin: MARKUP,
    was: MARKUP,
    before: state,
    after: state,
    what: ["held", "renamed"] as const,
  };
  await open({
    lanes: [{ ...lanes[0]!, spans: [...lanes[0]!.spans, { from: made, state }] }],
    events: [
      ...events,
      { commit: made, by: { ...made, author: MARKUP }, environment: MARKUP, change },
      { commit: made, by: made, environment: MARKUP, gap: MARKUP },
      { commit: made, by: made, environment: MARKUP, origin: { environment: MARKUP, isCopy: true } },
    ],
    revocations: new Revocations([{ name: MARKUP, reason: MARKUP }]),
  });
  await page.locator(".lane .span").last().hover();
  expect(await tip().textContent()).toContain(MARKUP);
  expect(await page.locator(".pin h2").textContent()).toBe(MARKUP);
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.title()).toBe("History of pinned images");
  expect(trouble).toEqual([]);
});

test("pins can be searched for", async () => {
  await open(months(["office-windows", "office-linux", "lab"], ["dev"], 2));
  await page.getByLabel("Show pins with").fill("OFFICE");
  expect(await page.locator(".pin:visible h2").allTextContents()).toEqual(["office-linux", "office-windows"]);
  expect(await page.locator("#found").textContent()).toBe("2 of 3");
});

test("on a phone the table of changes has one column, and is a table still", async () => {
  const { lanes, events } = months(["office"], ["dev"], 1);
  const state = pinOf(image({ id: "a", name: "Windows_11_Enterprise_25H2_64bit_Workspace_20261002" }));
  const [event] = events;
  await open({ lanes, events: [{ ...event!, change: { ...event!.change!, after: state } }] }, { width: 390 });
  const cell = page.getByRole("table").getByRole("row").last().getByRole("cell").last();
  expect(await cell.textContent()).toBe("+\u00a0Windows_11_Enterprise_25H2_64bit_Workspace_20261002");
  const { width, height } = (await cell.boundingBox())!;
  expect(width).toBeGreaterThan(300);
  // Two lines at most.
  expect(height).toBeLessThan(50);
});

test("the arrow keys lead from one environment to the next, past pins that are not searched for", async () => {
  await open(months(["a-office", "b-lab", "c-office"], ["dev", "prod"], 2));
  await page.getByLabel("Show pins with").fill("office");
  await page.getByRole("img", { name: /^dev/ }).first().focus();
  const focused = () =>
    page.evaluate("[...document.querySelectorAll('.lane[tabindex]')].indexOf(document.activeElement)");
  const reached: unknown[] = [];
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"]) {
    await page.keyboard.press(key);
    reached.push(await focused());
  }
  expect(reached).toEqual([1, 4, 5, 5, 4]);
  expect(await tip().isVisible()).toBe(true);
});

test("it prints without what only a screen can show, dark on white", async () => {
  await open(months(["office"], ["dev"], 2), { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(28, 32, 36)");
  expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
  expect(await page.locator("#filter").isVisible()).toBe(false);
  expect(await page.locator("table").first().isVisible()).toBe(true);
});

test("50 pins in 10 environments over 3 years open within a second", async () => {
  const names = Array.from({ length: 50 }, (_, index) => `pin-${index}`);
  const environments = Array.from({ length: 10 }, (_, index) => `environment-${index}`);
  const content = months(names, environments, 36);
  expect(content.events).toHaveLength(18_000);
  // A machine that is busy with something else takes its time now and then.
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    await page?.close();
    await open(content);
    times.push(
      await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))",
      ),
    );
  }
  expect(Math.min(...times)).toBeLessThan(1000);
});
