import { createReadStream } from "node:fs";
import { JSONParser, TokenType } from "@streamparser/json";
import { PlanError } from "../errors";

/** What the output of `terraform show -json` (or `tofu show -json`) is of. */
export type TerraformJson = "plan" | "state";

/** What is done with each entry as it is read; nothing of it is kept. */
export interface Visitor {
  /** An entry of a plan's `resource_changes`, or of its `deferred_changes`. */
  change?(change: unknown): void;
  /** A resource of a state. */
  resource?(resource: unknown): void;
}

/** Levels of modules in modules that are looked into; Terraform has no limit, and people stay far below. */
const MAX_MODULES = 50;
/** Levels of objects and lists in each other; Terraform's own nesting ends far below. */
const MAX_DEPTH = 1000;
const HOW = "Make one with: terraform show -json <plan file> (or tofu show -json).";

const MODULES = Array.from(
  { length: MAX_MODULES + 1 },
  (_, level) => `$.values.root_module${".child_modules.*".repeat(level)}`,
);
const PATHS = [
  "$.format_version",
  "$.errored",
  "$.resource_changes.*",
  "$.deferred_changes.*",
  ...MODULES.map((module) => `${module}.resources.*`),
  `${MODULES.at(-1)}.child_modules`,
];

/**
 * Reads a plan or a state as it comes in, so that its size does not matter.
 * @param name of the file, `-` for standard input
 * @throws PlanError if it is not readable, no such JSON, or of a format that is not understood
 */
export async function readTerraformJson(name: string, visitor: Visitor): Promise<TerraformJson> {
  const subject = name === "-" ? "Standard input" : name;
  if (name === "-" && process.stdin.isTTY) throw new PlanError(`${subject} is a terminal. ${HOW}`);
  const document = new Document(subject, visitor);
  try {
    for await (const chunk of name === "-" ? process.stdin : createReadStream(name)) {
      document.write(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof PlanError) throw cause;
    throw new PlanError(`${subject} cannot be read: ${(cause as Error).message}. ${HOW}`, { cause });
  }
  return document.end();
}

/** What Terraform writes in the place of these keys of the top level. */
const SHAPES: ReadonlyMap<string | undefined, TokenType> = new Map([
  ["planned_values", TokenType.LEFT_BRACE],
  ["values", TokenType.LEFT_BRACE],
  ["resource_changes", TokenType.LEFT_BRACKET],
  ["deferred_changes", TokenType.LEFT_BRACKET],
]);

/** One JSON document, of which only the top level is known and the entries are handed on. */
class Document {
  private readonly parser = new JSONParser({ paths: PATHS, keepStack: false });
  private readonly keys = new Set<string>();
  /** Keys of the objects that are open; undefined for a list. */
  private readonly open: (Set<string> | undefined)[] = [];
  private readonly scalars = new Map<string, unknown>();
  private lastText: string | undefined;
  private isAfterColon = false;
  private isEmpty = true;

  constructor(
    private readonly subject: string,
    private readonly visitor: Visitor,
  ) {
    this.parser.onToken = ({ token, value }) => this.follow(token, value);
    this.parser.onValue = ({ value, key, stack }) => {
      const top = stack[1]?.key ?? key;
      if (key === "child_modules")
        throw new PlanError(`${subject} has more than ${MAX_MODULES} modules in each other.`);
      if (top === "resource_changes") this.visitor.change?.(value);
      else if (top === "deferred_changes") this.visitor.change?.(deferred(value));
      else if (top === "values") this.visitor.resource?.(value);
      else this.scalars.set(String(key), value);
    };
  }

  /** Sees that no key stands twice, of which one would not be seen, and that the top level is as it is known. */
  private follow(token: TokenType, value: unknown): void {
    const { open, lastText } = this;
    if (this.isAfterColon && open.length === 1 && token !== (SHAPES.get(lastText) ?? token)) {
      throw new PlanError(`${this.subject} is not understood: ${lastText} is not as expected.`);
    }
    this.isAfterColon = token === TokenType.COLON;
    if (open.length > MAX_DEPTH) {
      throw new PlanError(
        `${this.subject} is not understood: it is nested in more than ${MAX_DEPTH} levels.`,
      );
    }
    if (token === TokenType.STRING) this.lastText = value as string;
    else if (token === TokenType.LEFT_BRACE) open.push(open.length === 0 ? this.keys : new Set());
    else if (token === TokenType.LEFT_BRACKET) open.push(undefined);
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) open.pop();
    else if (token === TokenType.COLON) {
      const keys = open.at(-1);
      if (keys?.has(String(lastText))) {
        throw new PlanError(
          `${this.subject} is not understood: ${JSON.stringify(lastText).slice(0, 200)} stands twice in one object.`,
        );
      }
      keys?.add(String(lastText));
    }
  }

  write(chunk: Buffer): void {
    if (this.isEmpty && chunk.length > 0) {
      this.isEmpty = false;
      const [first, second] = chunk;
      if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || second === 0) {
        throw new PlanError(
          `${this.subject} is in UTF-16, as older PowerShells write it. Save it in UTF-8: cmd /c "terraform show -json plan > plan.json".`,
        );
      }
      if (chunk.subarray(0, 2).toString("latin1") === "PK") {
        throw new PlanError(`${this.subject} is a plan in Terraform's own format. ${HOW}`);
      }
    }
    try {
      this.parser.write(chunk);
    } catch (cause) {
      if (cause instanceof PlanError) throw cause;
      throw this.notJson(cause);
    }
  }

  end(): TerraformJson {
    if (this.isEmpty)
      throw new PlanError(`${this.subject} is empty: what should have written it failed. ${HOW}`);
    try {
      if (!this.parser.isEnded) this.parser.end();
    } catch (cause) {
      throw this.notJson(cause);
    }
    const format = this.scalars.get("format_version");
    const isPlan = this.keys.has("planned_values");
    if (isPlan === this.keys.has("values") || typeof format !== "string") {
      throw new PlanError(`${this.subject} is neither a plan nor a state. ${HOW}`);
    }
    if (!/^1\.\d+$/.test(format)) {
      throw new PlanError(`${this.subject} has format_version ${format}, and 1.x is understood here.`);
    }
    if (this.scalars.get("errored") ?? false) {
      throw new PlanError(
        `${this.subject} is of a plan that failed, and cannot be applied. Mend that, and plan again.`,
      );
    }
    return isPlan ? "plan" : "state";
  }

  private notJson(cause: unknown): PlanError {
    const { message } = cause as Error;
    return new PlanError(
      this.keys.size === 0
        ? `${this.subject} is no JSON document. ${HOW}`
        : `${this.subject} is no JSON document, or not a whole one: ${message.slice(0, 200).replace(/\.$/, "")}. ${HOW}`,
      { cause },
    );
  }
}

/** An entry of `deferred_changes` holds a change, and why it must wait for another plan. */
function deferred(entry: unknown): unknown {
  return (entry as { resource_change?: unknown } | null)?.resource_change ?? entry;
}
