import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { cdktfJson, folder, install, library, OFFLINE, succeed, write } from "./support";

/** A package of stacks, and an app: the stacks use the app's library and `constructs`, or bring their own. */
function repository(stacks: { readonly constructs?: string }): Record<string, string> {
  const dependencies = (version: string) => ({
    cdktn: "~0.24.0",
    constructs: version,
    "cdktf-huaweicloud-workspace-images": `file:${library()}`,
  });
  return {
    "package.json": JSON.stringify({ name: "repository", private: true, workspaces: ["packages/*"] }),
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
    ".npmrc": "link-workspace-packages=true\n",
    "packages/stacks/package.json": JSON.stringify({
      name: "stacks",
      version: "1.0.0",
      main: "index.js",
      ...(stacks.constructs === undefined
        ? { peerDependencies: { ...dependencies("*"), "cdktf-huaweicloud-workspace-images": "*" } }
        : { dependencies: dependencies(stacks.constructs) }),
    }),
    "packages/stacks/index.js": `
      const { TerraformOutput, TerraformStack } = require("cdktn");
      const { DataHuaweicloudWorkspaceImage } = require("cdktf-huaweicloud-workspace-images");
      exports.library = require.resolve("cdktf-huaweicloud-workspace-images");
      exports.DesktopStack = class extends TerraformStack {
        constructor(scope, id) {
          super(scope, id);
          const filter = { imageType: "gold", nameRegex: "^Windows_11", mostRecent: true };
          const office = new DataHuaweicloudWorkspaceImage(this, "office-windows", filter);
          new TerraformOutput(this, "office-id", { value: office.id });
        }
      };`,
    "packages/app/package.json": JSON.stringify({
      name: "app",
      version: "1.0.0",
      dependencies: { stacks: "1.0.0", ...dependencies("10.7.0") },
    }),
    "packages/app/cdktf.json": cdktfJson("node main.js"),
    "packages/app/main.js": `
      const { App } = require("cdktn");
      const { WorkspaceImageCatalog } = require("cdktf-huaweicloud-workspace-images");
      const { DesktopStack, library } = require("stacks");
      async function main() {
        const app = new App();
        await WorkspaceImageCatalog.prefetch(app);
        new DesktopStack(app, "desktops");
        app.synth();
        console.log(library === require.resolve("cdktf-huaweicloud-workspace-images") ? "one copy" : "two copies");
      }
      main();`,
  };
}

/** Each manager: what installs, what it needs to make two copies, and what runs Node. */
const MANAGERS = {
  npm: { install: ["npm", "install"], two: ["--install-strategy=nested"], run: ["node"] },
  pnpm: { install: ["pnpm/bin/pnpm.cjs", "install"], two: [], run: ["node"] },
  "yarn with node_modules": { install: ["@yarnpkg/cli-dist/bin/yarn.js", "install"], two: [], run: ["node"] },
  "yarn without node_modules": {
    install: ["@yarnpkg/cli-dist/bin/yarn.js", "install"],
    two: [],
    run: ["@yarnpkg/cli-dist/bin/yarn.js", "node"],
  },
} as const;

let managers: string;
let emulator: WorkspaceEmulator;

beforeAll(async () => {
  managers = join(folder(), "managers");
  await install(managers, ["pnpm@9", "@yarnpkg/cli-dist@4"]);
  emulator = await WorkspaceEmulator.start();
});
afterAll(() => emulator.close());

describe.each(Object.entries(MANAGERS))("in workspaces of %s", (manager, { install: command, two, run }) => {
  test.each(["one copy", "two copies"])(
    "stacks of another package get their images, with %s",
    async (copies) => {
      const directory = join(folder(), `workspaces-${manager}-${copies}`.replaceAll(" ", "-"));
      const isTwo = copies === "two copies";
      // pnpm gives a package what it names itself, and that once where it is the same.
      const same = manager === "pnpm" ? { constructs: "10.7.0" } : {};
      write(directory, repository(isTwo ? { constructs: "10.6.0" } : same));
      const variables = {
        YARN_NPM_REGISTRY_SERVER: process.env.npm_config_registry!.replace(/\/$/, ""),
        YARN_NODE_LINKER: manager.endsWith("without node_modules") ? "pnp" : "node-modules",
        YARN_NM_HOISTING_LIMITS: isTwo ? "workspaces" : "none",
        YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
        YARN_ENABLE_SCRIPTS: "false",
        YARN_ENABLE_TELEMETRY: "false",
        npm_config_ignore_scripts: "true",
        npm_config_audit: "false",
        npm_config_prefer_offline: "true",
      };
      const start = (words: readonly string[], cwd: string, more: Record<string, string> = {}) => {
        const [program = "", ...args] = words;
        const isPath = program.includes("/");
        return succeed(
          isPath ? process.execPath : program,
          isPath ? [join(managers, "node_modules", program), ...args] : args,
          { cwd, variables: { ...variables, ...more } },
        );
      };
      await start([...command, ...(isTwo ? two : [])], directory);

      const app = join(directory, "packages/app");
      const synthesize = async (more: Record<string, string>) => {
        const { stdout } = await start([...run, "main.js"], app, more);
        expect(stdout).toContain(copies);
        const read = (name: string) => JSON.parse(readFileSync(join(app, name), "utf8"));
        const [image] = read("workspace-images/dev.lock.json").pins["office-windows"].images;
        expect(read("cdktf.out/stacks/desktops/cdk.tf.json").output["office-id"].value).toBe(image.id);
        return image.id as string;
      };
      const pinned = await synthesize({ ...emulator.variables });
      expect(await synthesize({ ...OFFLINE, CI: "true" })).toBe(pinned);
    },
  );
});
