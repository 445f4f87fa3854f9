import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/project";
import { DOCUMENTS } from "./documents";
import { type Block, blocksOf, readDocument, shownCommands } from "./markdown";
import { isInPart, shows } from "./output";
import { Workbench, writeIn } from "./workbench";

// With UPDATE_DOCUMENTS=1, what the documents show is replaced by what is printed, where they show it whole.
const isUpdate = process.env.UPDATE_DOCUMENTS === "1";

const workbench = new Workbench();
afterAll(() => workbench.close());

// The Chinese documents have the blocks of the English ones: see texts.test.ts.
const withCommands = DOCUMENTS.filter((document) => !document.includes("zh-CN")).filter((document) =>
  blocksOf(document).some((block) => isRun(block)),
);

test.each(withCommands)("%s: its commands do what it says, and print what it shows", async (document) => {
  const blocks = blocksOf(document);
  const folder = await workbench.begin(blocks.find(({ says }) => says.has("folder"))?.says.get("folder"));
  const failures: string[] = [];
  const changes: Change[] = [];
  for (const block of blocks) {
    const { says, text, line } = block;
    const file = says.get("file");
    if (file !== undefined) writeIn(folder, file, text);
    if (says.has("demo")) {
      const { code, stdout } = await workbench.run(ROOT, "npm run --silent demo");
      if (code !== 0 || !shows(text.split("\n"), stdout.split("\n")))
        failures.push(`${document}:${line}: npm run demo ended with ${code}, and printed:\n${stdout}`);
    }
    if (says.has("tests")) {
      // The whole would take too long here; one file of it prints the same lines.
      const [pass = ""] = text.split("\n");
      const { stdout } = await workbench.run(ROOT, `npx jest ${pass.replace("PASS ", "")}`);
      for (const shown of [pass, "Ran all test suites"])
        if (!stdout.includes(shown))
          failures.push(`${document}:${line} shows other than npm test:\n${stdout}`);
    }
    if (!isRun(block)) continue;
    const expected = Number(says.get("exit") ?? 0);
    if (block.language === "sh") {
      const { code, stdout } = await workbench.run(folder, text);
      if (code !== expected) failures.push(`${document}:${line} ended with ${code}:\n${text}${stdout}`);
      continue;
    }
    const length = text.trimEnd().split("\n").length;
    for (const { command, output, at } of shownCommands(block)) {
      const { code, stdout } = await workbench.run(folder, command);
      if (code > 2 || code < 0) failures.push(`${document}:${line + at - 1} ended with ${code}:\n${stdout}`);
      if (shows(output, stdout.split("\n"))) continue;
      failures.push(`${document}:${line + at - 1} shows other than this:\n$ ${command}\n${stdout}`);
      if (isUpdate && !isInPart(output)) {
        const isLast = at + output.length >= length;
        const now = stdout
          .trimEnd()
          .split("\n")
          .map((printed) => printed.trimEnd());
        changes.push({ from: line - 1 + at, count: output.length, now: isLast ? now : [...now, ""] });
      }
    }
  }
  if (changes.length > 0) update(document, changes);
  if (failures.length > 0) throw new Error(failures.join("\n\n"));
});

/** Whether a block is commands: a script, or a terminal. */
function isRun({ language, text, says }: Block): boolean {
  if (says.has("shown")) return false;
  return language === "sh" || (language === "text" && text.startsWith("$ "));
}

/** What is shown in some lines of a document, and what is printed now. */
interface Change {
  readonly from: number;
  readonly count: number;
  readonly now: readonly string[];
}

/** Puts what was printed into a document, from its end to its beginning. */
function update(document: string, changes: readonly Change[]): void {
  const lines = readDocument(document).split("\n");
  for (const { from, count, now } of [...changes].reverse()) lines.splice(from, count, ...now);
  writeFileSync(join(ROOT, document), lines.join("\n"));
}
