import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { ROOT, TestProject } from "../support/project";
import { planned, requireTerraform, succeed, terraform } from "./support";

const MODULE = join(ROOT, "terraform");

beforeAll(requireTerraform);

describe("the module", () => {
  let copy: string;

  beforeAll(async () => {
    copy = join(mkdtempSync(join(tmpdir(), "workspace-images-module-")), "terraform");
    cpSync(MODULE, copy, { recursive: true });
    await succeed(copy, "init", "-backend=false");
  });

  test("is formatted", async () => {
    expect(await succeed(MODULE, "fmt", "-check", "-recursive", "-diff")).toBe("");
  });

  test("is valid, and needs no provider", async () => {
    await succeed(copy, "validate");
    expect(await succeed(copy, "providers")).not.toContain("provider[");
  });

  test("passes its own tests", async () => {
    expect(await succeed(copy, "test")).toMatch(/Success! \d\d+ passed, 0 failed\./);
  });

  test.each(["variable", "output"])("has every %s in its README, in the words of its description", (kind) => {
    const code = readFileSync(join(MODULE, `${kind}s.tf`), "utf8");
    const readme = readFileSync(join(MODULE, "README.md"), "utf8").replaceAll("`", "");
    const blocks = [
      ...code.matchAll(new RegExp(`^${kind} "(\\w+)" \\{\\n  description = "(\\w.{20})`, "gm")),
    ];
    expect(blocks.length).toBe(4);
    for (const [, name, description] of blocks)
      expect(readme).toMatch(new RegExp(`^\\| ${name} \\|.*\\| ${description}`, "im"));
  });
});

