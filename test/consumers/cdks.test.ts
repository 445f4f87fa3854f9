import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { ROOT } from "../support/project";
import {
  cdktfJson,
  fixture,
  folder,
  install,
  library,
  NODES,
  node,
  OFFLINE,
  pathWith,
  result,
  succeed,
  write,
} from "./support";

// The terminal that cdktf-cli loads is built for Node 20 and 22; cdktn-cli needs Node 22.19.
const CDKS = [
  { cdk: "cdktf", version: "0.20", constructs: "10.3.0", cli: "cdktf", cliNodes: ["20", "22"] },
  { cdk: "cdktf", version: "0.21", constructs: "10", cli: "cdktf", cliNodes: ["20", "22"] },
  { cdk: "cdktn", version: "0.24", constructs: "~10.7.0", cli: "cdktn", cliNodes: ["22", "24"] },
] as const;

/** How people run an app: what is run, from the folder of the packages. */
const FORMS: Readonly<Record<string, string[]>> = {
  "ts-node": ["node_modules/ts-node/dist/bin.js", "app.ts"],
  tsx: ["node_modules/tsx/dist/cli.mjs", "app.ts"],
  "compiled to CommonJS": ["compiled/app.js"],
  "compiled to a module": ["compiled/module.mjs"],
  "JavaScript, CommonJS": ["plain.cjs"],
  "a JavaScript module": ["plain.mjs"],
};

