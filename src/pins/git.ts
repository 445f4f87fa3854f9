import { GitError } from "../errors";
import { askGit, type GitFolder, startGit, withoutCommit } from "./git-process";

/** A commit. */
export interface GitCommit {
  /** Its whole ID. */
  readonly id: string;
  readonly parents: readonly string[];
  readonly author: string;
  /** When it was committed, ms since the epoch. */
  readonly time: number;
  /** First line of its message. */
  readonly subject: string;
  /** The rest of its message. */
  readonly body: string;
  /** Files that it changed, against its first parent. */
  readonly changes: readonly GitChange[];
}

/** A file that a commit changed. */
export interface GitChange {
  readonly path: string;
  /** ID of the file's new content; undefined where the commit removed it. */
  readonly blob: string | undefined;
  /** Whether it became a symbolic link, whose content is the path of another file. */
  readonly isLink: boolean;
}

/** A file at a commit. */
export interface GitFile {
  readonly path: string;
  /** Whether it is a symbolic link. */
  readonly isLink: boolean;
}

/** What is wrong with a symbolic link of the past. */
export const LINK_PROBLEM = "a symbolic link, whose target git does not keep with it";
/** Mode of a symbolic link. */
const LINK = "120000";

/** A conflict's version of a file in the index. */
export interface UnmergedFile {
  readonly path: string;
  /** IDs of the content that both sides began from, of "ours" and of "theirs", where they have the file. */
  readonly base?: string;
  readonly ours?: string;
  readonly theirs?: string;
}

/** What is asked of a commit, for {@link parseLog}. */
const FORMAT = `--format=${["%x01%H", "%P", "%an", "%ct", "%s", "%b"].join("%x00")}`;

/**
 * The ID of the commit that a revision names.
 * @throws GitError if there is none
 */
export async function commitOf(git: GitFolder, revision: string): Promise<string> {
  const id = await findCommit(git, revision);
  if (id !== undefined) return id;
  if ((await findCommit(git, "HEAD")) === undefined) throw withoutCommit(git);
  const shallow = (await isShallow(git))
    ? " Only the newest commits were fetched: git fetch --unshallow."
    : "";
  throw new GitError(`There is no commit "${revision}" in the repository of ${git.directory}.${shallow}`);
}

/** The ID of the commit that a revision names; undefined where there is none. */
export async function findCommit(git: GitFolder, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  return (await askGit(git, args, [0, 1, 128])).trim() || undefined;
}

/**
 * The commits whose content a conflict has as "ours" and as "theirs"; undefined where git does not say, as in
 * `git stash pop`.
 */
export async function sidesOfConflict(
  git: GitFolder,
): Promise<{ ours: GitCommit | undefined; theirs: GitCommit | undefined }> {
  const heads = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD^"];
  const found = await Promise.all(heads.map((head) => findCommit(git, head)));
  const [ours, theirs] = await Promise.all(
    [await findCommit(git, "HEAD"), found.find((id) => id !== undefined)].map(async (id) => {
      const args = ["log", "-1", "-z", "--encoding=UTF-8", FORMAT];
      return id === undefined ? undefined : parseLog(await askGit(git, [...args, id, "--"]))[0];
    }),
  );
  return { ours, theirs };
}

/** Whether older commits were not fetched. */
export async function isShallow(git: GitFolder): Promise<boolean> {
  return (await askGit(git, ["rev-parse", "--is-shallow-repository"])).trim() === "true";
}

/** A folder's files at a commit. */
export async function filesAt(git: GitFolder, commit: string, folder: string): Promise<GitFile[]> {
  const lines = split(await askGit(git, ["ls-tree", "-z", commit, "--", `${folder}/`]));
  return lines.map((line) => ({
    path: line.slice(line.indexOf("\t") + 1),
    isLink: line.startsWith(LINK),
  }));
}

/** The files of a folder that the index has in conflict. */
export async function unmergedFiles(git: GitFolder, folder: string): Promise<UnmergedFile[]> {
  const files = new Map<string, UnmergedFile>();
  for (const line of split(await askGit(git, ["ls-files", "-u", "-z", "--", folder]))) {
    const [, blob, stage, path] = /^\d+ (\w+) ([123])\t(.*)$/s.exec(line) ?? [];
    const side = ({ 1: "base", 2: "ours", 3: "theirs" } as const)[Number(stage)];
    if (path !== undefined && side) files.set(path, { ...files.get(path), path, [side]: blob });
  }
  return [...files.values()];
}

