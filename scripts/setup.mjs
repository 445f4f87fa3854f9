// Installs what a fresh clone lacks and builds the library, so that `npm test` and `npm run demo` need nothing else.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const isOutdated = (made, from) => modified(made) < modified(from);

function run(program, ...args) {
  const shell = process.platform === "win32" && program === "npm";
  const { status, error } = spawnSync(program, args, { stdio: "inherit", shell });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (isOutdated("node_modules/.package-lock.json", "package-lock.json")) run("npm", "ci");
// Where npm runs no install scripts, the provider's bindings are not there yet.
if (isOutdated("provider/lib/index.js", "provider/schema.json"))
  run(process.execPath, "provider/generate.js");
// Not without need: tests that run side by side use what is built, and a build removes it first.
const sources = readdirSync("src", { recursive: true }).map((name) => join("src", name));
const inputs = ["src", ...sources, "tsconfig.json", "tsconfig.build.json", "node_modules/.package-lock.json"];
if (inputs.some((input) => isOutdated("lib/index.js", input))) run("npm", "run", "--silent", "build");
