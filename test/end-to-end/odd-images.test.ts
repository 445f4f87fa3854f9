import { WorkspaceEmulator } from "../../src/emulator";
import {
  newestWindows as filter,
  image,
  oldWindows as old,
  recentWindows as recent,
} from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const odd = image({ id: "odd", name: "Windows_11_c", createdAt: "2025-09-01T00:00:00Z" });

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  emulator = await WorkspaceEmulator.start({
    images: { "cn-north-4": [old, recent, odd], "cn-south-1": [odd] },
  });
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } });
});
afterEach(() => emulator.close());

/** Lets the service describe an image wrongly. */
function describeWrongly(id: string, wrong: object): void {
  emulator.inject({
    on: ({ service }) => service === "images",
    edit: (json) => {
      const { images, ...others } = json as { images: { id: string }[] };
      return { ...others, images: images.map((one) => (one.id === id ? { ...one, ...wrong } : one)) };
    },
  });
}

const place = (region = "cn-north-4") => ({ region, projectId: emulator.projectId(region) });
const cli = (...args: string[]) => project.cli(args, emulator.variables);
const pin = (images: Parameters<typeof pinOf>[0], more: object = {}) =>
  writePins(project, "dev", { office: pinOf(images, { filter, ...more }) }, place());
const office = () => project.readLock("dev").pins.office;

describe("an image that the service describes wrongly", () => {
  test("is named with its reason by update and outdated, and the others go on", async () => {
    writePins(
      project,
      "dev",
      {
        office: pinOf(old, { filter: { imageType: "gold", nameRegex: "_[ac]$" } }),
        other: pinOf(old, { filter: { name: "Windows_11_b" } }),
      },
      place(),
    );
    describeWrongly("odd", { min_disk: "80" });
    const reason = "Windows_11_c (odd, gold, created 2025-09-01T00:00:00Z): min_disk is wrong";
    const outdated = await cli("outdated", "--env", "dev");
    expect(outdated.stderr).toContain('Pin "office" of environment "dev":\nLeft out');
    expect(outdated.stderr).toContain(reason);
    const update = await cli("update", "--env", "dev");
    expect(update).toMatchObject({ code: 0, stderr: expect.stringContaining(reason) });
    expect(project.readLock("dev").pins).toMatchObject({
      office: { images: [old] },
      other: { images: [recent] },
    });
  });

  test("is not passed over for an older one by update", async () => {
    pin(recent);
    describeWrongly("odd", { created_at: "yesterday" });
    const { code, stdout } = await cli("update", "--env", "dev");
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toContain("created_at is wrong: it must be a time");
    expect(office().images).toEqual([recent]);
  });

  test("is not lost from a pin of all images by update", async () => {
    const question = { filter: { imageType: "gold" }, cardinality: "all" } as const;
    writePins(
      project,
      "dev",
      { office: { ...pinOf(old), ...question, images: [old, recent, odd] } },
      place(),
    );
    describeWrongly("odd", { product_code: 7 });
    const { stdout } = await cli("update", "--env", "dev");
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "describes Windows_11_c (odd, gold, created 2025-09-01T00:00:00Z) wrongly by now, which the pin has: product_code is wrong",
    );
    expect(office().images).toHaveLength(3);
  });

  test("is named where promote finds no image in another region", async () => {
    pin(odd);
    describeWrongly("odd", { os_version: 11 });
    const { code, stderr } = await cli("promote", "dev", "prod");
    expect(code).toBe(2);
    expect(stderr).toContain("os_version is wrong");
  });

  test.each<[string, string[]]>([
    ["pin --image", ["pin", "office", "--image", "odd", "--env", "dev"]],
    ["rollback", ["rollback", "office", "--to", "odd", "--env", "dev"]],
  ])("is taken by %s as one that is not listed", async (_, command) => {
    pin(recent, { previous: [{ ids: ["odd"], names: ["Windows_11_c"], until: "2025-09-02T00:00:00Z" }] });
    describeWrongly("odd", { product_code: 7 });
    expect(await cli(...command)).toMatchObject({ code: 0 });
    expect(office()).toMatchObject({ images: [{ id: "odd" }], adopted: true });
    expect(await cli("pins", "--env", "dev")).toMatchObject({ code: 0 });
  });

  test("without an ID may be one that is pinned: verify says so", async () => {
    pin(odd);
    describeWrongly("odd", { id: null });
    const { code, stdout } = await cli("verify", "--env", "dev");
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "deleted: Windows_11_c (odd, gold, created 2025-09-01T00:00:00Z), unless it is among the 1 that are listed without a usable ID",
    );
  });
});

test("a revoked image that is newer is named by update and outdated, and one that is older is not", async () => {
  pin(old);
  const revoked = [
    { name: "Windows_11_c", reason: "does not start" },
    { name: "Windows_11_a", reason: "out of support" },
  ];
  project.write("workspace-images/revoked.json", JSON.stringify({ revoked }));
  for (const command of ["outdated", "update"]) {
    const { stderr } = await cli(command, "--env", "dev");
    expect(stderr).toContain(
      'Pin "office" of environment "dev":\nRevoked in workspace-images/revoked.json, and so not chosen:\n  Windows_11_c (odd, gold, created 2025-09-01T00:00:00Z): does not start\n',
    );
    expect(stderr).not.toContain("out of support");
  }
  expect(office().images).toEqual([recent]);
});
