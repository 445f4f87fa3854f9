const REDACTED = "[redacted]";
/** Shorter texts stand in other words too; nothing that the service issues is as short. */
const SHORTEST = 6;
/** How much of a longer one is enough to recognize it, in letters and digits: more than a word, and most of one. */
const PART = { least: 9, most: 12, share: 0.75 };

/** Every secret of this process, so that text from outside that repeats one can be quoted. */
const known = new Set<string>();
/** Those of which no traces are kept yet: that is done where something is quoted. */
const untraced: string[] = [];

/** Lets {@link redact} know a secret that something else holds. */
export function remember(secret: string): void {
  if (secret.length < SHORTEST || known.has(secret)) return;
  known.add(secret);
  untraced.push(secret);
}

/**
 * A text from outside, without the secrets that a server may have repeated in it. They are compared by letters and
 * digits alone, in base64 and as lists of numbers too, so that no way of escaping or wrapping one hides it; of a long
 * one, parts are found.
 */
export function redact(text: string): string {
  if (known.size === 0 || text === "") return text;
  for (const secret of untraced.splice(0)) keepTraces(secret);
  const found: [from: number, to: number][] = [];
  for (const reading of NUMBERS.test(text) ? [PLAIN, ESCAPED, ...LISTED] : [PLAIN, ESCAPED]) {
    for (const [isLetters, { whole, parts }] of [
      [true, letters],
      [false, characters],
    ] as const) {
      if (whole.size === 0 && parts.size === 0) continue;
      const view = viewOf(text, reading, isLetters);
      found.push(...occurrences(view, whole), ...partsIn(view, parts));
    }
  }
  return replace(text, found);
}

/** A text reduced to what is compared, each of its code units with the place in the text that it was read from. */
interface View {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** What to look for: texts as they are, and of the longer ones every part of a certain length. */
interface Traces {
  readonly whole: Set<string>;
  /** By their length. */
  readonly parts: Map<number, Set<string>>;
}

/** What secrets are recognized by: their letters and digits, or all their characters where those are too few. */
const letters: Traces = { whole: new Set(), parts: new Map() };
const characters: Traces = { whole: new Set(), parts: new Map() };

/** One character as JSON, JavaScript, C, URLs, mail and HTML escape it, also where it was escaped more than once. */
const ESCAPE =
  /%(?:25)*([0-9a-f]{2})|\\+u([0-9a-f]{4})|\\+u\{([0-9a-f]{1,6})\}|\\+x([0-9a-f]{2})|=([0-9a-f]{2})|\\+([0-7]{3})|\\+([^ux])|&(?:amp;)*#x([0-9a-f]{1,6});|&(?:amp;)*#(\d{1,7});|&(?:amp;)*([a-z][a-z0-9]{1,31});|./gisu;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  sol: "/",
};

/** A number as lists of bytes or characters have it: `97`, `0x61`, `61h`, `U+0061`. */
const NUMBER = /(?<![0-9a-z])(?:0[xob]|[xob]|u\+?)?([0-9a-f]{1,8})h?(?![0-9a-z])/gi;
/** As many of them in a row as the shortest secret has characters: few texts have such a row. */
const NUMBERS = new RegExp(`(?:${NUMBER.source}[^0-9a-z]{0,8}){${SHORTEST}}`, "i");

/** A way to read a text: what in it stands for a character, and for which. */
interface Reading {
  readonly pattern: RegExp;
  readonly characterOf: (match: RegExpMatchArray) => string;
}

const PLAIN: Reading = { pattern: /./gsu, characterOf: ([all]) => all };
const ESCAPED: Reading = { pattern: ESCAPE, characterOf: unescaped };
/** In every notation: what a number of another one is read as is no secret. */
const LISTED: readonly Reading[] = [2, 8, 10, 16].map((radix) => ({
  pattern: NUMBER,
  characterOf: ([, digits = ""]) => characterOf(digits, radix),
}));

function characterOf(digits: string, radix: number): string {
  const code = Number.parseInt(digits, radix);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}

function viewOf(text: string, reading: Reading, isLetters: boolean): View {
  const wanted = isLetters ? /[\p{L}\p{N}]/u : /\S/u;
  const units: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  for (const match of text.matchAll(reading.pattern)) {
    const character = reading.characterOf(match);
    if (!wanted.test(character)) continue;
    for (const unit of character.toLowerCase()) {
      for (let index = 0; index < unit.length; index++) {
        units.push(unit.charAt(index));
        from.push(match.index);
        to.push(match.index + match[0].length);
      }
    }
  }
  return { text: units.join(""), from, to };
}

function unescaped(match: RegExpMatchArray): string {
  const [all, percent, unicode, braced, hexadecimal, printable, octal, plain, entity, decimal, named] = match;
  const hex = percent ?? unicode ?? braced ?? hexadecimal ?? printable ?? entity;
  const number = hex ?? octal ?? decimal;
  if (number !== undefined) {
    return characterOf(number, hex !== undefined ? 16 : octal !== undefined ? 8 : 10);
  }
  // A line break or tab, or a character that need not be escaped.
  if (plain !== undefined) return /[nrtbfv0]/.test(plain) ? "" : plain;
  return named !== undefined ? (ENTITIES[named.toLowerCase()] ?? "") : all;
}

function keepTraces(secret: string): void {
  for (const form of formsOf(secret)) {
    for (const reading of [PLAIN, ESCAPED]) {
      const { text } = viewOf(form, reading, true);
      if (text.length >= SHORTEST) trace(text, letters);
      // Of signs alone, there are no letters to compare.
      else trace(viewOf(form, reading, false).text, characters);
    }
  }
}

function trace(text: string, { whole, parts }: Traces): void {
  if (text.length < SHORTEST) return;
  const length = Math.min(PART.most, Math.max(PART.least, Math.ceil(text.length * PART.share)));
  const known = parts.get(length) ?? new Set();
  parts.set(length, known);
  if (text.length <= length) whole.add(text);
  else for (let at = 0; at + length <= text.length; at++) known.add(text.slice(at, at + length));
}

/** A secret as it is, backwards, as bytes that were read as Latin-1, in hexadecimal, and in base64, which differs by what stands before it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].map((before) => {
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return text.slice(Math.ceil((before * 8) / 6), end);
  });
  const backwards = [...secret].reverse().join("");
  return [secret, backwards, bytes.toString("latin1"), bytes.toString("hex"), ...encoded];
}

function* occurrences(view: View, whole: ReadonlySet<string>): Generator<[number, number]> {
  for (const text of whole) {
    for (let at = view.text.indexOf(text); at >= 0; at = view.text.indexOf(text, at + 1)) {
      yield [view.from[at]!, view.to[at + text.length - 1]!];
    }
  }
}

function* partsIn(view: View, parts: Traces["parts"]): Generator<[number, number]> {
  for (const [length, known] of parts) {
    for (let at = 0; at + length <= view.text.length; at++) {
      if (known.has(view.text.slice(at, at + length))) yield [view.from[at]!, view.to[at + length - 1]!];
    }
  }
}

function replace(text: string, found: readonly (readonly [number, number])[]): string {
  let redacted = "";
  let end = 0;
  let hidden = -1;
  for (const [from, to] of found.toSorted(([a], [b]) => a - b)) {
    if (from >= hidden) {
      redacted += `${text.slice(end, from)}${REDACTED}`;
      hidden = to;
    }
    hidden = Math.max(hidden, to);
    end = hidden;
  }
  return redacted + text.slice(end);
}
