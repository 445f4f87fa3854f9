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
