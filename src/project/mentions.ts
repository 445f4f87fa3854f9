import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { compare } from "../text/compare";
import { readBounded } from "./read-file";

/** Files in which code and pipelines are written. */
const CODE = /\.([mc]?[jt]sx?|py|go|java|kt|cs|tf|hcl|tfvars|ya?ml|sh)$/;
/** Folders that hold what others wrote, or what was built. */
const FOREIGN = new Set(["node_modules", "cdktf.out", "lib", "dist", "build", "target", "vendor"]);
const MAX_FILES = 5000;
const MAX_BYTES = 1024 * 1024;

/** The lines of a project's code that have a text in quotes or as a word of a command, such as `main.ts:12`. */
export function mentionsOf(text: string, directory: string): string[] {
  const quoted = new RegExp(`(["'\`])${escaped(text)}\\1|--env[ =]["']?${escaped(text)}(?![\\w.-])`);
  const found: string[] = [];
  let left = MAX_FILES;
  const visit = (folder: string) => {
    for (const entry of entriesOf(join(directory, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isPipeline = entry.name === ".github" || entry.name === ".gitlab";
        if (!FOREIGN.has(entry.name) && (!entry.name.startsWith(".") || isPipeline)) visit(path);
      } else if (entry.isFile() && CODE.test(entry.name) && left-- > 0) {
        const lines = textOf(join(directory, path)).split("\n");
        for (const [at, line] of lines.entries()) if (quoted.test(line)) found.push(`${path}:${at + 1}`);
      }
    }
  };
  visit("");
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => compare(a.name, b.name));
  } catch {
    // What cannot be read is not this user's code.
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readBounded(file, MAX_BYTES) ?? "";
  } catch {
    return "";
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
