// The whole way of an image, on the embedded emulator: selected, pinned, kept through an edit, moved, promoted,
// checked, guarded, and its history.
// It works in .demo/, on copies of the example, and fails if anything is not as it says.
import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import emulation from "../lib/emulator/index.js";

const { builtInImages, imageIdOf, WorkspaceEmulator } = emulation;

const root = resolve(import.meta.dirname, "..");
const folder = join(root, ".demo");
const environments = ["dev", "staging", "prod"];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const file of ["main.ts", "cdktf.json"]) cpSync(join(root, file), join(folder, file));

const hasGit = spawnSync("git", ["--version"]).status === 0;
if (hasGit) {
  git("init", "-q", "-b", "main");
  writeFileSync(join(folder, ".gitignore"), "cdktf.out\nplan.json\nhistory.html\n");
}
const emulator = await WorkspaceEmulator.start();
const cloud = emulator.variables;

step("Synthesize: every environment is listed over HTTP with signed requests, selected from, and pinned");
await run("cdktf synth", { ...cloud, WORKSPACE_IMAGES_MODE: "auto" });
const before = desktops();
print(before);
console.log(`\nThe emulator answered ${emulator.requests.length} signed requests.`);

step("A newer Windows 11 is published in both regions");
const release = {
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20261124",
  imageType: "gold",
  osType: "Windows",
  osVersion: "Windows 11 Enterprise 24H2 64bit",
  architecture: "x86",
  diskFormat: "zvhd2",
  minRam: 0,
  minDisk: 100,
  productCode: builtInImages("cn-north-4").find(({ name }) => name.startsWith("Windows_11_Enterprise_24H2"))
    .productCode,
  createdAt: "2026-11-24T02:30:00Z",
};
for (const region of ["cn-north-4", "cn-south-1"]) {
  // In cn-north-4 with the ID that the recorded plans below have.
  const id =
    region === "cn-north-4" ? "aaaaaaaa-0000-4000-8000-000000000003" : imageIdOf(region, release.name);
  emulator.publish(region, { ...release, id });
}
console.log(release.name);
await run("workspace-images outdated", cloud, 1);

commit("Pin the images");

step("Somebody edits the filter: the pinned image stays, and no network is asked");
const program = readFileSync(join(folder, "main.ts"), "utf8");
const edited = program.replace('osType: "Windows",', 'osType: "Windows", architecture: "x86",');
assert.notEqual(edited, program);
writeFileSync(join(folder, "main.ts"), edited);
const asked = emulator.requests.length;
await run("cdktf synth", { WORKSPACE_IMAGES_MODE: "auto" });
assert.deepEqual(desktops(), before);
assert.equal(emulator.requests.length, asked, "an edited filter asked the emulator");
console.log("Every resource has the image it had, and the emulator was not asked.");
commit("Ask for x86");

step("Move the pin in dev by command, then give staging what dev has");
await run("workspace-images update office-windows --env dev", cloud);
commit("Move dev to the new Windows 11");
await run("workspace-images promote dev staging office-windows", cloud);
commit("Promote it to staging");
await run("workspace-images pins");

step("The next synth of a pipeline reads the lock files, without a network or credentials");
await run("cdktf synth");
const after = desktops();
print(after);
for (const environment of environments) {
  const moved = after[environment].filter(({ image }, index) => image !== before[environment][index].image);
  assert.equal(moved.length > 0, environment !== "prod", `${environment} moved ${moved.length} desktops`);
}
console.log("\ndev and staging have the new image; prod stays until someone promotes it.");

step("The service deletes the old image in prod's region: verify sees it before anybody needs it");
const [{ images: pinned }] = Object.values(read("workspace-images/prod.lock.json").pins).filter(
  ({ images }) => images.some(({ name }) => name.startsWith("Windows_11")),
);
emulator.remove("cn-south-1", pinned[0].id);
await run("workspace-images verify --env prod", cloud, 1);

step(
  "Before the apply: does the plan of dev do what its pins did, and nothing else? (Plans of the real provider)",
);
const recorded = (name) => JSON.parse(readFileSync(join(root, `test/desktops/plans/${name}.json`), "utf8"));
const moved = recorded("image-moved");
moved.resource_changes = moved.resource_changes.filter(({ name }) =>
  ["desktop", "server-group"].includes(name),
);
writeFileSync(join(folder, "plan.json"), JSON.stringify(moved));
await run("workspace-images guard --env dev plan.json");
console.log("\nSomebody writes another image type, and the image stays the same:");
writeFileSync(join(folder, "plan.json"), JSON.stringify(recorded("image-type-only")));
await run("workspace-images guard --env dev plan.json", {}, 1);
await emulator.close();

if (hasGit) {
  step("Who moved what, and when");
  await run("workspace-images history office-windows");
  await run("workspace-images history --html history.html");
  console.log(`\nOpen it in a browser: ${join(folder, "history.html")}`);
}

function step(title) {
  console.log(`\n== ${title}\n`);
}

/** Commits what is there, as the user would; without git, the demo leaves the history out. */
function commit(message) {
  if (!hasGit) return;
  git("add", ".");
  git("commit", "-q", "-m", message);
}

function git(...args) {
  const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
  const { status, stderr } = spawnSync("git", [...author, ...args], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, `git ${args[0]}: ${stderr}`);
}

/** Runs a command of node_modules/.bin or of this library as a pipeline does, and shows what it prints. */
async function run(command, variables = {}, expected = 0) {
  console.log(`$ ${command}`);
  const [program, ...args] = command.split(" ");
  const script = program === "cdktf" ? "node_modules/cdktf-cli/bundle/bin/cdktf" : "lib/cli/index.js";
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(HW|TF|WORKSPACE_IMAGES)_/.test(name)),
  );
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: folder,
    stdio: "inherit",
    env: { ...env, CI: "true", CHECKPOINT_DISABLE: "1", ...variables },
  });
  const [status] = await once(child, "close");
  assert.equal(status, expected, `${command} ended with ${status}`);
}

/** The desktops of every environment with the names of their images, from what was synthesized and pinned. */
function desktops() {
  return Object.fromEntries(
    environments.map((environment) => {
      const { resource } = read(`cdktf.out/stacks/${environment}/cdk.tf.json`);
      const { pins } = read(`workspace-images/${environment}.lock.json`);
      const images = Object.values(pins).flatMap((pin) => pin.images);
      return [
        environment,
        Object.values(resource)
          .flatMap((kind) => Object.values(kind))
          .map(({ name, image_id, root_volume, system_disk_size }) => ({
            desktop: name,
            image: images.find(({ id }) => id === image_id).name,
            disk: root_volume?.size ?? system_disk_size,
          })),
      ];
    }),
  );
}

function read(file) {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

function print(byEnvironment) {
  console.log(`\n${"RESOURCE".padEnd(19)}${"IMAGE".padEnd(56)}DISK`);
  for (const { desktop, image, disk } of Object.values(byEnvironment).flat()) {
    console.log(`${desktop.padEnd(19)}${image.padEnd(56)}${String(disk).padStart(4)}`);
  }
}
