import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";

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
function synthesize(imageId: string, file = "cdk.tf.json", environment = "dev"): void {
  const stack = { name: "dev", constructPath: "dev", synthesizedStackPath: `stacks/dev/${file}` };
  project.write("cdktf.out/manifest.json", JSON.stringify({ version: "0.21.0", stacks: { dev: stack } }));
  const block = { image_id: imageId };
  project.write(
    `cdktf.out/stacks/dev/${file}`,
    JSON.stringify({
      "//": { workspaceImages: [{ environment, pin: "office", pinnedAt, images: [{ id: imageId }] }] },
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
  expect(await update("--dry-run")).toContain("  Not counted: stacks in HCL: dev\n");
  project.write("cdktf.out/manifest.json", "{");
  expect(await update()).toContain("  Not counted: ");
  expect(project.readLock("dev").pins.office.images[0].id).toBe("new");
});

test.each([["--dry-run"], []])("--json has the numbers of every pin that moves (%s)", async (...args) => {
  synthesize("old");
  const { stdout } = await project.cli(["update", "--env", "dev", "--json", ...args], emulator.variables);
  expect(JSON.parse(stdout).dev.office.affects).toEqual({
    resources: [
      { type: "huaweicloud_workspace_desktop", effect: "reinstalled", number: 2 },
      { type: "huaweicloud_workspace_desktop_pool", effect: "refused", number: 1 },
    ],
  });
});

test("--json says that an output is older than the pin, or in HCL, and nothing where there is none", async () => {
  const affects = async () => {
    const { stdout } = await project.cli(
      ["update", "--env", "dev", "--json", "--dry-run"],
      emulator.variables,
    );
    return JSON.parse(stdout).dev.office.affects;
  };
  expect(await affects()).toBeUndefined();
  synthesize("before");
  expect(await affects()).toEqual({ resources: [], outputIsOlder: true });
  synthesize("old", "cdk.tf");
  expect(await affects()).toEqual({ resources: [], notCounted: "stacks in HCL: dev" });
});

test("a promotion says the same as text and as JSON", async () => {
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-north-4" } });
  const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
  writePins(project, "dev", { office: pinOf(recent, { filter }) }, place);
  writePins(project, "prod", { office: pinOf(old, { filter }) }, place);
  synthesize("old", "cdk.tf.json", "prod");
  const promote = (...args: string[]) =>
    project.cli(["promote", "dev", "prod", "--dry-run", ...args], emulator.variables);
  expect((await promote()).stdout).toContain(
    "  prod, office: reinstalls 2 desktops, cannot update 1 desktop pool\n",
  );
  expect(JSON.parse((await promote("--json")).stdout).prod.office.affects.resources).toHaveLength(2);
});

describe("diff counts in what was synthesized", () => {
  const numbers = "reinstalls 2 desktops, cannot update 1 desktop pool";
  const older = "what was synthesized is older than the pin: run cdktf synth to count";
  const diff = async (...args: string[]) => (await project.cli(["diff", ...args])).stdout;

  beforeEach(() => {
    const repository = new TestRepository(project);
    repository.commit("Begin");
    const previous = [{ ids: ["old"], names: ["Windows_11_A"], until: "2026-02-01T00:00:00Z" }];
    const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
    writePins(project, "dev", { office: pinOf(recent, { filter, previous }) }, place);
  });

  test.each([
    ["before the move, which is said", "old", `${numbers}; ${older}`],
    ["after the move", "new", numbers],
    ["long before", "before", older],
  ])("%s", async (_, imageId, said) => {
    synthesize(imageId);
    expect((await diff()).replace(/\s+/g, " ")).toContain(`created 2026-01-01 ${said} `);
    const markdown = await diff("--markdown");
    expect(markdown).toContain("| Pin | What | Before | Now | Resources |\n");
    expect(markdown).toContain(`| \`${said}\` |\n`);
    const { affects } = JSON.parse(await diff("--json")).dev.changes[0];
    expect(affects.outputIsOlder).toBe(said.includes(older) ? true : undefined);
    expect(affects.resources).toEqual(
      said.startsWith(numbers)
        ? [
            { type: "huaweicloud_workspace_desktop", effect: "reinstalled", number: 2 },
            { type: "huaweicloud_workspace_desktop_pool", effect: "refused", number: 1 },
          ]
        : [],
    );
  });

  test("under the name that a pin had there, where it was renamed and moved", async () => {
    synthesize("old");
    const renamed = await project.cli(["rename", "office", "office-win"]);
    expect(renamed.code).toBe(0);
    const text = (await diff()).replace(/\s+/g, " ");
    expect(text).toContain("office → office-win renamed, moved");
    expect(text).toContain(`${numbers}; ${older}`);
  });

  test("and says nothing where there is none", async () => {
    expect(await diff()).not.toContain("desktop");
    expect(await diff("--markdown")).toContain("| Pin | What | Before | Now |\n");
    expect(JSON.parse(await diff("--json")).dev.changes[0].affects).toBeUndefined();
  });
});