describe.each(CDKS)(
  "with $cdk $version and constructs $constructs",
  ({ cdk, version, constructs, cli, cliNodes }) => {
    let set: string;
    let emulator: WorkspaceEmulator;

    beforeAll(async () => {
      set = join(folder(), `${cdk}-${version}`);
      emulator = await WorkspaceEmulator.start();
      await install(set, [
        library(),
        `${cdk}@~${version}.0`,
        `${cdk}-cli@~${version}.0`,
        `constructs@${constructs}`,
        ...["typescript@5.9", "@types/node@20", "ts-node@10", "tsx@4", "esbuild@0.28"],
      ]);
      write(set, {
        "app.ts": fixture("app.ts", cdk),
        "module.mts": fixture("app.ts", cdk),
        "plain.cjs": fixture("app.cjs", cdk),
        "plain.mjs": fixture("app.mjs", cdk),
        // As the templates of the CDKs have it.
        "tsconfig.json": JSON.stringify({
          compilerOptions: {
            strict: true,
            target: "ES2018",
            lib: ["es2018"],
            module: "CommonJS",
            skipLibCheck: true,
          },
        }),
      });
      const compile = (...args: string[]) =>
        succeed(process.execPath, ["node_modules/typescript/bin/tsc", "--outDir", "compiled", ...args], {
          cwd: set,
        });
      await compile("--strict", "--skipLibCheck", "--target", "ES2018", "--module", "CommonJS", "app.ts");
      await compile("--strict", "--skipLibCheck", "--target", "ES2022", "--module", "NodeNext", "module.mts");
      await succeed(
        process.execPath,
        [
          "node_modules/esbuild/bin/esbuild",
          "app.ts",
          "--bundle",
          "--platform=node",
          "--outfile=bundled/app.js",
        ],
        { cwd: set },
      );
    });
    afterAll(async () => {
      await emulator.close();
      rmSync(set, { recursive: true, force: true });
    });

    /** Runs a program twice: where the service is reached, and in a pipeline that has only what it wrote. */
    const useAsUser = async (directory: string, program: string, args: string[], variables = {}) => {
      write(directory, { "cdktf.json": cdktfJson("node app.js") });
      await succeed(program, args, { cwd: directory, variables: { ...variables, ...emulator.variables } });
      const { outputs, expected } = result(directory);
      expect(outputs).toEqual(expected);
      const lockFile = readFileSync(join(directory, "workspace-images/dev.lock.json"), "utf8");
      rmSync(join(directory, "cdktf.out"), { recursive: true });
      await succeed(program, args, { cwd: directory, variables: { ...variables, ...OFFLINE, CI: "true" } });
      expect(result(directory).outputs).toEqual(expected);
      expect(readFileSync(join(directory, "workspace-images/dev.lock.json"), "utf8")).toBe(lockFile);
    };

    describe.each(NODES)("under Node %s", (nodeVersion) => {
      test.each(Object.keys(FORMS))(
        "an app run as %s pins, and is synthesized from its pins",
        async (form) => {
          const [script, ...args] = FORMS[form]!;
          const directory = join(set, `run-${nodeVersion}-${Object.keys(FORMS).indexOf(form)}`);
          await useAsUser(directory, node(nodeVersion), [
            join(set, script!),
            ...args.map((arg) => join(set, arg)),
          ]);
        },
      );

      test("an app bundled by esbuild, away from all packages, pins, and is synthesized from its pins", async () => {
        const directory = mkdtempSync(join(tmpdir(), "workspace-images-bundled-"));
        write(directory, { "app.js": readFileSync(join(set, "bundled/app.js"), "utf8") });
        await useAsUser(directory, node(nodeVersion), ["app.js"]);
      });

      test("the library's command reads the pins", async () => {
        const directory = join(set, `run-${nodeVersion}-command`);
        await useAsUser(directory, node(nodeVersion), [join(set, "plain.cjs")]);
        const command = join(set, "node_modules/cdktf-huaweicloud-workspace-images/lib/cli/index.js");
        const { stdout } = await succeed(node(nodeVersion), [command, "pins", "--json"], { cwd: directory });
        expect(Object.keys(JSON.parse(stdout).dev)).toEqual(["office-windows", "ubuntu"]);
      });
    });

    test.each(cliNodes)(
      `${cli} synth under Node %s pins, and synthesizes from the pins`,
      async (nodeVersion) => {
        const directory = join(set, `cli-${nodeVersion}`);
        write(directory, { "cdktf.json": cdktfJson("npx tsx ../app.ts") });
        const synth = (variables: Record<string, string>) =>
          succeed(join(set, "node_modules/.bin", cli), ["synth"], {
            cwd: directory,
            variables: { PATH: pathWith(nodeVersion), TF_CLI_CONFIG_FILE: "", ...variables },
          });
        const { stdout, stderr } = await synth({ ...emulator.variables });
        expect(stdout + stderr).toContain('New pin "office-windows": Windows_11');
        const { outputs, expected } = result(directory);
        expect(outputs).toEqual(expected);
        rmSync(join(directory, "cdktf.out"), { recursive: true });
        await synth({ ...OFFLINE, CI: "true" });
        expect(result(directory).outputs).toEqual(expected);
      },
    );

    if (cdk === "cdktn")
      test.each(cliNodes)(
        "the example is synthesized by cdktn under Node %s as by cdktf",
        async (nodeVersion) => {
          const directory = join(set, `example-${nodeVersion}`);
          await succeed(process.execPath, ["scripts/example-for-cdktn.mjs", directory], { cwd: ROOT });
          const variables = { PATH: pathWith(nodeVersion), TF_CLI_CONFIG_FILE: "", ...OFFLINE, CI: "true" };
          await succeed(join(set, "node_modules/.bin/cdktn"), ["synth"], { cwd: directory, variables });
          const output = join(directory, "by-cdktf");
          await succeed(process.execPath, ["node_modules/tsx/dist/cli.mjs", "main.ts"], {
            cwd: ROOT,
            variables: { ...variables, CDKTF_OUTDIR: output },
          });
          for (const environment of ["dev", "staging", "prod"]) {
            const resources = (out: string) =>
              JSON.parse(readFileSync(join(out, "stacks", environment, "cdk.tf.json"), "utf8")).resource;
            expect(Object.keys(resources(output))).toContain("huaweicloud_workspace_desktop");
            expect(resources(join(directory, "cdktf.out"))).toEqual(resources(output));
          }
        },
      );
  },
);
