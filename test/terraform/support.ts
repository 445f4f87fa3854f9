import { type Ended, run } from "../support/project";

/** Runs Terraform without the configuration of whoever runs the tests. */
export function terraform(cwd: string, ...args: string[]): Promise<Ended> {
  return run("terraform", [...args, ...(args[0] === "version" ? [] : ["-no-color"])], {
    cwd,
    variables: { TF_CLI_CONFIG_FILE: "", TF_IN_AUTOMATION: "1" },
  });
}

/** Runs Terraform to its good end, and gives what it printed. */
export async function succeed(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await terraform(cwd, ...args);
  if (code !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Says what is missing where there is no Terraform. */
export async function requireTerraform(): Promise<void> {
  const { code } = await terraform(".", "version");
  if (code !== 0) throw new Error("terraform is not there: these tests need Terraform 1.6 or newer in PATH");
}
