import { Workbench } from "../documents/workbench";
import { Desk, movePin } from "./desk";
import { requireTerraform } from "./support";

const workbench = new Workbench();
beforeAll(requireTerraform);
afterAll(() => workbench.close());

describe.each([
  ["JSON", {}, "cdk.tf.json", /"\/\/": \{[\s\S]*"workspaceImages": /],
  ["HCL", { SYNTH_HCL_OUTPUT: "true" }, "cdk.tf", /^# .*office-windows/m],
])("the example, as the CDK synthesizes it in %s", (_, form, file, namesOfPins) => {
  const STACKS = { dev: 6, staging: 7, prod: 8 };
  let folder: string;
  const deskOf = (stack: string) => new Desk(workbench, folder, `cdktf.out/stacks/${stack}`);
  const synth = () => deskOf("dev").run("npx tsx main.ts", { WORKSPACE_IMAGES_MODE: "frozen", ...form });

  beforeAll(async () => {
    folder = await workbench.begin("example");
    await synth();
  });

  test.each(Object.entries(STACKS))(
    "%s is valid, and planned with its %d resources",
    async (stack, count) => {
      const desk = deskOf(stack);
      expect(desk.read(`cdktf.out/stacks/${stack}/${file}`)).toMatch(namesOfPins);
      await desk.run(`cd cdktf.out/stacks/${stack} && terraform init && terraform validate`);
      const changes = await desk.plan();
      expect(Object.keys(changes)).toHaveLength(count);
      expect(new Set(Object.values(changes))).toEqual(new Set(["create"]));
      expect(await desk.guard("", stack)).toEqual({ code: 0, changes: [] });
    },
  );

  test("in dev, a moved pin reinstalls the desktops of the office, and nothing else", async () => {
    const desk = deskOf("dev");
    await desk.plan();
    await desk.apply();
    await movePin(desk);
    await synth();
    expect(await desk.plan()).toEqual({ "huaweicloud_workspace_desktop.office-alice": "update" });
    expect(await desk.guard()).toMatchObject({ code: 0, changes: [{ does: "reinstalls", explained: true }] });
  });
});
