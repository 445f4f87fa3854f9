// Removes from lib the declarations that no entry of the package leads to: users cannot import what they describe.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const lib = resolve(import.meta.dirname, "../lib");
const reached = new Set();

function follow(file) {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
    follow(join(dirname(file), `${path}.d.ts`));
  }
}

for (const entry of ["index.d.ts", "emulator/index.d.ts"]) follow(join(lib, entry));
for (const name of readdirSync(lib, { recursive: true })) {
  const file = join(lib, name);
  if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
}
