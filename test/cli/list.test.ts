import { rmSync } from "node:fs";
import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { onTerminal } from "./support";

const windows = image({
  id: "5f7528f9-ff3e-43d7-b529-a50b573ff77d",
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20250909",
  minDisk: 100,
  createdAt: "2025-09-09T02:30:00Z",
});
const kylin = image({
  id: "99914048-42cc-4d31-a66f-882005fc1eb4",
  name: "Kylin_V10_SP1_ARM64_Workspace_20250422",
  osType: "Linux",
  osVersion: "Kylin Desktop V10",
  architecture: "arm",
  minRam: 4096,
  minDisk: 60,
  diskFormat: "qcow2",
  productCode: "workspace.kylin",
  createdAt: "2025-04-22T03:00:00Z",
});
const bare = { id: "e418fc84-8a8d-400d-a1d2-81ac0e44f769" };

let emulator: WorkspaceEmulator;
const project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } });

beforeAll(async () => {
  emulator = await WorkspaceEmulator.start({
    images: {
      "cn-north-4": [
        { ...windows, platform: "Windows", packageType: "general" },
        { ...kylin, platform: "Kylin", packageType: "education" },
        bare,
      ],
      "cn-south-1": [],
    },
  });
});

afterAll(() => emulator.close());

function list(...args: string[]) {
  return project.cli(["list", ...args], emulator.variables);
}

test("list shows every image in two lines that fit 80 columns, and an environment without images", async () => {
  const { code, stdout, stderr } = await list();
  expect(stdout).toBe(`dev: 3 images
    ID                                   TYPE    OS      ARCH DISK GB CREATED
  Kylin_V10_SP1_ARM64_Workspace_20250422
    99914048-42cc-4d31-a66f-882005fc1eb4 gold    Linux   arm  60      2025-04-22
  Windows_11_Enterprise_24H2_64bit_Workspace_20250909
    5f7528f9-ff3e-43d7-b529-a50b573ff77d gold    Windows x86  100     2025-09-09
  unnamed
    e418fc84-8a8d-400d-a1d2-81ac0e44f769 -       -       -    -       -

prod: no images
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("list shows an image in one line, with its OS version, where the terminal is wide enough", async () => {
  const variables = { ...emulator.variables, NO_COLOR: "1" };
  const wide = await onTerminal(project, "list --env dev", variables, 200);
  const lines = wide.stdout.trimEnd().split("\r\n");
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^ {2}NAME +ID +TYPE +OS +ARCH +DISK GB +CREATED +OS VERSION$/);
  expect(lines[2]).toMatch(
    /^ {2}Kylin_V10_SP1_ARM64_Workspace_20250422 +99914048-42cc-4d31-a66f-882005fc1eb4 +gold +Linux +arm +60 +2025-04-22 +Kylin Desktop V10$/,
  );
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(200);
  const narrow = await onTerminal(project, "list --env dev", variables, 120);
  expect(narrow.stdout.trimEnd().split("\r\n")).toHaveLength(8);
});

test("list says which images are revoked, for people and for programs", async () => {
  project.write("workspace-images/revoked.json", `{"revoked":[{"name":"${kylin.name}","reason":"CVE-1"}]}`);
  const text = await list("--env", "dev", "--os-type", "Linux");
  const json = await list("--json");
  rmSync(project.path("workspace-images/revoked.json"));
  expect(text.stdout).toBe(`dev: 1 image
    ID                                   TYPE    OS      ARCH DISK GB CREATED
  Kylin_V10_SP1_ARM64_Workspace_20250422
    99914048-42cc-4d31-a66f-882005fc1eb4 gold    Linux   arm  60      2025-04-22
    revoked: CVE-1
`);
  expect(JSON.parse(json.stdout)).toEqual({ dev: [{ ...kylin, revoked: "CVE-1" }, windows, bare], prod: [] });
});

test("list gives the images with all their fields as JSON", async () => {
  const { stdout } = await list("--json");
  expect(JSON.parse(stdout)).toEqual({ dev: [kylin, windows, bare], prod: [] });
});

test.each([
  ["--image-type", "gold", [kylin, windows]],
  ["--os-type", "Windows", [windows]],
  ["--platform", "Kylin", [kylin]],
  ["--architecture", "arm", [kylin]],
  ["--package-type", "general", [windows]],
  ["--image-id", bare.id, [bare]],
  ["--name", "Kylin_V10_SP1_ARM64_Workspace_20250422", [kylin]],
  ["--name-regex", "^Windows_1[01]", [windows]],
  ["--os-version", "Kylin Desktop V10", [kylin]],
  ["--os-version-regex", "Kylin", [kylin]],
  ["--disk-format", "qcow2", [kylin]],
  ["--product-code", "workspace.windows", [windows]],
  ["--min-disk-at-most", "60", [kylin]],
  ["--min-ram-at-most", "0", [windows]],
  ["--created-after", "2025-06-01", [windows]],
  ["--created-before", "2025-06-01", [kylin]],
])("list selects by %s", async (option, value, images) => {
  const { stdout } = await list("--env", "dev", option, value, "--json");
  expect(JSON.parse(stdout)).toEqual({ dev: images });
});

test("list orders by the field and in the direction that are asked for", async () => {
  const { stdout } = await list(
    ..."--env dev --image-type gold --sort-field created_at --sort-type desc --json".split(" "),
  );
  expect(JSON.parse(stdout)).toEqual({ dev: [windows, kylin] });
});

test.each([
  [["--min-disk-at-most", "many"], "It must be a whole number."],
  [["--name-regex", "("], "nameRegex"],
  [["--created-after", "yesterday"], "createdAfter"],
  [["--sort-field", "size"], "sortField"],
])("list refuses %p without asking the service", async (args, message) => {
  const before = emulator.requests.length;
  const { code, stdout, stderr } = await list(...args, "--json");
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
  expect(emulator.requests).toHaveLength(before);
});

test("list lets no name of an image control the terminal", async () => {
  const hostile = emulator.publish("cn-south-1", { name: "evil\u001b[2J\u009b1A\u202etxt" });
  const text = await list("--env", "prod");
  const json = await list("--env", "prod", "--json");
  emulator.remove("cn-south-1", hostile.id);
  expect(text.stdout).toContain("evil");
  expect(text.stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(JSON.parse(json.stdout).prod[0].name).toBe(hostile.name);
});
