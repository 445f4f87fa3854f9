import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, type Stats } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import type { ListingQuery } from "../images/image-filter";
import { type WorkspaceImage, workspaceImageSchema } from "../images/workspace-image";
import { withFileMutex } from "../project/atomic-file";

/** What a cached listing answers: the same images for everyone who sees the project. */
export interface ListingKey {
  readonly workspaceUrl: string;
  readonly projectId: string;
  readonly query: ListingQuery;
}

/** No entry is kept longer than this, ms. */
const KEPT_FOR = 24 * 3600 * 1000;
/** All entries together, and so each of them, bytes. */
const MAX_TOTAL = 64 * 1024 * 1024;

const entrySchema = v.strictObject({
  key: v.string(),
  fetchedAt: v.pipe(v.number(), v.safeInteger()),
  images: v.array(workspaceImageSchema),
});

/**
 * Listings in the user's cache folder, so that the synths of an hour share one.
 * A cache never fails: what cannot be read or written is fetched again.
 */
export class ListingCache {
  constructor(
    /** Age in seconds from which an entry is not used. */
    private readonly maxAgeSeconds: number,
  ) {}

  /** The images of a listing that is young enough. */
  read(key: ListingKey): WorkspaceImage[] | undefined {
    if (this.maxAgeSeconds <= 0) return undefined;
    try {
      const directory = cacheDirectory(process.env);
      const path = pathIn(directory, key);
      const stat = lstatSync(path);
      if (!isPrivate(lstatSync(directory)) || !isPrivate(stat) || !stat.isFile() || stat.size > MAX_TOTAL)
        return undefined;
      const entry = v.parse(entrySchema, JSON.parse(readFileSync(path, "utf8")));
      const age = Date.now() - entry.fetchedAt;
      const maxAge = Math.min(this.maxAgeSeconds * 1000, KEPT_FOR);
      const usable = entry.key === JSON.stringify(key) && age >= 0 && age < maxAge;
      return usable ? (entry.images as WorkspaceImage[]) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a listing, and drops what is too old or too much. */
  write(key: ListingKey, images: readonly WorkspaceImage[]): void {
    if (this.maxAgeSeconds <= 0) return;
    try {
      const directory = cacheDirectory(process.env);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      if (!isPrivate(lstatSync(directory))) return;
      const path = pathIn(directory, key);
      const entry = JSON.stringify({ key: JSON.stringify(key), fetchedAt: Date.now(), images });
      withFileMutex(path, (mutex) => mutex.replace(entry, 0o600));
      prune(directory);
    } catch {
      // A full or read-only disk costs the next synth a request, nothing else.
    }
  }
}

function pathIn(directory: string, key: ListingKey): string {
  return join(directory, `${createHash("sha256").update(JSON.stringify(key)).digest("hex")}.json`);
}

function prune(directory: string): void {
  const files = readdirSync(directory)
    .map((name) => join(directory, name))
    .map((path) => ({ path, stat: lstatSync(path, { throwIfNoEntry: false }) }))
    .sort((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0));
  let total = 0;
  for (const { path, stat } of files) {
    // What is no entry is what a writer needs, or, much later, what a killed one left.
    const size = path.endsWith(".json") ? (stat?.size ?? 0) : 0;
    total += size;
    if (!stat || Date.now() - stat.mtimeMs > KEPT_FOR || (size > 0 && total > MAX_TOTAL))
      rmSync(path, { force: true });
  }
}

/** What others may write, or point elsewhere, could hold their choice of images. */
function isPrivate(stat: Stats): boolean {
  if (stat.isSymbolicLink()) return false;
  return process.platform === "win32" || (stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0);
}

function cacheDirectory(variables: NodeJS.ProcessEnv): string {
  const base = [
    variables.XDG_CACHE_HOME,
    process.platform === "win32" ? variables.LOCALAPPDATA : undefined,
  ].find((path) => path !== undefined && isAbsolute(path));
  const fallback = join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
  return join(base ?? fallback, "cdktf-huaweicloud-workspace-images");
}
