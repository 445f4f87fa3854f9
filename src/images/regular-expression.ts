import { FilterError } from "../errors";

/** Bounds what one text costs: about 0.2 s for the longest name, far less for any real one. */
const MAX_STEPS = 1000;

/** What other dialects have, as RE2's parser quotes it. */
const LACKING: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, "look-ahead and look-behind are not supported; use another filter beside it instead"],
  [/^\\[1-9]|^\\k|^\(\?P(?!<)/, "references to a group are not supported"],
  [/^\\Z/, "\\Z is not supported; the end of the text is $"],
  [/^\\u/, "\\u is not supported; a character by its number is \\x{4e2d}"],
  [/^\(\?[>(|#]/, "this kind of group is not supported; a group that is not captured is (?:…)"],
  [/^[*+?}].*\+$/, "possessive repetition is not supported"],
];

/**
 * Compiles a regular expression in the dialect of RE2, which Terraform has too: the time it takes grows with the length
 * of the text alone, and it means the same on every version of Node.
 * @returns whether it matches somewhere in a text
 * @throws FilterError if it is not valid; the message does not say where it stands
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  // Loaded here, because loading it takes longer than a whole pinned lookup, which needs no pattern.
  const { RE2JS } = require("re2js") as typeof import("re2js");
  let compiled: import("re2js").RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new FilterError(explain(error as Error), { cause: error });
  }
  if (compiled.programSize() > MAX_STEPS) {
    throw new FilterError(`it is too large: ${compiled.programSize()} steps, at most ${MAX_STEPS}`);
  }
  return (text) => compiled.test(text);
}

function explain({ message }: Error): string {
  const [, problem = message, part = ""] = /^error parsing regexp: (.*?)(?:: `(.*)`)?$/s.exec(message) ?? [];
  const lacking = LACKING.find(([form]) => form.test(part))?.[1];
  if (lacking) return `${lacking} (regular expressions are RE2's, as in Terraform)`;
  return `${problem}${part ? ` in ${JSON.stringify(part)}` : ""}`;
}
