// Measures the budgets, each as a ratio or against a peer within one run: `npm run bench`, or some by name:
// `npm run bench -- listing import-time`. The exit code is 1 if one is missed.
import { inCleanSurroundings, type Measurement } from "./harness";

/** A file each. */
const BUDGETS = [
  "frozen-synth",
  "auto-synth",
  "pinned-lookup",
  "one-of-many-environments",
  "import-time",
  "first-lookup",
  "listing",
  "throttled",
  "many-environments",
  "synth-checks",
  "package",
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !BUDGETS.includes(name));
if (unknown.length > 0) throw new Error(`There is no ${unknown.join(", ")}. Budgets: ${BUDGETS.join(", ")}`);

void inCleanSurroundings(async () => {
  const rows: Measurement[] = [];
  for (const name of asked.length > 0 ? asked : BUDGETS) {
    process.stderr.write(`${name} …\n`);
    const { measure } = require(`./${name}`) as { measure(): Promise<Measurement[]> };
    rows.push(...(await measure()));
  }
  const width = (column: "what" | "measured") => Math.max(...rows.map((row) => row[column].length));
  for (const { what, measured, budget, ok } of rows) {
    const cells = [what.padEnd(width("what")), measured.padEnd(width("measured")), budget];
    console.log(`${ok ? "ok    " : "MISSED"}  ${cells.join("  ")}`);
  }
  if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
});
