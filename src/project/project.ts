import { lstatSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigurationError } from "../errors";
import { findDuplicateKey } from "../text/json";
import { parseJson } from "../text/json-error";
import { readBounded } from "./read-file";

/** The file of a project of either CDK. */
export const CDKTF_JSON = "cdktf.json";
/** The file of a project without a CDK; in one with a CDK it may hold the environments. */
export const WORKSPACE_IMAGES_JSON = "workspace-images.json";

const MAX_BYTES = 1024 * 1024;

/** A project on disk: where its configuration and its lock files are, and who asks there for images. */
export interface Project {
  /** Folder of the nearest cdktf.json or workspace-images.json, else the current folder; lock files are below it. */
  readonly directory: string;
  /** Who asks for images: an app of a CDK, the lookups in workspace-images.json, or nobody where neither file is. */
  readonly kind: "app" | "file" | "none";
  /**
   * The parsed cdktf.json, where there is one. It is read when this is first asked for: an app that a CDK's command
   * line runs has its context already.
   */
  readonly cdktfJson?:
    | { readonly app?: unknown; readonly language?: unknown; readonly context?: unknown }
    | undefined;
  /** The parsed workspace-images.json, where there is one; not checked yet. */
  readonly configuration?: { readonly environments?: unknown; readonly lookups?: unknown };
  /** Such files above the current folder that belong to another user, and therefore are not obeyed. */
  readonly foreignFiles: readonly string[];
}

/**
 * Finds the nearest cdktf.json or workspace-images.json at or above `from`.
 * @throws ConfigurationError if one of them cannot be read as JSON, or has a key twice; for cdktf.json when it is asked
 * for
 */
export function findProject(from = process.cwd()): Project {
  const start = resolve(from);
  const foreignFiles: string[] = [];
  for (let directory = start; ; directory = dirname(directory)) {
    const find = (name: string) => {
      const file = join(directory, name);
      if (!lstatSync(file, { throwIfNoEntry: false })) return undefined;
      if (directory === start || !isForeign(file)) return file;
      foreignFiles.push(file);
      return undefined;
    };
    const [cdktf, own] = [find(CDKTF_JSON), find(WORKSPACE_IMAGES_JSON)];
    if (cdktf || own) {
      const configuration = own === undefined ? undefined : readObject(own);
      let parsed: Project["cdktfJson"];
      const cdktfJson = () => {
        if (cdktf !== undefined) parsed ??= readObject(cdktf);
        return parsed;
      };
      const hasLookups = configuration?.lookups !== undefined;
      if (hasLookups && cdktfJson()?.language === "typescript") {
        throw lookupsBesideApp({ directory });
      }
      return {
        directory,
        kind: cdktf && !hasLookups ? "app" : "file",
        get cdktfJson() {
          return cdktfJson();
        },
        ...(configuration && { configuration }),
        foreignFiles,
      };
    }
    if (dirname(directory) === directory) return { directory: start, kind: "none", foreignFiles };
  }
}

/** What is wrong with lookups in the file of a project whose app asks for images itself. */
export function lookupsBesideApp({ directory }: Pick<Project, "directory">): ConfigurationError {
  return new ConfigurationError(
    `${join(directory, WORKSPACE_IMAGES_JSON)} has lookups, beside an app in TypeScript: the lookups of an app stand in the app. Remove the lookups from that file.`,
  );
}

/** The path of the file in which a project's environments stand, or would. */
export function configurationFile({ directory, kind, configuration }: Project): string {
  return join(directory, kind === "app" && !configuration ? CDKTF_JSON : WORKSPACE_IMAGES_JSON);
}

/** Environments as a user may begin with them. */
export const EXAMPLE_ENVIRONMENTS = '"environments": { "dev": { "region": "cn-north-4" } }';

/** What to say to a user whose project has no environments: where they belong, and what stood in the way. */
export function whyNoEnvironments(project: Project): string {
  const { directory, kind, configuration, foreignFiles } = project;
  if (kind !== "none") {
    const file = configurationFile(project);
    return `There are no environments in ${file}. Add ${configuration ? `${EXAMPLE_ENVIRONMENTS}.` : `"workspaceImages": { ${EXAMPLE_ENVIRONMENTS} } to its context.`}`;
  }
  const foreign =
    foreignFiles.length > 0
      ? ` Not obeyed, because another user owns it: ${foreignFiles.join(", ")}. If you trust it, run this in its folder.`
      : "";
  return `There is neither ${WORKSPACE_IMAGES_JSON} nor ${CDKTF_JSON} in ${directory} or above: run this in the folder of a project, or begin one with a ${WORKSPACE_IMAGES_JSON} that holds { ${EXAMPLE_ENVIRONMENTS} }.${foreign}`;
}

/**
 * Whether a file is there that neither this user nor the system's administrator owns:
 * whoever may write into a folder above, such as /tmp, must not choose what is listed, and where.
 */
function isForeign(file: string): boolean {
  const user = process.getuid?.();
  if (user === undefined) return false;
  // Where it is a link, its owner, and that of the file it points to.
  return [lstatSync, statSync].some((stat) => {
    const owner = stat(file, { throwIfNoEntry: false })?.uid;
    return owner !== undefined && owner !== user && owner !== 0;
  });
}

function readObject(file: string): Record<string, unknown> | undefined {
  const fail = (what: string, cause?: unknown) => new ConfigurationError(`${file} ${what}.`, { cause });
  let text: string | undefined;
  try {
    text = readBounded(file, MAX_BYTES);
  } catch (cause) {
    throw fail(`cannot be read: ${(cause as Error).message}`, cause);
  }
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    // A text in another encoding has these when it is read as UTF-8.
    if (text.includes("\uFFFD") || text.includes("\0"))
      throw fail("is not UTF-8 text: save it in that encoding", cause);
    throw fail(`is not valid: ${(cause as Error).message}`, cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw fail("is not valid: expected an object, { … }");
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate) throw fail(`has the key ${duplicate.join(".")} twice: keep one of the two`);
  return json as Record<string, unknown>;
}
