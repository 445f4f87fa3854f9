import type { RawPlan } from "../desktops/plans";
import { type Ended, run } from "../support/project";
import { standInVariables } from "./stand-in";

/** Runs Terraform with the stand-in of the provider, and without the configuration of whoever runs the tests. */
export function terraform(cwd: string, ...args: string[]): Promise<Ended> {
  return run("terraform", [...args, ...(args[0] === "version" ? [] : ["-no-color"])], {
    cwd,
    variables: { ...standInVariables(), TF_IN_AUTOMATION: "1" },
  });
}

/** Runs Terraform to its good end, and gives what it printed. */
export async function succeed(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await terraform(cwd, ...args);
  if (code !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** A plan as JSON, and what its outputs will be. */
type Plan = RawPlan & {
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever is there
  readonly planned_values: { readonly outputs: any };
};

/** Plans, and gives the plan as JSON. */
export async function planned(cwd: string, ...args: string[]): Promise<Plan> {
  await succeed(cwd, "plan", "-out=plan.tfplan", ...args);
  return JSON.parse(await succeed(cwd, "show", "-json", "plan.tfplan"));
}

/** Says what is missing where there is no Terraform. */
export async function requireTerraform(): Promise<void> {
  const { code } = await terraform(".", "version");
  if (code !== 0) throw new Error("terraform is not there: these tests need Terraform 1.6 or newer in PATH");
}
