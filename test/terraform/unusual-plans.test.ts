import { Workbench } from "../documents/workbench";
import { Desk } from "./desk";
import { requireTerraform } from "./support";

const DESKTOP = "huaweicloud_workspace_desktop.office";

const workbench = new Workbench();
let desk: Desk;
beforeAll(async () => {
  await requireTerraform();
  desk = new Desk(workbench, await workbench.begin());
  desk.write("docs/terraform.md", "servers.tf");
  await desk.run("npm install && npx workspace-images pin --env dev && terraform init");
});
afterAll(() => workbench.close());

describe("of a desktop that was applied, guard", () => {
  let undo: (() => void) | undefined;

  beforeAll(async () => {
    await desk.plan();
    await desk.apply();
  });
  afterEach(() => {
    undo?.();
    undo = undefined;
  });

  test("does not take for meant that a new one is built before the old one is destroyed", async () => {
    undo = desk.edit(
      "desktop.tf",
      /"alice"([\s\S]*?lifecycle \{)/,
      '"bob"$1\n    create_before_destroy = true',
    );
    expect(await desk.plan()).toEqual({ [DESKTOP]: "create,delete" });
    expect(await desk.guard()).toMatchObject({ code: 1, changes: [{ address: DESKTOP, does: "replaces" }] });
  });

  test("lets Terraform forget it", async () => {
    undo = desk.edit(
      "desktop.tf",
      /resource [\s\S]*/,
      `removed {\n  from = ${DESKTOP}\n  lifecycle {\n    destroy = false\n  }\n}\n`,
    );
    expect(await desk.plan()).toEqual({ [DESKTOP]: "forget" });
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
  });

  test("says that for_each destroys what had no key", async () => {
    undo = desk.edit("desktop.tf", "  flavor_id ", '  for_each   = toset(["alice"])\n  flavor_id ');
    expect(await desk.plan()).toEqual({ [DESKTOP]: "delete", [`${DESKTOP}["alice"]`]: "create" });
    expect(await desk.guard()).toMatchObject({
      code: 1,
      changes: [{ address: DESKTOP, reasons: ["count or for_each was added or removed"] }],
    });
  });

  test("lets it be moved to a key", async () => {
    undo = desk.edit(
      "desktop.tf",
      /resource ([\s\S]*?\{)/,
      `moved {\n  from = ${DESKTOP}\n  to   = ${DESKTOP}["alice"]\n}\n\nresource $1\n  for_each = toset(["alice"])`,
    );
    expect(await desk.plan()).toEqual({});
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
  });

  test("names the trigger of a replacement", async () => {
    const group = "huaweicloud_workspace_app_server_group.applications";
    const undoName = desk.edit("servers.tf", '"applications"\n', '"apps"\n');
    const undoTrigger = desk.edit(
      "desktop.tf",
      "  lifecycle {",
      `  lifecycle {\n    replace_triggered_by = [${group}.name]`,
    );
    undo = () => {
      undoName();
      undoTrigger();
    };
    expect(await desk.plan()).toEqual({ [DESKTOP]: "delete,create", [group]: "update" });
    expect(await desk.guard()).toMatchObject({
      code: 1,
      changes: [{ address: DESKTOP, reasons: ["replace_triggered_by asks for it"] }],
    });
  });

  test("says that it is tainted", async () => {
    await desk.run(`terraform taint ${DESKTOP}`);
    expect(await desk.plan()).toEqual({ [DESKTOP]: "delete,create" });
    expect(await desk.guard()).toMatchObject({ code: 1, changes: [{ reasons: ["it is tainted"] }] });
    await desk.run(`terraform untaint ${DESKTOP}`);
  });

  test("stops a plan that destroys everything", async () => {
    expect(new Set(Object.values(await desk.plan("-destroy")))).toEqual(new Set(["delete"]));
    const { code, changes } = await desk.guard();
    expect(code).toBe(1);
    expect(changes.map(({ does }) => does)).toEqual(["destroys", "destroys", "destroys"]);
  });
});

describe("of a desktop that is imported, guard", () => {
  beforeAll(async () => {
    desk = new Desk(workbench, await workbench.begin());
    desk.write("docs/terraform.md");
    desk.put("import.tf", `import {\n  to = ${DESKTOP}\n  id = "1aabf0f9-b0b6-524a-b1ee-79cddb12bca8"\n}\n`);
    // As it runs.
    desk.edit("desktop.tf", '"alice"', '"a"');
    desk.edit("desktop.tf", "alice@", "a@");
    desk.edit("desktop.tf", "size = 120", "size = 100");
    await desk.run("npm install && npx workspace-images pin --env dev && terraform init");
  });

  test("stops the reinstallation to an image type that an import cannot read, and says what helps", async () => {
    expect(await desk.plan()).toEqual({ [DESKTOP]: "update" });
    expect(await desk.guard()).toMatchObject({
      code: 1,
      changes: [
        {
          does: "reinstalls",
          reasons: [
            'image_type changes from null to "gold", and the image is the same: after an import, put it in lifecycle.ignore_changes',
            "it is imported by this plan",
          ],
        },
      ],
    });
  });

  test("passes what ignores the image type", async () => {
    desk.edit("desktop.tf", "  lifecycle {", "  lifecycle {\n    ignore_changes = [image_type]");
    expect(await desk.plan()).toEqual({});
    expect(await desk.guard()).toEqual({ code: 0, changes: [] });
  });
});
