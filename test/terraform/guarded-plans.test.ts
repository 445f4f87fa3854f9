import { Workbench } from "../documents/workbench";
import { Desk, movePin, NEWER } from "./desk";
import { requireTerraform } from "./support";

const DESKTOP = "huaweicloud_workspace_desktop.office";
const SERVER = "huaweicloud_workspace_app_image_server.template";
const GROUP = "huaweicloud_workspace_app_server_group.applications";

const workbench = new Workbench();
beforeAll(requireTerraform);
afterAll(() => workbench.close());

/** A folder with the configuration that the documents show, and what else is given; its pins are taken. */
async function begin(...fixtures: string[]): Promise<Desk> {
  const desk = new Desk(workbench, await workbench.begin());
  desk.write("docs/terraform.md", ...fixtures);
  await desk.run("npm install && npx workspace-images pin --env dev && terraform init");
  return desk;
}

describe("a plan of Terraform, made by its own steps from pinned images", () => {
  let desk: Desk;

  beforeAll(async () => {
    desk = await begin("servers.tf");
  });

  test("builds at first what costs nobody a disk, and nothing a second time", async () => {
    expect(await desk.plan()).toEqual({ [DESKTOP]: "create", [SERVER]: "create", [GROUP]: "create" });
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
    await desk.apply();
    expect(await desk.plan()).toEqual({});
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
  });

  test("tells which resources a pin feeds, and what a move does to each", async () => {
    const printed = await desk.run("npx workspace-images pins --uses --plan plan.json --env dev --json");
    const { dev } = JSON.parse(printed) as { dev: Record<string, { address: string; effect: string }[]> };
    expect(
      Object.entries(dev).map(([pin, uses]) => [pin, uses.map(({ address, effect }) => [address, effect])]),
    ).toEqual([
      [
        "office-windows",
        [
          [SERVER, "replaced"],
          [GROUP, "updated"],
          [DESKTOP, "reinstalled"],
        ],
      ],
    ]);
  });

  const imageOf = (resource: string) => new RegExp(`(resource "${resource}"[\\s\\S]*?image_id\\s*= )[^\\n]*`);
  test.each([
    [
      "another image type",
      { file: "desktop.tf", from: /image_type = .*/, to: 'image_type = "market"' },
      { [DESKTOP]: "update" },
      'image_type changes from "gold" to "market", and the image is the same: keep what it was created with',
    ],
    [
      "an image that no pin has",
      { file: "desktop.tf", from: imageOf("huaweicloud_workspace_desktop"), to: `$1"${NEWER}"` },
      { [DESKTOP]: "update" },
      `no pin has the image ${NEWER} that it gets`,
    ],
    [
      "an image that is known only at apply",
      { file: "desktop.tf", from: imageOf("huaweicloud_workspace_desktop"), to: "$1timestamp()" },
      { [DESKTOP]: "update" },
      "image_id will be known only at apply",
    ],
    [
      "a smaller disk",
      { file: "desktop.tf", from: "size = 120", to: "size = 110" },
      { [DESKTOP]: "update" },
      "root_volume.size would shrink from 120 to 110 GB",
    ],
    [
      "another user",
      { file: "desktop.tf", from: '"alice"', to: '"bob"' },
      { [DESKTOP]: "delete,create" },
      "user_name cannot be changed in place",
    ],
    [
      "removal",
      { file: "desktop.tf", from: /resource [\s\S]*/, to: "" },
      { [DESKTOP]: "delete" },
      "it is not in the configuration any more",
    ],
    [
      "a count of none",
      { file: "desktop.tf", from: "  flavor_id ", to: "  count      = 0\n  flavor_id " },
      { [`${DESKTOP}[0]`]: "delete" },
      "its count became smaller",
      `it was moved from ${DESKTOP}`,
    ],
    [
      "another disk of an image server",
      { file: "servers.tf", from: "size = 120", to: "size = 150" },
      { [SERVER]: "delete,create" },
      "root_volume.0.size cannot be changed in place",
    ],
  ])("is stopped by %s", async (_, { file, from, to }, changes, ...reasons) => {
    const undo = desk.edit(file, from, to);
    try {
      expect(await desk.plan()).toEqual(changes);
      const { code, changes: judged } = await desk.guard();
      expect({ code, judged }).toMatchObject({ code: 1, judged: [{ reasons }] });
    } finally {
      undo();
    }
  });

  test("is stopped where somebody asks Terraform to replace a desktop", async () => {
    expect(await desk.plan(`-replace=${DESKTOP}`)).toEqual({ [DESKTOP]: "delete,create" });
    expect(await desk.guard()).toMatchObject({ code: 1, changes: [{ reasons: ["-replace asks for it"] }] });
  });

  test("passes where a desktop is only renamed in the code", async () => {
    const undo = desk.edit(
      "desktop.tf",
      'resource "huaweicloud_workspace_desktop" "office" {',
      'moved {\n  from = huaweicloud_workspace_desktop.office\n  to   = huaweicloud_workspace_desktop.alice\n}\n\nresource "huaweicloud_workspace_desktop" "alice" {',
    );
    expect(await desk.plan()).toEqual({});
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
    undo();
  });

  describe("after the pin moved", () => {
    beforeAll(() => movePin(desk));

    test("rebuilds the desktop by that, and is stopped by the server that cannot change in place until that is allowed", async () => {
      expect(await desk.plan()).toEqual({
        [DESKTOP]: "update",
        [SERVER]: "delete,create",
        [GROUP]: "update",
      });
      const moved =
        'pin "office-windows" of dev moved to Windows_11_Enterprise_25H2_64bit_Workspace_20261020';
      const desktop = { address: DESKTOP, does: "reinstalls", explained: true, reasons: [moved] };
      const group = { address: GROUP, does: "updates", explained: true, reasons: [moved] };
      const server = {
        address: SERVER,
        does: "replaces",
        explained: false,
        reasons: ["image_id cannot be changed in place"],
      };
      const { code, changes } = await desk.guard();
      expect(code).toBe(1);
      expect(changes).toHaveLength(3);
      expect(changes).toEqual(expect.arrayContaining([desktop, group, server].map(expect.objectContaining)));
      expect((await desk.guard(`--allow ${SERVER}`)).code).toBe(0);
      const reason = "the template is made anew, ticket 4711";
      desk.put(
        "workspace-images/allow.json",
        JSON.stringify({ allow: [{ address: SERVER, reason, until: "2999-12-31" }] }),
      );
      expect(await desk.guard()).toMatchObject({
        code: 0,
        changes: expect.arrayContaining([expect.objectContaining({ address: SERVER, allowed: reason })]),
      });
    });

    test("is stopped by a disk that grows with the image", async () => {
      const undo = desk.edit("desktop.tf", "size = 120", "size = 150");
      await desk.plan();
      const { code, changes } = await desk.guard();
      expect(code).toBe(1);
      expect(changes.find(({ address }) => address === DESKTOP)?.reasons).toEqual([
        "root_volume.size changes with the image, from 120 to 150 GB",
      ]);
      undo();
    });

    test("leaves nothing to change once it is applied, and goes back by a rollback", async () => {
      await desk.plan();
      await desk.apply();
      expect(await desk.plan()).toEqual({});
      await desk.run("npx workspace-images rollback office-windows --env dev");
      expect(await desk.plan()).toMatchObject({ [DESKTOP]: "update" });
      const { changes } = await desk.guard();
      expect(changes.find(({ address }) => address === DESKTOP)).toMatchObject({ explained: true });
    });
  });
});

describe("a desktop pool whose pin moves", () => {
  const POOL = "huaweicloud_workspace_desktop_pool.calls";
  let desk: Desk;

  beforeAll(async () => {
    desk = await begin("pool.tf");
    await desk.plan();
    await desk.apply();
    await movePin(desk);
  });

  test("stops the plan of its stack, as its documents say", async () => {
    const { code, stdout } = await desk.terraform("plan -input=false -no-color");
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining("Error: image_id can't be updated"),
    });
  });

  test("is replaced where it says so, which guard does not take for meant", async () => {
    desk.edit("pool.tf", "  product_id", '  enable_force_new = "true"\n  product_id');
    expect(await desk.plan()).toEqual({ [DESKTOP]: "update", [POOL]: "delete,create" });
    const { code, changes } = await desk.guard();
    expect(code).toBe(1);
    expect(changes.filter(({ explained }) => !explained)).toMatchObject([
      { address: POOL, does: "replaces", reasons: ["image_id cannot be changed in place"] },
    ]);
    expect((await desk.guard(`--allow '${POOL}'`)).code).toBe(0);
  });
});
