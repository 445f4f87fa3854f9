import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { ROOT, TestProject } from "../support/project";

const app = `
const { App, TerraformOutput, TerraformStack } = require("cdktf");
const { DataHuaweicloudWorkspaceImage, DataHuaweicloudWorkspaceImages, WorkspaceImageCatalog } = require(${JSON.stringify(join(ROOT, "lib"))});
(async () => {
  const app = new App();
  await WorkspaceImageCatalog.prefetch(app);
  for (const environment of ["dev", "staging", "prod"]) {
    const stack = new TerraformStack(app, environment);
    WorkspaceImageCatalog.setEnvironment(stack, environment);
    const office = new DataHuaweicloudWorkspaceImage(stack, "office", {
      imageType: "gold", nameRegex: "^Windows_11_Enterprise_24H2", mostRecent: true,
    });
    const ubuntu = new DataHuaweicloudWorkspaceImages(stack, "ubuntu", { imageType: "gold", nameRegex: "^Ubuntu" });
    new TerraformOutput(stack, "office-image", { value: office.id });
    new TerraformOutput(stack, "ubuntu-images", { value: ubuntu.images.map(({ id }) => id) });
  }
  app.synth();
})();`;

const ENVIRONMENTS = ["dev", "staging", "prod"];

let emulator: WorkspaceEmulator;

beforeAll(async () => {
  emulator = await WorkspaceEmulator.start();
});

afterAll(() => emulator.close());

test("takes a new image into dev, then staging, while prod stays, each with a small diff", async () => {
  const project = new TestProject({
    dev: { region: "cn-north-4" },
    staging: { region: "cn-north-4" },
    prod: { region: "cn-south-1" },
  });
  const cli = (...args: string[]) => project.cli(args, emulator.variables);
  const lockFiles = () => ENVIRONMENTS.map((name) => project.read(`workspace-images/${name}.lock.json`));
  const deployed = () =>
    ENVIRONMENTS.map(
      (name) => JSON.parse(project.read(`cdktf.out/stacks/${name}/cdk.tf.json`)).output["office-image"].value,
    );
  const synth = async (variables: Record<string, string>) =>
    expect(await project.script(app, variables)).toMatchObject({ code: 0 });
  const released = (region: string) =>
    emulator
      .images(region)
      .find(({ name }) => name === "Windows_11_Enterprise_24H2_64bit_Workspace_20250909")!;
  const before = { north: released("cn-north-4").id, south: released("cn-south-1").id };

  // The first synth pins what there is.
  await synth(emulator.variables);
  const first = lockFiles();
  expect(deployed()).toEqual([before.north, before.north, before.south]);
  expect((await cli("outdated")).code).toBe(0);

  // A new image is published: outdated shows it, and no synth moves.
  const after = {
    north: "aaaaaaaa-0000-4000-a000-000000000001",
    south: "bbbbbbbb-0000-4000-a000-000000000001",
  };
  for (const [region, id] of [
    ["cn-north-4", after.north],
    ["cn-south-1", after.south],
  ] as const) {
    emulator.publish(region, {
      ...released(region),
      id,
      name: "Windows_11_Enterprise_24H2_64bit_Workspace_20260113",
      createdAt: "2026-01-13T02:30:00Z",
    });
  }
  const outdated = await cli("outdated", "--json");
  expect(outdated.code).toBe(1);
  const answer = JSON.parse(outdated.stdout);
  for (const name of ENVIRONMENTS) expect(Object.keys(answer[name])).toEqual(["office"]);
  expect(answer.prod.office.from).toMatchObject([{ id: before.south }]);
  expect(answer.prod.office.to).toMatchObject([{ id: after.south }]);
  await synth(emulator.variables);
  expect(lockFiles()).toEqual(first);
  expect(deployed()).toEqual([before.north, before.north, before.south]);

  // Dev moves, and the diff is one pin's.
  expect((await cli("update", "--env", "dev")).code).toBe(0);
  const [dev, ...others] = lockFiles();
  expect(others).toEqual(first.slice(1));
  expect(changedKeys(first[0]!, dev!)).toEqual(["previous", "integrity", "id", "name", "createdAt"]);

  // Staging gets what dev has, and prod stays.
  expect((await cli("promote", "dev", "staging")).code).toBe(0);
  const [, staging, prod] = lockFiles();
  expect(changedKeys(first[1]!, staging!)).toEqual(["previous", "integrity", "id", "name", "createdAt"]);
  expect(prod).toBe(first[2]);

  // A pipeline synthesizes what the lock files say.
  await synth({ CI: "true" });
  expect(deployed()).toEqual([after.north, after.north, before.south]);
  expect(lockFiles()).toEqual([dev, staging, prod]);
  expect((await cli("pins")).stdout).toContain("office  differs\n");

  // In prod, the same release has another ID.
  expect((await cli("promote", "staging", "prod")).code).toBe(0);
  await synth({ CI: "true" });
  expect(deployed()).toEqual([after.north, after.north, after.south]);
  expect((await cli("pins")).stdout).not.toContain("differs");
  expect((await cli("outdated")).code).toBe(0);
  expect((await cli("verify")).code).toBe(0);
});

/** The fields in which a file's only pin that changed is different; pinnedAt may be the same second. */
function changedKeys(before: string, after: string): string[] {
  const [old, now] = [JSON.parse(before), JSON.parse(after)];
  const { office: pin, ...others } = old.pins;
  const { office: moved, ...otherPins } = now.pins;
  expect({ ...now, pins: otherPins }).toEqual({ ...old, pins: others });
  const fields = (state: Record<string, unknown>) => ({ ...state, ...(state.images as object[])[0] });
  const [was, is] = [fields(pin), fields(moved)] as Record<string, unknown>[];
  return Object.keys(is!).filter(
    (key) => !["pinnedAt", "images"].includes(key) && JSON.stringify(is![key]) !== JSON.stringify(was![key]),
  );
}
