// Installs the browser that tests need, from Debian's packages, where it is missing.
import { spawnSync } from "node:child_process";

const run = (program, ...args) => spawnSync(program, args, { stdio: "inherit" }).status === 0;
const isThere = () => spawnSync("chromium", ["--version"]).status === 0;

const aptGet = (...args) =>
  run(...(process.getuid?.() === 0 ? [] : ["sudo"]), "apt-get", "-y", "-q", ...args);

if (!isThere()) {
  const install = () => aptGet("install", "--no-install-recommends", "chromium");
  if (!install() && aptGet("update")) install();
}
if (!isThere()) {
  console.error("There is no chromium, and apt-get cannot install it.");
  process.exitCode = 1;
}
