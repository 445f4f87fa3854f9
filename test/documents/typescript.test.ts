import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../support/project";
import { DOCUMENTS } from "./documents";
import { type Block, blocksOf } from "./markdown";
import { Workbench, writeIn } from "./workbench";

/** What stands around the part of a program that a document shows. */
const AROUND = (part: string): string => `import { App, Fn, TerraformOutput, TerraformStack } from "cdktn";
import {
  DataHuaweicloudWorkspaceImage, DataHuaweicloudWorkspaceImages, WorkspaceImageCatalog, type WorkspaceImagesError,
} from "cdktf-huaweicloud-workspace-images";
import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
import type { Construct } from "constructs";
import { WorkspaceDesktop, type WorkspaceDesktopConfig } from "./.gen/providers/huaweicloud/workspace-desktop";
export type { Construct, Fn, WorkspaceImagesError, WorkspaceDesktopConfig, WorkspaceEmulator, WorkspaceDesktop };
export { DataHuaweicloudWorkspaceImages, TerraformOutput };
export declare const others: Omit<WorkspaceDesktopConfig, "imageId" | "imageType" | "rootVolume">;
export const app = new App();
export class Stack extends TerraformStack {
  async build() {
${part}
  }
}
export const used = [DataHuaweicloudWorkspaceImage, WorkspaceImageCatalog];
`;

const workbench = new Workbench();
afterAll(() => workbench.close());

test("every TypeScript block of the documents passes the type checker", async () => {
  const folder = await workbench.begin();
  symlinkSync(join(workbench.directory, "generated"), join(workbench.directory, "huaweicloud"));
  const places = new Map<string, Block>();
  for (const [at, document] of DOCUMENTS.entries()) {
    for (const block of blocksOf(document).filter(({ language }) => language === "ts")) {
      const isWhole = /^import /m.test(block.text);
      const name = `${at}/${isWhole ? (block.says.get("file") ?? `block-${block.line}.ts`) : `block-${block.line}.ts`}`;
      writeIn(
        folder,
        name,
        isWhole ? block.text : AROUND(block.text.replace(/^( *)\/\/ …$/gm, "$1...others,")),
      );
      places.set(name, block);
    }
  }
  for (const name of readdirSync(folder)) {
    await workbench.run(
      join(folder, name),
      'mkdir -p .gen/providers && ln -s "$GENERATED" .gen/providers/huaweicloud',
    );
  }
  expect(places.size).toBeGreaterThan(4);
  const options = {
    target: "ES2022",
    module: "nodenext",
    lib: ["ES2023"],
    types: ["node", "jest"],
    typeRoots: [join(workbench.directory, "node_modules/@types")],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["*/*.ts"] }),
  );
  const { stdout } = await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], {
    cwd: folder,
  });
  const located = stdout.replace(/^(\S+?\.ts)\((\d+)/gm, (all, name: string) => {
    const block = places.get(name);
    return block ? `${block.document}, block at line ${block.line}: ${all}` : all;
  });
  expect(located).toBe("");
});
