import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/project";

/** A fenced block of a document, or the hidden commands in a comment that begins with `run`. */
export interface Block {
  /** Path of the document in the repository. */
  readonly document: string;
  /** Line of its first line of text, from 1. */
  readonly line: number;
  /** What stands after the fence, such as `ts`. */
  readonly language: string;
  readonly text: string;
  /** Whether readers do not see it. */
  readonly isHidden: boolean;
  /** What the comment right above it says, such as `file: cdktf.json` or `exit: 1`. */
  readonly says: ReadonlyMap<string, string>;
}

export function readDocument(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

/** The blocks of a document, in its order. */
export function blocksOf(document: string, text = readDocument(document)): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let says = new Map<string, string>();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fence = /^( *)(`{3,})(\S*)$/.exec(line);
    const isHidden = line === "<!-- run";
    if (fence || isHidden) {
      const end = lines.findIndex((other, index) => index > at && other.trim() === (fence?.[2] ?? "-->"));
      if (end < 0) throw new Error(`${document}:${at + 1}: a block that does not end`);
      const indent = fence?.[1]?.length ?? 0;
      const content = lines.slice(at + 1, end).map((inner) => inner.slice(indent));
      const language = isHidden ? "sh" : fence![3]!;
      blocks.push({ document, line: at + 2, language, text: `${content.join("\n")}\n`, isHidden, says });
      says = new Map();
      at = end;
      continue;
    }
    const comment = /^<!-- ([\w-]+)(?:: (.*?))? -->$/.exec(line);
    if (comment) says.set(comment[1]!, comment[2] ?? "");
    else if (line.trim() !== "") says = new Map();
  }
  return blocks;
}

/** A command in a block that shows a terminal, and what it printed there. */
export interface ShownCommand {
  readonly command: string;
  readonly output: readonly string[];
  /** Where its output begins, counted in the lines of the block from 0. */
  readonly at: number;
}

/** The commands of a block whose first line begins with `$ `. */
export function shownCommands({ text }: Pick<Block, "text">): ShownCommand[] {
  const commands: { command: string; output: string[]; at: number }[] = [];
  for (const [at, line] of text.trimEnd().split("\n").entries()) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ command: line.slice(2), output: [], at: at + 1 });
    else if (last?.output.length === 0 && last.command.endsWith("\\")) {
      last.command = `${last.command}\n${line}`;
      last.at = at + 1;
    } else last?.output.push(line);
  }
  return commands;
}
