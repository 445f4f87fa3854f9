// Holds the imports of src against .dependency-cruiser.cjs, and makes sure that every file was read:
// a parser that does not know the language finds no imports, and nothing wrong.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const files = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".ts"));
const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
const { stdout, stderr } = spawnSync(process.execPath, [cruiser, "src", "--output-type", "json"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
if (!stdout) throw new Error(`dependency-cruiser has no answer:\n${stderr}`);
const { modules, summary } = JSON.parse(stdout);
const read = modules.filter(({ source }) => source.startsWith("src/"));
const imports = read.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
console.log(`${read.length} of ${files.length} files in src, ${imports} imports`);
for (const { rule, from, to, cycle } of summary.violations) {
  console.log(`  ${rule.name}: ${from} → ${cycle?.map(({ name }) => name).join(" → ") ?? to}`);
}
if (summary.error > 0 || read.length !== files.length || imports < files.length) process.exitCode = 1;
