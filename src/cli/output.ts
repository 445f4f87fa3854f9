import pc from "picocolors";
import { printableLines, withoutCommands } from "../text/printable";

/** Colours for standard output: only on a terminal that has them, and where NO_COLOR is not set. */
export const colors = colorsOf(process.stdout);
const errorColors = colorsOf(process.stderr);

const CLEAR_LINE = "\r\u001b[2K";
let progressIsShown = false;

/** Least characters that are handed to standard output at once. */
const CHUNK = 64 * 1024;

/** What is still to be printed: a pipe takes it as fast as its reader reads. */
const printing: Iterator<string>[] = [];

/** Prints on standard output; what comes in pieces is never held as a whole. */
export function print(text: string | Iterable<string>): void {
  printing.push(chunks(typeof text === "string" ? [text] : text));
  if (printing.length === 1) goOn();
}

function goOn(): void {
  for (let text = printing[0]; text; text = printing[0]) {
    const { done, value } = text.next();
    if (done) {
      printing.shift();
    } else if (!process.stdout.write(value)) {
      process.stdout.once("drain", goOn);
      return;
    }
  }
}

function* chunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += withoutCommands(piece);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield `${chunk}\n`;
}

/** Prints an error on standard error, so that it does not disturb what a program reads. */
export function printError(message: string): void {
  printMessage(`${errorColors.red("error:")} ${printableLines(message)}`);
}

/** Prints what a user should know although it is no error. */
export function printWarning(message: string): void {
  printMessage(`${errorColors.yellow("warning:")} ${printableLines(message)}`);
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
