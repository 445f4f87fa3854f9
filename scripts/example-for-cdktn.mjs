// Writes the example, its bindings and its lock files into a folder as they are for CDK Terrain (cdktn), the maintained
// successor of cdktf: the same code, with the other package's name. `cdktn get` would generate the bindings so.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? ".cdktn");
const bindings = join(folder, "node_modules/@cdktf/provider-huaweicloud");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of ["main.ts", "cdktf.json", "workspace-images"])
  cpSync(join(root, name), join(folder, name), { recursive: true });
for (const name of ["package.json", "lib"])
  cpSync(join(root, "provider", name), join(bindings, name), { recursive: true });

for (const file of [join(folder, "main.ts"), ...filesOf(bindings)]) {
  const code = readFileSync(file, "utf8");
  writeFileSync(file, code.replaceAll('"cdktf"', '"cdktn"').replaceAll("'cdktf'", "'cdktn'"));
}

function filesOf(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|ts|json)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}
