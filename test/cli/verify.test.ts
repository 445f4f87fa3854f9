import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const office = image({
  id: "99914048-42cc-4d31-a66f-882005fc1eb4",
  name: "Windows_11_Enterprise_24H2_64bit_Workspace_20250909",
});
const kiosk = image({ id: "c0ffee00-0000-4000-a000-000000000000", name: "kiosk" });

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { "cn-north-4": [office, kiosk], "cn-south-1": [office] },
  });
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } });
  writePins(
    project,
    "dev",
    { office: pinOf(office), kiosk: pinOf(kiosk) },
    { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") },
  );
  writePins(
    project,
    "prod",
    { office: pinOf(office) },
    { region: "cn-south-1", projectId: emulator.projectId("cn-south-1") },
  );
});

afterEach(() => emulator.close());

function verify(...args: string[]) {
  return project.cli(["verify", ...args], { HW_MAX_RETRIES: "0", ...emulator.variables });
}

test("verify answers yes where every pinned image exists unchanged", async () => {
  const { code, stdout, stderr } = await verify();
  expect(stdout).toBe(`dev:
  ok    kiosk
  ok    office

prod:
  ok    office
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("verify answers no, and tells deleted from changed", async () => {
  emulator.remove("cn-north-4", office.id);
  emulator.publish("cn-north-4", { ...kiosk, minDisk: 120 });
  const { code, stdout } = await verify();
  expect(stdout).toBe(`dev:
  FAIL  kiosk
        changed: kiosk (c0ffee00-0000-4000-a000-000000000000, gold, created
        2025-01-01T00:00:00Z): minDisk 80 → 120
  FAIL  office
        deleted: Windows_11_Enterprise_24H2_64bit_Workspace_20250909
        (99914048-42cc-4d31-a66f-882005fc1eb4, gold, created
        2025-01-01T00:00:00Z)
  What there is instead: workspace-images outdated --env dev

prod:
  ok    office
`);
  expect(code).toBe(1);
});

test("verify gives a verification of each pin as JSON", async () => {
  emulator.remove("cn-north-4", office.id);
  const { code, stdout } = await verify("--json");
  expect(JSON.parse(stdout)).toEqual({
    dev: {
      kiosk: { ok: true },
      office: { ok: false, reason: expect.stringMatching(/^deleted: Windows_11/) },
    },
    prod: { office: { ok: true } },
  });
  expect(code).toBe(1);
});

test("verify tells an environment that could not be asked from one whose images are gone, and answers for the others", async () => {
  emulator.remove("cn-north-4", office.id);
  emulator.inject({ on: ({ path }) => path.includes(emulator.projectId("cn-south-1")), status: 503 });
  const { code, stdout, stderr } = await verify("--json");
  expect(code).toBe(2);
  const { dev, prod } = JSON.parse(stdout);
  expect(dev.office.ok).toBe(false);
  expect(prod).toEqual({
    error: {
      code: expect.any(String),
      message: expect.stringContaining("503"),
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    },
  });
  expect(stderr).toContain("error: prod: ");
  expect(stderr).toContain(prod.error.requestId);
});

test("verify cannot answer without credentials, and says so for every environment", async () => {
  const { code, stdout } = await project.cli(["verify", "--json"]);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    dev: { error: { code: "NO_CREDENTIALS", message: expect.any(String) } },
    prod: { error: { code: "NO_CREDENTIALS", message: expect.any(String) } },
  });
});

test("verify answers for the other environments where a lock file is damaged", async () => {
  project.write("workspace-images/dev.lock.json", "{");
  const { code, stdout, stderr } = await verify("--json");
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    dev: { error: { code: "LOCK_FILE" } },
    prod: { office: { ok: true } },
  });
  expect(stderr).toContain("workspace-images/dev.lock.json is not complete JSON");
});
