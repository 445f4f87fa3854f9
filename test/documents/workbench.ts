import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { type Ended, ROOT, run } from "../support/project";
import { standInVariables } from "../terraform/stand-in";

/**
 * Programs that the documents name, beside those that every machine has. `npm` and `npx` find what is installed here;
 * `cdktn` is the command line of cdktf, which does the same (that of CDK Terrain needs Node 22).
 */
const TOOLS: Readonly<Record<string, string>> = {
  "workspace-images": `exec "$NODE" "${ROOT}/lib/cli/index.js" "$@"`,
  npx: `while [[ $1 == -* ]]; do shift; done
program=$1; shift
tool=$(dirname "$0")/$program
[[ -e $tool ]] || tool="${ROOT}/node_modules/.bin/$program"
exec "$tool" "$@"`,
  npm: `case $1 in
  ci | install | i) mkdir -p node_modules/.bin && ln -sf "$(dirname "$0")/workspace-images" node_modules/.bin
    ln -sfn "${ROOT}" node_modules/cdktf-huaweicloud-workspace-images ;;
  pack) ;;
  init) [[ -e package.json ]] || echo '{ "private": true }' > package.json ;;
  *) exec "$(dirname "$NODE")/npm" "$@" ;;
esac`,
  cdktf: `if [[ $1 == get ]]; then
  mkdir -p .gen/providers && cp -r "$GENERATED" .gen/providers/huaweicloud
elif [[ -n \${ONLY_THE_APP-} ]]; then
  exec npx tsx main.ts
else
  # In a terminal it draws; with CI set it prints the same as plain lines.
  [[ -n \${CI-} ]] || export CI=true WORKSPACE_IMAGES_MODE=\${WORKSPACE_IMAGES_MODE-auto}
  exec "$NODE" "${ROOT}/node_modules/cdktf-cli/bundle/bin/cdktf" "$@"
fi`,
  cdktn: `exec cdktf "$@"`,
  publish: `. "$FIXTURES/publish.sh"`,
};

/** A folder for documents: with what is installed, an emulator, and the programs that they name. */
export class Workbench {
  /** Where folders of documents are; they find the packages above them. */
  readonly directory = mkdtempSync(join(tmpdir(), "workspace-images-documents-"));
  private folders = 0;
  private emulator: WorkspaceEmulator | undefined;

  constructor() {
    const modules = join(this.directory, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(ROOT, "node_modules")))
      if (!name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    symlinkSync(ROOT, join(modules, "cdktf-huaweicloud-workspace-images"));
    mkdirSync(join(this.directory, "tools"));
    for (const [name, script] of Object.entries(TOOLS)) this.tool(name, script);
    generatedBindings(join(this.directory, "generated"));
  }

  /** Adds a program. */
  tool(name: string, script: string): void {
    const file = join(this.directory, "tools", name);
    writeFileSync(file, `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** Begins anew: with an emulator on which nothing was published, and a folder: empty, or with the example in it. */
  async begin(content?: string): Promise<string> {
    await this.close();
    this.emulator = await WorkspaceEmulator.start();
    const folder = join(this.directory, `${++this.folders}`);
    mkdirSync(folder);
    if (content === "example") {
      for (const name of ["main.ts", "cdktf.json", "workspace-images"])
        cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    }
    return folder;
  }

  /**
   * Runs a script in a folder, to its end or its first failure, and ends what it leaves in the background; what it
   * prints is together in `stdout`.
   */
  run(folder: string, script: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return run(
      "bash",
      ["-c", `exec 2>&1; set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n${script}`],
      {
        cwd: folder,
        variables: {
          ...this.emulator?.variables,
          ...standInVariables(),
          NODE: process.execPath,
          GENERATED: join(this.directory, "generated"),
          REPOSITORY: ROOT,
          FIXTURES: join(__dirname, "fixtures"),
          PATH: `${join(this.directory, "tools")}:${process.env.PATH}`,
          GIT_AUTHOR_NAME: "Ada",
          GIT_AUTHOR_EMAIL: "ada@example.com",
          GIT_COMMITTER_NAME: "Ada",
          GIT_COMMITTER_EMAIL: "ada@example.com",
          ...variables,
        },
      },
    );
  }

  async close(): Promise<void> {
    await this.emulator?.close();
  }
}

/** Writes a file of a document. */
export function writeIn(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** The bindings of the provider as `cdktn get` writes them, of the few resources that the schema here has. */
function generatedBindings(folder: string): void {
  cpSync(join(ROOT, "provider/lib"), folder, { recursive: true });
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|ts)$/.test(name)) continue;
    const file = join(folder, name);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/(["'])cdktf\1/g, '"cdktn"'));
  }
}
