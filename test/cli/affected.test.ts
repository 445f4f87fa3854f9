import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const old = image({ id: "old", name: "Windows_11_A", createdAt: "2025-01-01T00:00:00Z" });
const recent = image({ id: "new", name: "Windows_11_B", createdAt: "2026-01-01T00:00:00Z" });
const filter = { imageType: "gold", mostRecent: true } as const;
const pinnedAt = "2026-01-01T00:00:00Z";

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({ images: { "cn-north-4": [old, recent] } });
  project = new TestProject({ dev: { region: "cn-north-4" } });
  const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
  writePins(project, "dev", { office: pinOf(old, { filter }) }, place);
});

afterEach(() => emulator.close());

/** Writes a stack as a CDK does: two desktops and a pool with an image. */
function synthesize(imageId: string, file = "cdk.tf.json"): void {
  const stack = { name: "dev", constructPath: "dev", synthesizedStackPath: `stacks/dev/${file}` };
  project.write("cdktf.out/manifest.json", JSON.stringify({ version: "0.21.0", stacks: { dev: stack } }));
  const block = { image_id: imageId };
  project.write(
    `cdktf.out/stacks/dev/${file}`,
    JSON.stringify({
      "//": { workspaceImages: [{ environment: "dev", pin: "office", pinnedAt, images: [{ id: imageId }] }] },
      resource: {
        huaweicloud_workspace_desktop: { alice: block, bob: block },
        huaweicloud_workspace_desktop_pool: { pool: block },
      },
    }),
  );
}

const update = async (...args: string[]) => {
  const { code, stdout } = await project.cli(["update", "--env", "dev", ...args], emulator.variables);
  expect(code).toBe(0);
  return stdout.slice(stdout.indexOf("What a new image"));
};

test.each([["--dry-run"], []])(
  "a move says what it does to how many, and to these kinds (%s)",
  async (...args) => {
    synthesize("old");
    expect(await update(...args)).toBe(`What a new image does to a resource when Terraform applies it:
  dev, office: reinstalls 2 desktops, cannot update 1 desktop pool
  huaweicloud_workspace_desktop
    reinstalled in place: what is on the system disk is lost. image_id and
    image_type cannot change together with root_volume or data_volume.
  huaweicloud_workspace_desktop_pool
    cannot be updated: the plan of the whole stack fails. It is replaced where
    enable_force_new is set, on the resource or the provider.
`);
  },
);

test("without an output, every kind is said", async () => {
  const text = await update("--dry-run");
  expect(text.match(/^ {2}huaweicloud_/gm)).toHaveLength(8);
  expect(text).not.toContain("office");
});

test("an output that is older than the pin, in HCL, or damaged is said to be so, and stops no move", async () => {
  synthesize("before");
  expect(await update("--dry-run")).toContain(
    "  dev, office: what was synthesized is older than the pin: run cdktf synth to\n  count\n",
  );
  synthesize("old", "cdk.tf");
  expect(await update("--dry-run")).toContain("  Not counted, because they are in HCL: dev\n");
  project.write("cdktf.out/manifest.json", "{");
  expect(await update()).toContain("  Not counted: ");
  expect(project.readLock("dev").pins.office.images[0].id).toBe("new");
});
