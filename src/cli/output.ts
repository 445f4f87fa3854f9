import Table from "cli-table3";
import pc from "picocolors";
import { ApiError } from "../api/api-error";
import { ResponseError, type WorkspaceImagesError } from "../errors";
import type { WorkspaceImage } from "../workspace-image";
import type { Answer } from "./environments";

/** Exit codes of every command. */
export const EXIT = { done: 0, no: 1, unanswered: 2 } as const;

/** Width that tables must fit, in columns. */
export const WIDTH = Math.max(80, process.stdout.columns ?? 80);

/** Prints an error where it does not disturb what a program reads. */
export function printError(message: string): void {
  process.stderr.write(`${pc.red("error:")} ${message}\n`);
}

/** Prints what a user should know although it is no error. */
export function printWarning(message: string): void {
  process.stderr.write(`${pc.yellow("warning:")} ${message}\n`);
}

/** Prints text for people. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * Prints answers and sets the exit code: a JSON object on standard output, or a section for each environment;
 * what could not be answered goes to standard error.
 * @param options.json what a program gets for an answer
 * @param options.text what people get for an answer
 * @param options.no whether an answer is "no"
 */
export function report<T>(
  answers: ReadonlyMap<string, Answer<T>>,
  options: {
    readonly asJson: boolean | undefined;
    readonly json: (value: T) => unknown;
    readonly text: (value: T, environment: string) => string;
    readonly no?: (value: T) => boolean;
  },
): void {
  const object: Record<string, unknown> = {};
  let code: number = EXIT.done;
  for (const [environment, answer] of answers) {
    if ("error" in answer) {
      code = EXIT.unanswered;
      object[environment] = { error: errorForJson(answer.error) };
      printError(`${environment}: ${answer.error.message}`);
      continue;
    }
    object[environment] = options.json(answer.value);
    if (code === EXIT.done && options.no?.(answer.value)) code = EXIT.no;
    if (!options.asJson) print(options.text(answer.value, environment));
  }
  if (options.asJson) print(JSON.stringify(object, null, 2));
  process.exitCode = code;
}

/** A table without lines that fits the terminal; `widths` are columns, of which one may be `"rest"`. */
export function table(
  head: readonly string[],
  widths: readonly (number | "rest")[],
  rows: readonly string[][],
): string {
  const fixed = widths.reduce<number>((sum, width) => sum + (width === "rest" ? 0 : width), 0);
  const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "" };
  const drawn = new Table({
    head: head.map((title) => pc.bold(title)),
    colWidths: widths.map((width) => (width === "rest" ? WIDTH - fixed : width)),
    wordWrap: true,
    wrapOnWordBoundary: false,
    chars: {
      ...none,
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "",
    },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 1 },
  });
  drawn.push(...rows);
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** An image in one line for people. */
export function shortImage({ id, name }: WorkspaceImage): string {
  return `${name ?? "unnamed"} (${id})`;
}

/** Several images in one line for people. */
export function shortImages(images: readonly WorkspaceImage[]): string {
  return images.map(shortImage).join(", ") || "none";
}

/** Says on a terminal what is waited for, once that takes longer than a second. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work;
  const started = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stderr.write(`\r${pc.dim(`${what} … ${seconds} s`)}`);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (Date.now() - started >= 1000) process.stderr.write("\r\u001b[2K");
  }
}

function errorForJson(error: WorkspaceImagesError): { code: string; message: string; requestId?: string } {
  const requestId = error instanceof ApiError || error instanceof ResponseError ? error.requestId : undefined;
  return { code: error.code, message: error.message, ...(requestId && { requestId }) };
}
