import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { serializeLockFile } from "../../src/pins/lock-file-format";
import type { Pin } from "../../src/pins/pin";
import { PLACE } from "./pins";
import type { TestProject } from "./project";

const CONFIG = `
[user]
  name = Ada
  email = ada@example.com
[commit]
  gpgsign = false
[maintenance]
  auto = false
[core]
  fsync = none
`;

/** A git repository in a project's folder, with an author and times of its own. */
export class TestRepository {
  /** When the next commit is made, seconds since the epoch. */
  now = Date.UTC(2026, 0, 1) / 1000;

  constructor(readonly project: TestProject) {
    this.git("init", "-q", "-b", "main", "--template=");
    // Each `git config` would be a process, and so would the maintenance after each commit.
    appendFileSync(project.path(".git/config"), CONFIG);
  }

  /** Runs git, and gives what it says. */
  git(...args: string[]): string {
    return execFileSync("git", args, this.options()).toString();
  }

  /** Runs git, which may fail, as a merge with conflicts does. */
  tryGit(...args: string[]): boolean {
    return spawnSync("git", args, this.options()).status === 0;
  }

  /** Commits what is there. */
  commit(message: string): void {
    this.git("add", "-A");
    this.git("commit", "-q", "--allow-empty", "-m", message);
  }

  /** The ID of the last commit. */
  head(): string {
    return this.git("rev-parse", "HEAD").trim();
  }

  /** Puts a lock file's whole content in its place; without pins, removes the file. */
  lock(environment: string, pins: Readonly<Record<string, Pin>> | undefined, place = PLACE): void {
    const path = this.project.lockFile(environment);
    if (pins) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, serializeLockFile({ environment, ...place, pins: new Map(Object.entries(pins)) }));
    } else {
      rmSync(path, { force: true });
    }
  }

  private options() {
    const date = `${this.now} +0000`;
    const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_EDITOR: "true" };
    return { cwd: this.project.directory, env, stdio: ["ignore", "pipe", "pipe"] as ("ignore" | "pipe")[] };
  }
}
