// Installs what a fresh clone lacks and builds the library, so that `npm test` and `npm run demo` need nothing else.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const modified = (path) => statSync(path).mtimeMs;

function npm(...args) {
  const { status, error } = spawnSync("npm", args, { stdio: "inherit", shell: process.platform === "win32" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(installed) || modified(installed) < modified("package-lock.json")) npm("ci");
npm("run", "--silent", "build");
