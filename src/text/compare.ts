/** The order of two texts by their code units, or of two numbers: the same on every machine, whatever its language. */
export function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
