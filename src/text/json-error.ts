/** Where a text stops being JSON. */
export interface JsonError {
  /** Its place in the text, from 0. */
  readonly offset: number;
  /** Line, from 1. */
  readonly line: number;
  /** Column, from 1, in UTF-16 code units, as editors count. */
  readonly column: number;
  /** What is wrong there, in words. */
  readonly what: string;
}

type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma" | "end";

const SPACE = /[ \t\n\r]*/y;
// Runs of plain characters, so that a text of megabytes does not fill the stack.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they end a text of JSON
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/**
 * Parses a text, which may begin with a byte order mark.
 * @throws SyntaxError whose message says where it stops being JSON, and what is wrong there
 */
export function parseJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(json);
  } catch (cause) {
    const error = findJsonError(json);
    throw error
      ? new SyntaxError(`line ${error.line}, column ${error.column}: ${error.what}`, { cause })
      : cause;
  }
}

/**
 * Finds where a text stops being JSON: what JSON.parse says of that differs between versions of Node,
 * and often has no position.
 * @returns undefined where the text is JSON
 */
export function findJsonError(text: string): JsonError | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    if (!token.test(text)) return false;
    at = token.lastIndex;
    return true;
  };
  const afterValue = (): Expected => (open.length > 0 ? "comma" : "end");
  for (;;) {
    take(SPACE);
    const next = text[at];
    if (next === undefined && expected === "end") return undefined;
    if (next === "}" && open.at(-1) === "{" && (expected === "key or }" || expected === "comma")) {
      at++;
      open.pop();
      expected = afterValue();
    } else if (next === "]" && open.at(-1) === "[" && (expected === "value or ]" || expected === "comma")) {
      at++;
      open.pop();
      expected = afterValue();
    } else if (next === "," && expected === "comma") {
      at++;
      expected = open.at(-1) === "{" ? "key" : "value";
    } else if (next === ":" && expected === "colon") {
      at++;
      expected = "value";
    } else if (expected.startsWith("key") && take(STRING)) {
      expected = "colon";
    } else if (expected.startsWith("value") && (next === "{" || next === "[")) {
      at++;
      open.push(next);
      expected = next === "{" ? "key or }" : "value or ]";
    } else if (expected.startsWith("value") && (take(STRING) || take(SCALAR))) {
      expected = afterValue();
    } else {
      const before = text.slice(0, at);
      return {
        offset: at,
        line: before.split("\n").length,
        column: at - before.lastIndexOf("\n"),
        what: whatIsWrong(text, at, expected, open.at(-1)),
      };
    }
  }
}

function whatIsWrong(text: string, at: number, expected: Expected, open: string | undefined): string {
  const next = text[at];
  if (next === undefined) return "the file ends too early";
  if (next === "\uFEFF") return "a byte order mark stands before the text";
  // A text in another encoding has these when it is read as UTF-8.
  if (next === "\uFFFD" || next === "\0") return "this is not UTF-8 text: save it in that encoding";
  if (next === "/" || next === "#") return "JSON has no comments";
  if (next === "'") return "texts stand in double quotes";
  if (next === '"' && expected !== "comma" && expected !== "colon" && expected !== "end")
    return "a text that does not end in its line, or has a bad escape";
  if ((next === "}" || next === "]") && (expected === "key" || expected === "value")) {
    return /,\s*$/.test(text.slice(0, at))
      ? `there is a comma too many before ${next}`
      : "a value is missing";
  }
  switch (expected) {
    case "end":
      return "something follows after the end";
    case "colon":
      return "expected a colon";
    case "comma":
      return `expected a comma or ${open === "{" ? "}" : "]"}`;
    case "key":
    case "key or }":
      return "expected a key in double quotes";
    default:
      return "expected a value";
  }
}
