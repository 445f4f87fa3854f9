/**
 * Finds a key that stands twice in one object of a valid JSON text; JSON.parse would silently keep the last.
 * @returns the first such key as it is written, undefined where there is none
 */
export function findDuplicateKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (key !== undefined) {
      const keys = objects.at(-1);
      const name: string = JSON.parse(key);
      if (keys?.has(name)) return key;
      keys?.add(name);
    }
  }
  return undefined;
}
