// Packs the library, installs it into an empty project as a user would, and uses it there: by types, by require,
// by import and by its command. It fails if the package has grown beyond its budget.
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const MAX_PACKED_KB = 250;
const MAX_PACKAGES = 15;

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "workspace-images-package-"));

function run(cwd, program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error) throw error;
  assert.equal(status, 0, `${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

function write(name, content) {
  writeFileSync(join(folder, name), content);
}

try {
  // `--json` prints what prepack prints, too: the array is the last thing.
  const packed = run(root, "npm", "pack", "--json", "--silent", "--pack-destination", folder);
  const [{ filename, size, files }] = JSON.parse(packed.slice(packed.indexOf("[")));
  const kilobytes = size / 1000;
  assert.ok(kilobytes <= MAX_PACKED_KB, `${kilobytes} kB packed, more than ${MAX_PACKED_KB}`);
  const unexpected = files.filter(
    ({ path }) =>
      !/^(lib|docs(?!\/(?:api|architecture))|schemas)\/|^terraform\/(lock\/)?(\w+\.tf|README\.md)$|^(README(\.zh-CN)?\.md|LICENSE|package\.json)$/.test(
        path,
      ),
  );
  assert.deepEqual(unexpected, [], "the package has files that users do not need");
  console.log(`${filename}: ${kilobytes.toFixed(1)} kB packed, ${files.length} files`);

  write("package.json", JSON.stringify({ name: "empty", private: true }));
  // The newest that every CDK below accepts.
  run(folder, "npm", "install", `./${filename}`, "constructs@~10.7.0");
  const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  const installed = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ""));
  const withIt = installed.filter((name) => name !== "constructs");
  assert.ok(withIt.length <= MAX_PACKAGES, `${withIt.length} packages: ${withIt.join(", ")}`);
  console.log(`${withIt.length} packages installed: ${withIt.join(", ")}`);

  run(folder, "npm", "install", "@types/node@20");
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: { strict: true, target: "ES2022", module: "nodenext", types: ["node"] },
    }),
  );
  for (const cdk of ["cdktf@~0.20.0", "cdktf@~0.21.0", "cdktn@~0.24.0"]) {
    run(folder, "npm", "install", cdk);
    const [name] = cdk.split("@");
    write(
      "stack.ts",
      `import { Testing, TerraformStack, App } from "${name}";
       import { DataHuaweicloudWorkspaceImage, NoMatchError, WorkspaceImageCatalog, type WorkspaceImage } from "cdktf-huaweicloud-workspace-images";
       import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
       const images: WorkspaceImage[] = [{ id: "a", name: "Windows_11", imageType: "gold", minDisk: 100 }];
       const app: App = Testing.app();
       WorkspaceImageCatalog.fromImages(app, { dev: images });
       const stack = new TerraformStack(app, "stack");
       const image = new DataHuaweicloudWorkspaceImage(stack, "image", { imageType: "gold", nameRegex: "^Windows" });
       const size: number = Math.max(80, image.minDisk);
       if (image.id !== "a" || size !== 100) throw new Error("another image was selected");
       try {
         new DataHuaweicloudWorkspaceImage(stack, "none", { name: "Ubuntu" });
         throw new Error("an image was selected");
       } catch (error) {
         if (!(error instanceof NoMatchError)) throw error;
       }
       void WorkspaceEmulator.start().then((emulator) => emulator.close());
    `,
    );
    run(folder, process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
    run(folder, process.execPath, "stack.js");
    run(folder, "npm", "uninstall", name);
    console.log(`types and require with ${cdk}: as documented`);
  }
  write(
    "stack.mjs",
    `import { WorkspaceImageCatalog, ApiError } from "cdktf-huaweicloud-workspace-images";
     import { WorkspaceEmulator } from "cdktf-huaweicloud-workspace-images/emulator";
     if (![WorkspaceImageCatalog, ApiError, WorkspaceEmulator].every(Boolean)) throw new Error("a name is missing");`,
  );
  run(folder, process.execPath, "stack.mjs");
  console.log("import: as documented");

  const help = run(folder, "npx", "--no-install", "workspace-images", "--help");
  for (const command of ["list", "pins", "outdated", "update", "promote", "verify", "prune", "emulate"]) {
    assert.match(help, new RegExp(`^  ${command} `, "m"));
  }
  console.log("workspace-images: all commands");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
