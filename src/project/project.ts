import { dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../errors";
import { readBounded } from "./read-file";

const MAX_BYTES = 16 * 1024 * 1024;

/** A CDKTF project on disk. */
export interface Project {
  /** Folder of cdktf.json, else the current folder. */
  readonly directory: string;
  /** The parsed cdktf.json; undefined where there is none. */
  readonly cdktfJson?: { readonly app?: unknown; readonly context?: unknown };
}

/**
 * Finds the nearest cdktf.json at or above `from`.
 * @throws ConfigurationError if it is not a file, or not readable as JSON
 */
export function findProject(from = process.cwd()): Project {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const file = join(directory, "cdktf.json");
    const text = read(file);
    if (text !== undefined) {
      try {
        const cdktfJson: unknown = JSON.parse(text);
        if (typeof cdktfJson === "object" && cdktfJson !== null) return { directory, cdktfJson };
        throw new TypeError("not an object");
      } catch (cause) {
        throw new ConfigurationError(`${file} is not valid: ${(cause as Error).message}`, { cause });
      }
    }
    if (dirname(directory) === directory) return { directory: resolve(from) };
  }
}

function read(file: string): string | undefined {
  try {
    return readBounded(file, MAX_BYTES);
  } catch (cause) {
    throw new ConfigurationError(`${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
