import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/project";

/** Every document of the repository that people read; the API reference is made from the code and checked there. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "README.zh-CN.md",
  "terraform/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && name !== "api.md")
    .sort()
    .map((name) => `docs/${name}`),
];
