import { closeSync, constants, createReadStream, fstatSync, open } from "node:fs";
import { Socket } from "node:net";
import { promisify } from "node:util";
import { CredentialsError } from "../errors";

const MAX_FILE = 1024 * 1024;
/** How long a pipe is read, ms: whoever writes to it may first ask for the token. */
const PIPE_TIME = 10_000;

/**
 * The text of a file, or of a pipe (`<(…)` of a shell), within limits of size and time; undefined where there is none.
 * @throws CredentialsError if it cannot be read, or is a folder or a device
 */
export async function readSmall(path: string, what: string): Promise<string | undefined> {
  let file: number;
  try {
    // Otherwise a pipe that nobody writes to would never be opened, and the process never end.
    file = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CredentialsError(`${what} cannot be read (${code}).`);
  }
  const stats = fstatSync(file);
  if (!stats.isFile() && !stats.isFIFO()) {
    closeSync(file);
    throw new CredentialsError(`${what} is neither a file nor a pipe.`);
  }
  const stream = stats.isFIFO() ? new Socket({ fd: file }) : createReadStream("", { fd: file });
  const timer = setTimeout(
    () => stream.destroy(new CredentialsError(`${what} did not end within ${PIPE_TIME / 1000} s.`)),
    PIPE_TIME,
  );
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > MAX_FILE) throw new CredentialsError(`${what} is larger than ${MAX_FILE / 1024 / 1024} MB.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause;
    throw new CredentialsError(`${what} cannot be read (${(cause as NodeJS.ErrnoException).code}).`);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString();
}
