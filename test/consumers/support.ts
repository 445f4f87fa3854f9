import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, run } from "../support/project";

/** The versions of Node that are supported. */
export const NODES = ["20", "22", "24"] as const;
/** The versions of TypeScript that understand the types. */
export const TYPESCRIPTS = [
  ...["5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "5.9"],
  ...["6.0", "7.0"],
] as const;

/** The folder of this run. */
export const folder = (): string => process.env.CONSUMERS_FOLDER!;
/** The packed library. */
export const library = (): string => join(folder(), "library.tgz");
/** A version of Node. */
export const node = (version: string): string => join(folder(), `tools/node_modules/node${version}/bin/node`);
/** A version of TypeScript's compiler. */
export const tsc = (version: string): string =>
  join(folder(), `tools/node_modules/typescript-${version}/bin/tsc`);
/** The PATH of a user who has a version of Node. */
export const pathWith = (version: string): string => `${join(node(version), "..")}:${process.env.PATH}`;

const FIXTURES = join(__dirname, "fixtures");

/** A program of a user, for either CDK. */
export function fixture(name: string, cdk: string): string {
  return readFileSync(join(FIXTURES, name), "utf8").replaceAll('"cdktf"', `"${cdk}"`);
}

/** Installs packages from npm into a folder; what they would run at installation is not run. */
export async function install(directory: string, packages: readonly string[]): Promise<void> {
  write(directory, { "package.json": JSON.stringify({ name: "consumer", private: true }) });
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--no-package-lock"];
  await succeed("npm", ["install", ...options, ...packages], { cwd: directory });
}

/** Writes files into a folder, by their names. */
export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

/** Runs a program to its good end. */
export async function succeed(
  program: string,
  args: readonly string[],
  options: { cwd: string; variables?: Readonly<Record<string, string>> },
): Promise<Ended> {
  const ended = await run(program, args, { timeout: 500_000, ...options });
  if (ended.code !== 0) {
    throw new Error(
      `${program} ${args.join(" ")} ended with ${ended.code} in ${options.cwd}:\n${ended.stdout}${ended.stderr}`,
    );
  }
  return ended;
}

/** Variables of a machine that reaches no service and has no credentials. */
export const OFFLINE = {
  WORKSPACE_IMAGES_ENDPOINT: "http://127.0.0.1:9",
  HW_AUTH_URL: "http://127.0.0.1:9",
  HW_ACCESS_KEY: "",
  HW_SECRET_KEY: "",
};

/** The configuration of the programs in fixtures/. */
export function cdktfJson(app: string): string {
  return JSON.stringify({
    language: "typescript",
    app,
    projectId: "consumer",
    sendCrashReports: "false",
    context: { workspaceImages: { environments: { dev: { region: "cn-north-4" } } } },
  });
}

/** What a program in fixtures/ synthesized, and the pins that it took. */
export function result(directory: string): { outputs: unknown; expected: unknown } {
  const read = (name: string) => JSON.parse(readFileSync(join(directory, name), "utf8"));
  const { output } = read("cdktf.out/stacks/desktops/cdk.tf.json");
  const { pins } = read("workspace-images/dev.lock.json");
  const [office] = pins["office-windows"].images;
  const ids = pins.ubuntu.images.map(({ id }: { id: string }) => id);
  return {
    outputs: { office: output["office-id"].value, ubuntu: output["ubuntu-ids"].value },
    expected: { office: `${office.id} ${Math.max(80, office.minDisk)}`, ubuntu: ids.join(" ") },
  };
}
