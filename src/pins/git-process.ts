import { spawn } from "node:child_process";
import { GitError } from "../errors";

/** A folder in which git is asked, and what ends that. */
export interface GitFolder {
  /** Its path; those that git is asked for are relative to it. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/** Longest that one git command may take, ms. */
const TIME_LIMIT = 120_000;
/** Most that git may say in lists and logs, bytes. */
const MAX_OUTPUT = 256 * 1024 * 1024;
/** Most that is read of git's complaints, characters. */
const MAX_COMPLAINT = 2000;

/** What git says, as a text. */
export async function askGit(
  git: GitFolder,
  args: readonly string[],
  codes: readonly number[] = [0],
): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of startGit(git, args, "", codes)) {
    size += part.length;
    if (size > MAX_OUTPUT)
      throw new GitError(`git ${args[0]} says more than ${MAX_OUTPUT / 1024 / 1024} MB.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/**
 * Runs git and gives what it says while it says it. It ends with whoever stops reading.
 * @throws GitError; the signal's reason where the signal ended it
 */
export async function* startGit(
  { directory, signal }: GitFolder,
  args: readonly string[],
  input: string,
  codes: readonly number[] = [0],
): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  // Nothing that a repository configures is run, and nothing is asked at a terminal.
  const safe = ["--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false"];
  const child = spawn("git", [...safe, ...args], {
    cwd: directory,
    env: {
      ...process.env,
      LC_ALL: "C",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      GIT_LITERAL_PATHSPECS: "1",
    },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text;
  });
  const closed = new Promise<{ code: number | null; error?: NodeJS.ErrnoException }>((resolve) => {
    child.on("error", (error) => resolve({ code: null, error })).on("close", (code) => resolve({ code }));
  });
  let isLate = false;
  const kill = () => child.kill("SIGKILL");
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, TIME_LIMIT);
  signal?.addEventListener("abort", kill);
  // Where git ends early, what it was to read is of no use.
  child.stdin.on("error", () => {}).end(input);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const { code, error } = await closed;
    signal?.throwIfAborted();
    if (error) throw notStarted(error, directory);
    if (isLate) throw new GitError(`git ${args[0]} took longer than ${TIME_LIMIT / 1000} s in ${directory}.`);
    if (!codes.includes(code ?? -1) || isFatal(complaint)) throw refused(args, complaint, directory);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
    kill();
  }
}

/** Says what is wrong with the place, whatever exit code was expected. */
function isFatal(complaint: string): boolean {
  return /not a git repository|dubious ownership/.test(complaint);
}

function notStarted(cause: NodeJS.ErrnoException, directory: string): GitError {
  const why = cause.code === "ENOENT" ? "it is not installed, or not in PATH" : cause.message;
  return new GitError(`git cannot be run in ${directory}: ${why}.`, { cause });
}

function refused([command]: readonly string[], complaint: string, directory: string): GitError {
  if (complaint.includes("not a git repository"))
    return new GitError(
      `${directory} is not in a git repository, from which this is read. Run it in a clone of the project, or begin a repository: git init, git add, git commit.`,
    );
  if (
    /does not have any commits|unknown revision.*HEAD|bad revision 'HEAD'|ambiguous argument 'HEAD'/.test(
      complaint,
    )
  )
    return withoutCommit({ directory });
  return new GitError(`git ${command} failed in ${directory}: ${complaint.trim() || "it did not say why"}`);
}

/** That there is nothing to read yet. */
export function withoutCommit({ directory }: GitFolder): GitError {
  return new GitError(
    `The git repository of ${directory} has no commit yet. Commit the lock files first: git add, git commit.`,
  );
}