describe("a stack that reads a lock file", () => {
  const office = image({ id: "w1", name: `Windows_\${file("/etc/hostname")}_%{if true}`, kmsId: "key" });
  let project: TestProject;

  const stack = (inputs: string) =>
    project.write(
      "main.tf",
      `module "images" {\n  source = ${JSON.stringify(MODULE)}\n${inputs}\n}\noutput "images" {\n  value = module.images\n}\n`,
    );
  const lockFile = 'lock_file = "workspace-images/dev.lock.json"';

  /** What the module gives, in a plan. */
  const read = async () => {
    await succeed(project.directory, "init");
    return (await planned(project.directory)).planned_values.outputs.images.value;
  };

  /** The one sentence that stops a plan. */
  const refused = async () => {
    await succeed(project.directory, "init");
    const { code, stdout } = await terraform(project.directory, "plan", "-json");
    expect(code).toBe(1);
    const messages = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { type: string; diagnostic?: { severity: string; detail: string } })
      .filter(({ diagnostic }) => diagnostic?.severity === "error");
    expect(messages).toHaveLength(1);
    return messages[0]?.diagnostic?.detail;
  };

  beforeEach(() => {
    project = new TestProject({ dev: { region: "cn-north-4" } });
    writePins(project, "dev", {
      "office-windows": pinOf(office),
      "developer ubuntu": pinOf([image({ id: "u1", name: "Ubuntu_22.04" }), { id: "u2" }]),
      none: pinOf([]),
    });
    stack(`${lockFile}\nenvironment = "dev"`);
  });

  test("gets what was pinned, with texts that are no templates", async () => {
    const { createdAt, minDisk, minRam } = office;
    const value = await read();
    expect(value.ids).toEqual({ "office-windows": "w1" });
    expect(value.images["office-windows"]).toMatchObject({
      id: "w1",
      name: office.name,
      created_at: createdAt,
      min_disk: minDisk,
      min_ram: minRam,
      kms_id: "key",
    });
    expect(value.all).toMatchObject({
      "developer ubuntu": [
        { id: "u1", name: "Ubuntu_22.04" },
        { id: "u2", name: null, min_disk: null },
      ],
      none: [],
    });
    expect(value.lock).toMatchObject({ environment: "dev", region: "cn-north-4", project_id: "project-dev" });
    expect(Object.keys(value.lock.pinned_at).sort()).toEqual(["developer ubuntu", "none", "office-windows"]);
  });

  test("gets a lock file without pins", async () => {
    project.write("workspace-images/dev.lock.json", JSON.stringify({ ...project.readLock("dev"), pins: {} }));
    expect(await read()).toMatchObject({ ids: {}, images: {}, all: {}, lock: { pinned_at: {} } });
  });

  test.each<[string, string, string]>([
    [
      "another environment",
      `${lockFile}\nenvironment = "prod"`,
      'The lock file workspace-images/dev.lock.json holds the pins of environment "dev", but environment "prod" is asked for. Correct lock_file or environment of this module.',
    ],
    [
      "another region",
      `${lockFile}\nenvironment = "dev"\nregion = "cn-south-1"`,
      'The lock file workspace-images/dev.lock.json holds images of region "cn-north-4", but region "cn-south-1" is asked for: an image ID means nothing in another region. Correct lock_file or region of this module.',
    ],
    [
      "pins that are not there",
      `${lockFile}\nenvironment = "dev"\npins = ["office-windows", "typo", "ofice"]`,
      'The lock file workspace-images/dev.lock.json has no pin "ofice", "typo". It has: developer ubuntu, none, office-windows. Correct pins of this module, or take the pin: npx workspace-images pin --env dev',
    ],
    [
      "a pin of all images where one is asked for",
      `${lockFile}\nenvironment = "dev"\npins = ["developer ubuntu"]`,
      "Pins of all images that match, where one image is asked for: developer ubuntu. Read them from the output all, and leave them out of pins of this module; or narrow the lookup to one image, without all.",
    ],
    [
      "a lock file that is not there",
      'lock_file = "workspace-images/prod.lock.json"\nenvironment = "prod"',
      "There is no lock file workspace-images/prod.lock.json, or it cannot be read. Take the pins and commit them: npx workspace-images pin --env prod",
    ],
    [
      "a folder as lock file",
      'lock_file = "workspace-images"\nenvironment = "dev"',
      "There is no lock file workspace-images, or it cannot be read. Take the pins and commit them: npx workspace-images pin --env dev",
    ],
  ])("is stopped by %s, in one sentence", async (_, inputs, message) => {
    stack(inputs);
    expect(await refused()).toBe(message);
  });

  // biome-ignore lint/suspicious/noExplicitAny: a damaged file may have any form
  type Damage = (lock: any) => unknown;
  const damaged =
    "The lock file workspace-images/dev.lock.json is damaged: its environment, region or projectId is missing, or a pin has no time or not the images that it must have. Restore it with: git checkout -- workspace-images/dev.lock.json";
  const foreign =
    "workspace-images/dev.lock.json is not a lock file of cdktf-huaweicloud-workspace-images: it has no lockfileVersion. See lock_file of this module.";
  const conflict =
    "The lock file workspace-images/dev.lock.json has merge-conflict markers. Settle them with: npx workspace-images resolve";
  const noJson =
    "The lock file workspace-images/dev.lock.json is not JSON. Restore it with: git checkout -- workspace-images/dev.lock.json";

  test.each<[string, Damage, string]>([
    [
      "a merge conflict",
      (lock) => `{\n<<<<<<< HEAD\n${JSON.stringify(lock)}\n=======\n>>>>>>> x\n`,
      conflict,
    ],
    ["half a file", (lock) => JSON.stringify(lock).slice(0, 300), noJson],
    ["an empty file", () => "", noJson],
    ["null", () => "null", noJson],
    ["a list", () => [], foreign],
    ["another file", () => ({ resources: [] }), foreign],
    [
      "a newer format",
      (lock) => ({ ...lock, lockfileVersion: 2 }),
      "The lock file workspace-images/dev.lock.json has lockfileVersion 2, but this module reads 1. Use the module of the package that wrote it: npm install cdktf-huaweicloud-workspace-images@latest",
    ],
    ["no environment", ({ environment: _, ...lock }) => lock, damaged],
    ["no project", (lock) => ({ ...lock, projectId: "" }), damaged],
    ["pins as a list", (lock) => ({ ...lock, pins: [1] }), damaged],
    ["no pins", ({ pins: _, ...lock }) => lock, damaged],
    [
      "a pin of one with two images",
      (lock) => {
        lock.pins["office-windows"].images.push({ id: "w2" });
        return lock;
      },
      damaged,
    ],
    [
      "a pin of one without an image",
      (lock) => {
        lock.pins["office-windows"].images = [];
        return lock;
      },
      damaged,
    ],
    [
      "an image without an ID",
      (lock) => {
        lock.pins["developer ubuntu"].images[1].id = "";
        return lock;
      },
      damaged,
    ],
    [
      "a pin without a time",
      (lock) => {
        delete lock.pins["office-windows"].pinnedAt;
        return lock;
      },
      damaged,
    ],
  ])("is stopped by %s in place of its lock file, in one sentence", async (_, damage, message) => {
    const content = damage(project.readLock("dev"));
    writeFileSync(project.lockFile("dev"), typeof content === "string" ? content : JSON.stringify(content));
    expect(await refused()).toBe(message);
  });
});
