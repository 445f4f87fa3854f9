import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { EnvironmentConfig } from "../../src";
import { inThisProcess } from "./command-line";

/** The project of the library itself; its built command line and packages are used. */
export const ROOT = resolve(__dirname, "../..");

/** A CDKTF project in a new folder. */
export class TestProject {
  readonly directory = mkdtempSync(join(tmpdir(), "project-"));

  constructor(environments: Readonly<Record<string, EnvironmentConfig>>, cdktfJson: object = {}) {
    this.write(
      "cdktf.json",
      JSON.stringify({
        language: "typescript",
        context: { workspaceImages: { environments } },
        ...cdktfJson,
      }),
    );
  }

  /** A path in the project. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** The path of an environment's lock file. */
  lockFile(environment: string): string {
    return this.path(`workspace-images/${environment}.lock.json`);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  write(name: string, content: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  /** An environment's lock file, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever is there
  readLock(environment: string): any {
    return JSON.parse(readFileSync(this.lockFile(environment), "utf8"));
  }

  /** The names of an environment's pins; none without a lock file. */
  pinNames(environment: string): string[] {
    return existsSync(this.lockFile(environment)) ? Object.keys(this.readLock(environment).pins) : [];
  }

  /** Runs the command line here, in this process: one command after the other. */
  cli(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return inThisProcess(this.directory, args, variables);
  }

  /** Runs the built command line here, in a process of its own. */
  program(args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return run(process.execPath, [join(ROOT, "lib/cli/index.js"), ...args], {
      cwd: this.directory,
      variables,
    });
  }

  /** Runs a script against the built library here. */
  script(code: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    this.write("script.cjs", code);
    return run(process.execPath, ["script.cjs"], {
      cwd: this.directory,
      variables: { NODE_PATH: join(ROOT, "node_modules"), ...variables },
    });
  }
}

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, in the clean variables of tests. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; variables?: Readonly<Record<string, string>>; timeout?: number },
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.variables },
        timeout: options.timeout ?? 120_000,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : -1) : 0;
        resolve({ code, stdout, stderr });
      },
    );
  });
}
