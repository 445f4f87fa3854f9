import v = require("valibot");

import { ConfigurationError, LockFileError } from "../errors";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import { CDKTF_JSON, WORKSPACE_IMAGES_JSON } from "../project/project";
import { parseJson } from "../text/json-error";
import { contentsOf, filesAt, LINK_PROBLEM } from "./git";
import type { GitFolder } from "./git-process";
import { LOCK_FILE_PATH, LOCK_FOLDER } from "./lock-file";
import { type LockFile, MAX_LOCK_FILE, parseLockFile } from "./lock-file-format";
import { REVOCATIONS_FILE, Revocations, revocationsSchema } from "./revoked";

const MAX_BYTES = 4 * 1024 * 1024;

/** The lock files of a commit by environment, or why one cannot be read. */
export async function lockFilesAt(
  git: GitFolder,
  commit: string,
): Promise<Map<string, LockFile | LockFileError>> {
  const found = (await filesAt(git, commit, LOCK_FOLDER)).filter(({ path }) => LOCK_FILE_PATH.test(path));
  const names = found.map(({ path }) => `${commit}:./${path}`);
  const files = new Map<string, LockFile | LockFileError>();
  let at = 0;
  for await (const content of contentsOf(git, names, MAX_LOCK_FILE)) {
    const { path, isLink } = found[at++]!;
    const name = `${path} of ${commit.slice(0, 10)}`;
    files.set(LOCK_FILE_PATH.exec(path)![1]!, read(isLink ? { problem: LINK_PROBLEM } : content, name));
  }
  return files;
}

function read(content: { text: string } | { problem: string }, name: string): LockFile | LockFileError {
  if ("problem" in content) return new LockFileError(`${name} is ${content.problem}.`);
  try {
    return parseLockFile(content.text, name);
  } catch (error) {
    if (error instanceof LockFileError)
      return new LockFileError(
        `${error.message.replace(/\. Restore it.*$/s, ".")} Compare with another commit.`,
      );
    throw error;
  }
}

/** What governs moves at a commit. */
export interface Policies {
  readonly environments: ReadonlyMap<string, Environment>;
  readonly revocations: Revocations;
}

/**
 * The policies that stand in a commit; none where it has no configuration.
 * @throws ConfigurationError if it has one that is wrong
 */
export async function policiesAt(git: GitFolder, directory: string, commit: string): Promise<Policies> {
  const [cdktfJson, configuration, revoked] = await jsonsAt(git, commit, [
    CDKTF_JSON,
    WORKSPACE_IMAGES_JSON,
    REVOCATIONS_FILE,
  ]);
  const environments = readEnvironments({
    directory,
    kind: "app",
    ...(cdktfJson && { cdktfJson }),
    ...(configuration && { configuration }),
    foreignFiles: [],
  });
  const entries = v.safeParse(revocationsSchema, revoked ?? { revoked: [] });
  if (!entries.success)
    throw new ConfigurationError(`${REVOCATIONS_FILE} of ${commit.slice(0, 10)} is wrong.`);
  return { environments, revocations: new Revocations(entries.output.revoked) };
}

async function jsonsAt(
  git: GitFolder,
  commit: string,
  files: readonly string[],
): Promise<(object | undefined)[]> {
  const objects: (object | undefined)[] = [];
  const names = files.map((file) => `${commit}:./${file}`);
  for await (const content of contentsOf(git, names, MAX_BYTES)) {
    const name = `${files[objects.length]} of ${commit.slice(0, 10)}`;
    if ("problem" in content) {
      if (content.problem !== "missing") throw new ConfigurationError(`${name} is ${content.problem}.`);
      objects.push(undefined);
      continue;
    }
    try {
      const json: unknown = parseJson(content.text);
      if (typeof json !== "object" || json === null) throw new TypeError("expected an object");
      objects.push(json);
    } catch (cause) {
      throw new ConfigurationError(`${name} is not valid: ${(cause as Error).message}.`, { cause });
    }
  }
  return objects;
}
