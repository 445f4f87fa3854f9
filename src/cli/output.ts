import pc from "picocolors";
import { printable } from "../text/printable";

/** Colours for standard output: only on a terminal that has them, and where NO_COLOR is not set. */
export const colors = colorsOf(process.stdout);
const errorColors = colorsOf(process.stderr);

const CLEAR_LINE = "\r\u001b[2K";
let progressIsShown = false;

/** Prints on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints an error on standard error, so that it does not disturb what a program reads. */
export function printError(message: string): void {
  printMessage(`${errorColors.red("error:")} ${printable(message)}`);
}

/** Prints what a user should know although it is no error. */
export function printWarning(message: string): void {
  printMessage(`${errorColors.yellow("warning:")} ${printable(message)}`);
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
