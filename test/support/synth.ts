import { App, TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { type PrefetchOptions, type WorkspaceImage, WorkspaceImageCatalog } from "../../src";
import { rememberProcess } from "./process";
import type { TestProject } from "./project";

/** Lets tests change folder and variables of their own process: both are put back after each. */
export function restoreProcess(): void {
  afterEach(rememberProcess());
}

/** Goes into a project, as its app would be started. */
export function enter(project: TestProject, variables: Readonly<Record<string, string>> = {}): void {
  process.chdir(project.directory);
  Object.assign(process.env, variables);
}

/** A stack whose environment `dev` has the given images, without lock files or a network. */
export function stackWith(images: readonly WorkspaceImage[]): TerraformStack {
  const app = new App();
  WorkspaceImageCatalog.fromImages(app, { dev: images });
  return new TerraformStack(app, "stack");
}

/** Prefetches and gives an app with one stack to build in. */
export async function openApp(options?: PrefetchOptions): Promise<{ app: App; stack: TerraformStack }> {
  const app = new App();
  await WorkspaceImageCatalog.prefetch(app, options);
  return { app, stack: new TerraformStack(app, "stack") };
}

/** Prefetches, builds one stack, synthesizes it, and gives what was built. */
export async function synthesize<T>(
  build: (stack: TerraformStack) => T,
  options?: PrefetchOptions,
): Promise<{ built: T; notes: Note[] }> {
  const { app, stack } = await openApp(options);
  const built = build(stack);
  app.synth();
  return { built, notes: notesOf(app) };
}

/** An annotation on a construct. */
export interface Note {
  readonly path: string;
  readonly level: string;
  readonly message: string;
}

/** All annotations of an app, as the CDKTF command line prints them. */
export function notesOf(app: IConstruct): Note[] {
  return app.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type.startsWith("@cdktf/"))
      .map(({ type, data }) => ({
        path: node.path,
        level: type.replace("@cdktf/", ""),
        message: String(data),
      })),
  );
}
