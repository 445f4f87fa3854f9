import { App, TerraformResource, TerraformStack } from "cdktf";
import { DataHuaweicloudWorkspaceImage, DesktopCheckError, WorkspaceImageCatalog } from "../../src";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";
import { enter, restoreProcess } from "../support/synth";

restoreProcess();

const filter = { imageType: "gold" } as const;

/** An app whose environments dev and prod have one pin each. */
async function openPinned(): Promise<App> {
  const project = new TestProject({ dev: {}, prod: {} });
  writePins(project, "dev", { office: pinOf(image({ id: "of-dev", minDisk: 100 }), { filter }) });
  writePins(project, "prod", { office: pinOf(image({ id: "of-prod", minDisk: 100 }), { filter }) });
  enter(project);
  const app = new App({ outdir: project.path("cdktf.out") });
  await WorkspaceImageCatalog.prefetch(app, { mode: "frozen" });
  return app;
}

function desktop(scope: TerraformStack, id: string, imageId: string, size = 120): TerraformResource {
  const resource = new TerraformResource(scope, id, {
    terraformResourceType: "huaweicloud_workspace_desktop",
  });
  resource.addOverride("image_id", imageId);
  resource.addOverride("image_type", "gold");
  resource.addOverride("root_volume.size", size);
  return resource;
}

const office = (scope: App | TerraformStack, environment: string, id = "office") =>
  new DataHuaweicloudWorkspaceImage(scope, id, { ...filter, environment, pinName: "office" });

test("a stack may use the lookup of another environment that stands outside of every stack, beside its own", async () => {
  const app = await openPinned();
  const stack = new TerraformStack(app, "dev");
  desktop(stack, "own", office(stack, "dev").id);
  desktop(stack, "shared", office(app, "prod", "shared").id);
  expect(() => app.synth()).not.toThrow();
});

test("an image of a stack inside is not one of the stack around it", async () => {
  const app = await openPinned();
  const outer = new TerraformStack(app, "outer");
  const inner = new TerraformStack(outer, "inner");
  const [own, inside] = [office(outer, "dev"), office(inner, "prod")];
  desktop(outer, "own", own.id);
  desktop(inner, "own", inside.id);
  desktop(inner, "around", own.id, 80);
  desktop(outer, "inside", inside.id);
  const error = thrown(() => app.synth());
  expect((error as DesktopCheckError).findings.map(({ path, check }) => [path, check])).toEqual([
    ["outer/inner/around", "disk"],
    ["outer/inside", "environment"],
  ]);
  expect(error).toBeInstanceOf(DesktopCheckError);
});

test("checks that are null skip none", async () => {
  const app = await openPinned();
  const stack = new TerraformStack(app, "dev");
  const checks = null as never;
  const { id } = new DataHuaweicloudWorkspaceImage(stack, "office", {
    ...filter,
    environment: "dev",
    checks,
  });
  desktop(stack, "small", id, 80);
  expect(thrown(() => app.synth())).toBeInstanceOf(DesktopCheckError);
});
