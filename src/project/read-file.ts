import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";

/** How much is read at once where a file does not say how large it is, bytes. */
const CHUNK = 64 * 1024;

/**
 * The text of a small file. Whatever stands in its place is refused at once: nothing waits for a pipe, and no more
 * than the limit is read.
 * @param maxBytes size from which on the file is refused
 * @returns undefined where there is nothing
 * @throws Error whose message says why it cannot be read, without naming the file where the file system does not
 */
export function readBounded(path: string, maxBytes: number): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) {
    if (lstatSync(path, { throwIfNoEntry: false })) throw new Error("it is a link that leads nowhere");
    return undefined;
  }
  // Before it is opened, because opening some devices does something.
  refuse(stats, maxBytes);
  const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;
  // It may have been replaced meanwhile, by a pipe whose opening would wait for a writer.
  const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const opened = fstatSync(file);
    refuse(opened, maxBytes);
    return readText(file, opened.size, maxBytes);
  } finally {
    closeSync(file);
  }
}

function refuse(stats: Stats, maxBytes: number): void {
  const other = kindOf(stats);
  if (other) throw new Error(`it is ${other}, not a file`);
  if (stats.size > maxBytes) throw tooLarge(maxBytes);
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}

/** Reads to the end, which need not be where the size says: a file may grow, and those of /proc say 0. */
function readText(file: number, size: number, maxBytes: number): string {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(total < size ? size - total + 1 : CHUNK);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks, total).toString("utf8");
    total += read;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk.subarray(0, read));
  }
}

function tooLarge(maxBytes: number): Error {
  const MB = 1024 * 1024;
  return new Error(`it is larger than ${maxBytes < MB ? `${maxBytes} bytes` : `${maxBytes / MB} MB`}`);
}
