import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { ApiError } from "../api/api-error";
import { ResponseError, type WorkspaceImagesError } from "../errors";
import { printable } from "../text/printable";

/** What a command found for one environment: its answer, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly error: WorkspaceImagesError };

/** Exit codes of every command. */
export const EXIT = { done: 0, no: 1, unanswered: 2 } as const;

/** Width that tables must fit, in columns. */
export const WIDTH = Math.max(80, process.stdout.columns ?? 80);

/** Colours for standard output: only on a terminal that has them, and where NO_COLOR is not set. */
export const colors = colorsOf(process.stdout);
const errorColors = colorsOf(process.stderr);

const CLEAR_LINE = "\r\u001b[2K";
let progressIsShown = false;

/** Prints an error where it does not disturb what a program reads. */
export function printError(message: string): void {
  printMessage(`${errorColors.red("error:")} ${printable(message)}`);
}

/** Prints what a user should know although it is no error. */
export function printWarning(message: string): void {
  printMessage(`${errorColors.yellow("warning:")} ${printable(message)}`);
}

/** Prints on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A number of things, such as `1 image` or `3 images`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/**
 * Prints answers and sets the exit code: a JSON object on standard output, or text for people;
 * what could not be answered goes to standard error as well.
 * @param options.json what a program gets for an answer
 * @param options.text what people get for all answers
 * @param options.no whether an answer is "no"
 */
export function report<T>(
  answers: ReadonlyMap<string, Answer<T>>,
  options: {
    readonly asJson: boolean | undefined;
    readonly json: (value: T) => unknown;
    readonly text: (values: ReadonlyMap<string, T>) => string;
    readonly no?: (value: T) => boolean;
  },
): void {
  const values = new Map<string, T>();
  const failed = new Map<string, string[]>();
  for (const [environment, answer] of answers) {
    if ("value" in answer) {
      values.set(environment, answer.value);
    } else {
      const { message } = answer.error;
      failed.set(message, [...(failed.get(message) ?? []), environment]);
    }
  }
  if (options.asJson) {
    const object = [...answers].map(([environment, answer]) => [
      environment,
      "value" in answer ? options.json(answer.value) : { error: errorForJson(answer.error) },
    ]);
    print(JSON.stringify(Object.fromEntries(object), null, 2));
  } else if (values.size > 0) {
    print(options.text(values));
  }
  for (const [message, environments] of failed) printError(`${environments.join(", ")}: ${message}`);
  const isNo = [...values.values()].some((value) => options.no?.(value));
  process.exitCode = failed.size > 0 ? EXIT.unanswered : isNo ? EXIT.no : EXIT.done;
}

/** Text for people with a section for each environment; an empty line follows sections of several lines. */
export function sections<T>(
  section: (value: T, environment: string) => string,
): (values: ReadonlyMap<string, T>) => string {
  return (values) =>
    [...values]
      .map(([environment, value]) => section(value, environment))
      .map((text) => (text.includes("\n") ? `${text}\n` : text))
      .join("\n")
      .trimEnd();
}

/**
 * A table without rules. A cell that is too long is never cut, so that it can be copied and searched for.
 * @param widths of the columns, with the space that separates them
 */
export function table(widths: readonly number[], rows: readonly (readonly string[])[]): string {
  const pad = (cell: string, at: number) =>
    `${cell}${" ".repeat(Math.max(1, (widths[at] ?? 0) - displayWidth(cell)))}`;
  return rows.map((row) => row.map(pad).join("").trimEnd()).join("\n");
}

/** How many columns a text takes on a terminal: Chinese, Japanese and Korean characters take two. */
export function displayWidth(text: string): number {
  const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60]/u;
  return [...stripVTControlCharacters(text)].reduce(
    (width, character) => width + (wide.test(character) ? 2 : 1),
    0,
  );
}

/** Breaks a text between words so that it fits, every line behind `indent`. */
export function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((part) => `${indent}${part}`).join("\n");
}

/** Says on a terminal what is waited for, once that takes longer than a second. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const started = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stderr.write(`${CLEAR_LINE}${errorColors.dim(`${what} … ${seconds} s`)}`);
    progressIsShown = true;
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    clearProgress();
  }
}

function printMessage(message: string): void {
  clearProgress();
  process.stderr.write(`${message}\n`);
}

function clearProgress(): void {
  if (progressIsShown) process.stderr.write(CLEAR_LINE);
  progressIsShown = false;
}

function colorsOf(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  // Not picocolors' own choice: that one colours pipes where CI is set.
  return pc.createColors(stream.isTTY === true && stream.hasColors());
}

function errorForJson(error: WorkspaceImagesError): { code: string; message: string; requestId?: string } {
  const requestId = error instanceof ApiError || error instanceof ResponseError ? error.requestId : undefined;
  return { code: error.code, message: error.message, ...(requestId && { requestId }) };
}