/** Tells the index that conflicts in files are resolved. */
export async function markResolved(git: GitFolder, paths: readonly string[]): Promise<void> {
  await askGit(git, ["add", "-A", "--", ...paths]);
}

/**
 * The commits that changed a folder's files, oldest first: those of the main line and, for those that a merge brought
 * in, of the branches.
 * @param until the newest one
 */
export async function commitsOf(git: GitFolder, until: string, folder: string): Promise<GitCommit[]> {
  const how = ["--topo-order", "--reverse", "--full-history", "--diff-merges=first-parent", "--no-renames"];
  const what = ["-z", "--raw", "--no-abbrev", "--relative", "--encoding=UTF-8", FORMAT];
  return parseLog(await askGit(git, ["log", ...how, ...what, until, "--", folder]));
}

/** The commits of the main line, from one on: each the first parent of the one before. */
export async function mainLine(git: GitFolder, from: string): Promise<string[]> {
  return (await askGit(git, ["rev-list", "--first-parent", from, "--"])).split("\n").filter(Boolean);
}

/**
 * The contents of objects, in the order in which they are named, read as they are asked for.
 * @param names such as a blob's ID, or `<commit>:./<path>`
 * @param maxBytes larger ones are not kept
 * @returns for each its text, or why there is none
 */
export async function* contentsOf(
  git: GitFolder,
  names: readonly string[],
  maxBytes: number,
): AsyncGenerator<{ readonly text: string } | { readonly problem: "missing" | "too large" }> {
  if (names.length === 0) return;
  // A line break would be another request.
  const requests = names.map((name) => (name.includes("\n") ? "-" : name));
  const output = startGit(git, ["cat-file", "--batch"], `${requests.join("\n")}\n`);
  const reader = new Reader(output);
  try {
    for (const _ of names) {
      const header = await reader.line();
      const [, kind, length] = /^\w+ (\w+) (\d+)$/.exec(header) ?? [];
      const size = Number(length);
      const bytes = length === undefined ? undefined : await reader.bytes(size, size <= maxBytes);
      if (length !== undefined) await reader.bytes(1, false);
      if (length === undefined || kind !== "blob") yield { problem: "missing" };
      else yield bytes ? { text: bytes.toString("utf8") } : { problem: "too large" };
    }
    await reader.end();
  } finally {
    // Whoever has read enough lets git end.
    await output.return(undefined);
  }
}

/** Takes lines and counted bytes from a stream of chunks. */
class Reader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    let line = "";
    for (;;) {
      const end = this.rest.indexOf(10);
      line += this.rest.subarray(0, end < 0 ? undefined : end).toString("utf8");
      this.rest = end < 0 ? Buffer.alloc(0) : this.rest.subarray(end + 1);
      if (end >= 0) return line;
      await this.more();
    }
  }

  /** Undefined where they are passed over. */
  async bytes(count: number, isKept: boolean): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      if (this.rest.length === 0) await this.more();
      const part = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(part.length);
      left -= part.length;
      if (isKept) parts.push(part);
    }
    return isKept ? Buffer.concat(parts) : undefined;
  }

  async end(): Promise<void> {
    while (!(await this.chunks.next()).done);
  }

  private async more(): Promise<void> {
    const { done, value } = await this.chunks.next();
    if (done) throw new GitError("git ended before it had said everything.");
    this.rest = value;
  }
}

function parseLog(text: string): GitCommit[] {
  const tokens = text.split("\0");
  const commits: GitCommit[] = [];
  for (let at = 0; tokens[at]?.startsWith("\u0001"); ) {
    const [id = "", parents = "", author = "", time = "", subject = "", body = ""] = tokens.slice(at, at + 6);
    at += 6;
    const changes: GitChange[] = [];
    for (; /^\n?:/.test(tokens[at] ?? ""); at += 2) {
      const [, mode, , blob = ""] = tokens[at]!.split(" ");
      const isGone = /^0+$/.test(blob);
      changes.push({ path: tokens[at + 1]!, blob: isGone ? undefined : blob, isLink: mode === LINK });
    }
    commits.push({
      id: id.slice(1),
      parents: parents.split(" ").filter(Boolean),
      author,
      time: Number(time) * 1000,
      subject,
      body,
      changes,
    });
    while (tokens[at] === "") at++;
  }
  return commits;
}

function split(text: string): string[] {
  return text.split("\0").filter(Boolean);
}
