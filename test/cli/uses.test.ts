import { NEW_IMAGE, planFile } from "../desktops/plans";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const pinnedAt = "2026-01-01T00:00:00Z";
let project: TestProject;

beforeEach(() => {
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } });
  writePins(project, "dev", { idle: pinOf("i"), office: pinOf("a") });
  writePins(
    project,
    "prod",
    { office: pinOf(image({ id: NEW_IMAGE })) },
    { region: "cn-south-1", projectId: "p" },
  );
});

/** Writes a stack of dev as a CDK does, with resources that have the image `a`. */
function synthesize(imageId = "a", file = "cdk.tf.json"): void {
  const block = (path: string, fields: object = {}) => ({
    "//": { metadata: { path: `dev/${path}` } },
    image_id: "a",
    ...fields,
  });
  const stack = { name: "dev", constructPath: "dev", synthesizedStackPath: `stacks/dev/${file}` };
  project.write("cdktf.out/manifest.json", JSON.stringify({ version: "0.21.0", stacks: { dev: stack } }));
  project.write(
    `cdktf.out/stacks/dev/${file}`,
    JSON.stringify({
      "//": { workspaceImages: [{ environment: "dev", pin: "office", pinnedAt, images: [{ id: imageId }] }] },
      resource: {
        huaweicloud_workspace_desktop: { alice: block("office/alice"), team: block("team", { count: 3 }) },
        huaweicloud_workspace_app_image_server: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own syntax
          server: block("server", { for_each: "${var.servers}" }),
        },
      },
    }),
  );
}

test("the resources that a pin feeds are shown, with what a move does to how many", async () => {
  synthesize();
  const { code, stdout, stderr } = await project.cli(["pins", "--uses", "--env", "dev"]);
  expect(stdout).toBe(`dev:
  idle
    feeds nothing
  office
    a move reinstalls 4 desktops, replaces 1 image server, or more
    dev/office/alice
      huaweicloud_workspace_desktop.alice
    dev/server
      huaweicloud_workspace_app_image_server.server (count or for_each)
    dev/team
      huaweicloud_workspace_desktop.team (3 desktops)
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("--json has every use, by environment and pin", async () => {
  synthesize();
  const { code, stdout } = await project.cli(["pins", "office", "--uses", "--json"]);
  const { dev, prod } = JSON.parse(stdout);
  expect(prod).toEqual({ office: [] });
  expect(Object.keys(dev)).toEqual(["office"]);
  expect(dev.office[0]).toEqual({
    address: "huaweicloud_workspace_desktop.alice",
    stack: "dev",
    path: "dev/office/alice",
    type: "huaweicloud_workspace_desktop",
    imageIds: ["a"],
    effect: "reinstalled",
    instances: 1,
  });
  expect(code).toBe(0);
});

test("a plan shows the uses without a CDK", async () => {
  const { code, stdout } = await project.cli(["pins", "--plan", planFile("image-moved"), "--env", "prod"]);
  expect(stdout).toContain(
    "a move reinstalls 1 desktop, cannot update 1 desktop pool, replaces 1 image\n    server, updates 1 server group\n",
  );
  expect(stdout).toContain("    huaweicloud_workspace_desktop.desktop\n");
  expect(code).toBe(0);
});

test("an output that is older than the pins, or in HCL, is said to be so", async () => {
  synthesize("before");
  const old = await project.cli(["pins", "--uses"]);
  expect(old.stderr).toContain("warning: Synthesized before these pins were as they are: dev/office.");
  expect(old.code).toBe(0);
  synthesize("a", "cdk.tf");
  const hcl = await project.cli(["pins", "--uses"]);
  expect(hcl.stderr).toContain("warning: Stacks in HCL are not read: dev.");
});

test.each<[string, string[], string]>([
  ["nothing was synthesized", ["--uses"], "Nothing was synthesized here: run cdktf synth"],
  ["a plan is none", ["--plan", "none.json"], "none.json cannot be read"],
  ["a pin is misspelt", ["offise", "--uses"], "There is no pin offise"],
  ["differences are asked for too", ["--uses", "--differs"], "cannot be used with option"],
])("where %s there is no answer", async (_, args, message) => {
  const { code, stdout, stderr } = await project.cli(["pins", ...args]);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

test("an environment whose lock file is damaged does not hide the others", async () => {
  synthesize();
  project.write("workspace-images/prod.lock.json", "{");
  const { code, stdout, stderr } = await project.cli(["pins", "--uses"]);
  expect(stdout).toContain("dev/office/alice");
  expect(stderr).toContain("error: prod: ");
  expect(code).toBe(2);
});
