import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RawPlan } from "../desktops/plans";
import { blocksOf } from "../documents/markdown";
import { type Workbench, writeIn } from "../documents/workbench";
import type { Ended } from "../support/project";

/** What `guard` says of a change. */
interface Judged {
  readonly address: string;
  readonly does: string;
  readonly explained: boolean;
  readonly allowed?: string;
  readonly reasons: readonly string[];
}

/** The ID of an image that is published later. */
export const NEWER = "aaaaaaaa-0000-4000-8000-000000000003";

/** Publishes a newer image, and moves the pin of the office to it. */
export async function movePin(desk: Desk): Promise<void> {
  await desk.run(`publish cn-north-4 ${NEWER} && workspace-images update office-windows --env dev`);
}

/** A folder in which somebody works with Terraform and pinned images. */
export class Desk {
  constructor(
    private readonly workbench: Workbench,
    private readonly folder: string,
    /** Folder of the stack, in that one. */
    private readonly stack = ".",
  ) {}

  /** Runs a script to its good end, and gives what it printed. */
  async run(script: string, variables?: Readonly<Record<string, string>>): Promise<string> {
    const { code, stdout } = await this.workbench.run(this.folder, script, variables);
    if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}`);
    return stdout;
  }

  /** Writes the files of a document, and those of fixtures. */
  write(document: string, ...fixtures: readonly string[]): void {
    for (const { says, text } of blocksOf(document)) if (says.has("file")) this.put(says.get("file")!, text);
    for (const name of fixtures) cpSync(join(__dirname, "fixtures", name), join(this.folder, name));
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  put(file: string, text: string): void {
    writeIn(this.folder, file, text);
  }

  /** Puts something else into a file, and gives what takes that back. */
  edit(file: string, from: string | RegExp, to: string): () => void {
    const text = this.read(file);
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`${file} has no ${from}`);
    this.put(file, edited);
    return () => this.put(file, text);
  }

  terraform(args: string): Promise<Ended> {
    return this.workbench.run(this.folder, `terraform -chdir=${this.stack} ${args}`);
  }

  /** Plans, and gives what is done to what. */
  async plan(options = ""): Promise<Record<string, string>> {
    const at = `terraform -chdir=${this.stack}`;
    await this.run(`${at} plan -input=false -no-color -out=plan.tfplan ${options}
      ${at} show -json plan.tfplan > ${this.stack}/plan.json`);
    const plan: RawPlan = JSON.parse(this.read(`${this.stack}/plan.json`));
    const changes = plan.resource_changes?.map(({ address, change }) => [address, change.actions.join()]);
    return Object.fromEntries(changes?.filter(([, actions]) => actions !== "no-op") ?? []);
  }

  /** What `guard` says of what was planned. */
  async guard(options = "", environment = "dev"): Promise<{ code: number; changes: readonly Judged[] }> {
    const { code, stdout } = await this.workbench.run(
      this.folder,
      `workspace-images guard --env ${environment} --json ${options} ${this.stack}/plan.json`,
    );
    const [{ changes }] = Object.values(JSON.parse(stdout)) as [{ changes: readonly Judged[] }];
    return { code, changes };
  }

  async apply(): Promise<void> {
    const { code, stdout } = await this.terraform("apply -input=false -no-color plan.tfplan");
    if (code !== 0) throw new Error(stdout);
  }
}
