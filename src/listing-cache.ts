import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { replaceFile, withFileMutex } from "./atomic-file";
import type { ListingQuery } from "./image-filter";
import { type WorkspaceImage, workspaceImageSchema } from "./workspace-image";

/** What a cached listing answers: the same images for everyone who sees the project. */
export interface ListingKey {
  readonly workspaceUrl: string;
  readonly projectId: string;
  readonly query: ListingQuery;
}

/** No entry is kept longer than this, ms. */
const KEPT_FOR = 24 * 3600 * 1000;
/** All entries together, bytes. */
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
    private readonly directory = cacheDirectory(process.env),
  ) {}

  /** The images of a listing that is young enough. */
  read(key: ListingKey): WorkspaceImage[] | undefined {
    if (this.maxAgeSeconds <= 0) return undefined;
    try {
      if (!isPrivate(this.directory)) return undefined;
      const path = this.path(key);
      if (statSync(path).size > MAX_TOTAL) return undefined;
      const entry = v.parse(entrySchema, JSON.parse(readFileSync(path, "utf8")));
      const age = Date.now() - entry.fetchedAt;
      const usable = entry.key === JSON.stringify(key) && age >= 0 && age < this.maxAgeSeconds * 1000;
      return usable ? (entry.images as WorkspaceImage[]) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps a listing, and drops what is too old or too much. */
  write(key: ListingKey, images: readonly WorkspaceImage[]): void {
    if (this.maxAgeSeconds <= 0) return;
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
      if (!isPrivate(this.directory)) return;
      const path = this.path(key);
      const entry = JSON.stringify({ key: JSON.stringify(key), fetchedAt: Date.now(), images });
      withFileMutex(path, () => replaceFile(path, entry, 0o600));
      this.prune();
    } catch {
      // A full or read-only disk costs the next synth a request, nothing else.
    }
  }

  private path(key: ListingKey): string {
    return join(this.directory, `${createHash("sha256").update(JSON.stringify(key)).digest("hex")}.json`);
  }

  private prune(): void {
    const entries = readdirSync(this.directory)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(this.directory, name))
      .map((path) => ({ path, stat: statSync(path, { throwIfNoEntry: false }) }))
      .sort((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0));
    let total = 0;
    for (const { path, stat } of entries) {
      total += stat?.size ?? 0;
      if (!stat || total > MAX_TOTAL || Date.now() - stat.mtimeMs > KEPT_FOR) rmSync(path, { force: true });
    }
  }
}

/** Another user's folder could hold another user's choice of images. */
function isPrivate(directory: string): boolean {
  if (process.platform === "win32") return true;
  const { uid, mode } = statSync(directory);
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

function cacheDirectory(variables: NodeJS.ProcessEnv): string {
  const base = [
    variables.XDG_CACHE_HOME,
    process.platform === "win32" ? variables.LOCALAPPDATA : undefined,
  ].find((path) => path !== undefined && isAbsolute(path));
  const fallback = join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
  return join(base ?? fallback, "cdktf-huaweicloud-workspace-images");
}
