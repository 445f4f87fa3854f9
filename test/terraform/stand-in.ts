import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../support/project";

let variables: Readonly<Record<string, string>> | undefined;

/** Variables with which Terraform finds the stand-in of the provider, and asks no registry. */
export function standInVariables(): Readonly<Record<string, string>> {
  variables ??= install(mkdtempSync(join(tmpdir(), "workspace-images-provider-")));
  return variables;
}

/** Puts the provider in a folder, as a mirror has it. */
function install(mirror: string): Readonly<Record<string, string>> {
  const { version } = require(join(ROOT, "provider/package.json"));
  const source = join(__dirname, "provider");
  const script = join(mirror, "provider.cjs");
  // By its program: what its functions start outlives the tests.
  execFileSync(join(ROOT, "node_modules/.bin/esbuild"), [
    join(source, "main.ts"),
    "--bundle",
    "--platform=node",
    "--packages=external",
    `--define:__dirname=${JSON.stringify(source)}`,
    `--outfile=${script}`,
    "--log-level=warning",
  ]);
  const platform = `${process.platform}_${{ x64: "amd64" }[process.arch as string] ?? process.arch}`;
  const folder = join(mirror, `registry.terraform.io/huaweicloud/huaweicloud/${version}/${platform}`);
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `terraform-provider-huaweicloud_v${version}`);
  writeFileSync(
    program,
    `#!/bin/sh\nNODE_PATH="${join(ROOT, "node_modules")}" exec "${process.execPath}" "${script}"\n`,
  );
  chmodSync(program, 0o755);
  const configuration = join(mirror, "terraform.rc");
  writeFileSync(
    configuration,
    `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
  );
  return {
    TF_CLI_CONFIG_FILE: configuration,
    // It speaks without TLS, on loopback.
    TF_DISABLE_PLUGIN_TLS: "1",
    CHECKPOINT_DISABLE: "1",
  };
}
