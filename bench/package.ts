import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Measurement, newFolder, ROOT } from "./harness";

/** The size of the package, and how many packages are installed with it beside its peer. */
export async function measure(): Promise<Measurement[]> {
  const folder = newFolder();
  const npm = (cwd: string, ...args: string[]) => execFileSync("npm", args, { cwd, encoding: "utf8" });
  const text = npm(ROOT, "pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", folder);
  const [{ filename, size }] = JSON.parse(text);
  writeFileSync(join(folder, "package.json"), "{}");
  npm(folder, "install", "--silent", "--no-audit", "--no-fund", `./${filename}`);
  const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const count = Object.keys(packages).filter((path) => !path.endsWith("/constructs")).length;
  return [
    {
      what: "package, packed",
      measured: `${(size / 1000).toFixed(0)} kB`,
      budget: "250 kB",
      ok: size <= 250_000,
    },
    { what: "packages installed with it", measured: String(count), budget: "15", ok: count <= 15 },
  ];
}
