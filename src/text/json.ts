import { escapeInvisible } from "./printable";

/**
 * Finds a key that stands twice in one object of a valid JSON text; JSON.parse would silently keep the last.
 * @returns the path of the first such key, without the indices of lists; undefined where there is none
 */
export function findDuplicateKey(text: string): string[] | undefined {
  const objects: { keys: Set<string>; last?: string }[] = [];
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    const object = objects.at(-1);
    if (token === "{") objects.push({ keys: new Set() });
    else if (token === "}") objects.pop();
    else if (key !== undefined && object) {
      object.last = JSON.parse(key) as string;
      if (object.keys.has(object.last)) return objects.map(({ last = "" }) => last);
      object.keys.add(object.last);
    }
  }
  return undefined;
}

/**
 * What `JSON.stringify(value, null, 2)` gives, with invisible characters escaped, in pieces, so that it need not be held
 * as a whole.
 * @param levels how deep lists, and objects that hold others, are taken apart
 */
export function* jsonInPieces(value: unknown, levels = 3, indent = ""): Generator<string> {
  if (levels === 0 || typeof value !== "object" || value === null || isFlat(value)) {
    yield escapeInvisible(JSON.stringify(value, null, 2) ?? "null").replaceAll("\n", `\n${indent}`);
    return;
  }
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  let separator = open;
  for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
    const member = (value as Record<string | number, unknown>)[key];
    if (typeof key === "string" && member === undefined) continue;
    yield `${separator}\n${inner}${typeof key === "string" ? `${escapeInvisible(JSON.stringify(key))}: ` : ""}`;
    yield* jsonInPieces(member, levels - 1, inner);
    separator = ",";
  }
  yield separator === open ? `${open}${close}` : `\n${indent}${close}`;
}

/** Whether something is an object that holds no others: taken apart, an image would be a dozen pieces. */
function isFlat(value: object): boolean {
  return !Array.isArray(value) && Object.values(value).every((member) => Object(member) !== member);
}
