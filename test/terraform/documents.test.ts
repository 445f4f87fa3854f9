import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkspaceEmulator } from "../../src/emulator";
import { DOCUMENTS } from "../documents/documents";
import { blocksOf } from "../documents/markdown";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { ROOT, run, TestProject } from "../support/project";
import { planned, requireTerraform, succeed } from "./support";

/** The code blocks of a document, in a language. */
function blocks(document: string, wanted: string): string[] {
  return blocksOf(document)
    .filter(({ language }) => language === wanted)
    .map(({ text }) => text);
}

const hcl = blocks("docs/terraform.md", "hcl");
const [configuration = ""] = blocks("docs/terraform.md", "json");

/** The only block of docs/terraform.md that has a text. */
function blockWith(text: string): string {
  const found = hcl.filter((code) => code.includes(text));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** The block of a document that is written to a file. */
function blockOfFile(document: string, file: string): string {
  const found = blocksOf(document).filter(({ says }) => says.get("file") === file);
  expect(found).toHaveLength(1);
  return found[0]!.text;
}

/** A value for the variable that a block declares. */
function variablesOf(text: string): string[] {
  return text.includes('variable "environment"') ? ["-var=environment=dev"] : [];
}

beforeAll(requireTerraform);

const allHcl = DOCUMENTS.flatMap((document) => blocksOf(document)).filter(({ language }) =>
  ["hcl", "terraform", "tf"].includes(language),
);

test.each(allHcl)("the HCL in $document, line $line, is formatted", async ({ text }) => {
  const directory = mkdtempSync(join(tmpdir(), "workspace-images-block-"));
  writeFileSync(join(directory, "block.tf"), text);
  expect(await succeed(directory, "fmt", "-check", "-diff")).toBe("");
});

describe("in a folder without a CDK", () => {
  let project: TestProject;

  /** The values of a plan's outputs. */
  const outputs = async (...args: string[]) => {
    await succeed(project.directory, "init");
    return (await planned(project.directory, ...args)).planned_values.outputs;
  };

  beforeEach(() => {
    project = new TestProject({});
    rmSync(project.path("cdktf.json"));
    project.write("workspace-images.json", configuration);
    const name = "node_modules/cdktf-huaweicloud-workspace-images";
    cpSync(join(ROOT, "terraform"), project.path(`${name}/terraform`), { recursive: true });
    cpSync(join(ROOT, "schemas"), project.path(`${name}/schemas`), { recursive: true });
    const pins = (id: string) => ({
      "office-windows": pinOf(image({ id, name: `Windows_11_${id}` })),
      "developer-ubuntu": pinOf([
        image({ id: `u20-${id}`, name: "Ubuntu_20.04", osVersion: "Ubuntu 20.04 server 64bit" }),
        image({ id: `u22-${id}`, name: "Ubuntu_22.04", osVersion: "Ubuntu 22.04 server 64bit" }),
      ]),
    });
    writePins(project, "dev", pins("w-dev"));
    writePins(project, "prod", pins("w-prod"), { region: "cn-south-1", projectId: "project-prod" });
  });

  // Those of other programs are formatted alike, and not Terraform's.
  test.each(allHcl.filter(({ says }) => !says.has("terragrunt")))(
    "the HCL in $document, line $line, is planned, with the blocks beside it",
    async ({ document, says, text }) => {
      const beside = says.get("with")?.split(", ") ?? [];
      for (const name of beside) project.write(name, blockOfFile(document, name));
      project.write("block.tf", text);
      await succeed(project.directory, "init");
      const { errored } = await planned(project.directory, ...variablesOf(text));
      expect(errored).toBe(false);
    },
  );

  test("the configuration that is shown whole has ten lines, names its schema, and is read", async () => {
    expect(configuration.trimEnd().split("\n")).toHaveLength(10);
    const { $schema } = JSON.parse(configuration);
    expect(JSON.parse(project.read($schema)).title).toContain("workspace-images.json");
    const { code, stdout } = await project.cli(["pins", "--json"]);
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout))).toEqual(["dev", "prod"]);
  });

  test("the README shows the same configuration", () => {
    expect(blocks("README.md", "json")).toContain(configuration);
  });

  test("the first configuration gives the name of the image", async () => {
    project.write("main.tf", blockWith('output "office_image"'));
    expect((await outputs()).office_image.value).toBe("Windows_11_w-dev");
  });

  test("pins that are taken on the emulator reach the plan, agree with the file, and stop it where they do not", async () => {
    rmSync(project.path("workspace-images"), { recursive: true });
    const emulator = await WorkspaceEmulator.start();
    try {
      const pinned = await project.cli(["pin", "--env", "dev"], { ...emulator.variables });
      expect(pinned).toMatchObject({ code: 0, stderr: "" });
    } finally {
      await emulator.close();
    }
    project.write("main.tf", blockWith('output "office_image"'));
    const [image] = project.readLock("dev").pins["office-windows"].images;
    expect((await outputs()).office_image.value).toBe(image.name);
    expect((await project.cli(["pin", "--frozen", "--env", "dev"])).code).toBe(0);
    project.write("workspace-images.json", configuration.replace("^Windows_11", "^Windows_10"));
    expect((await project.cli(["pin", "--frozen", "--env", "dev"])).code).toBe(1);
  });

  test("a variable chooses the environment", async () => {
    const output = 'output "id" {\n  value = module.images.ids["office-windows"]\n}\n';
    project.write("main.tf", blockWith('variable "environment"') + output);
    expect((await outputs("-var=environment=dev")).id.value).toBe("w-dev");
    expect((await outputs("-var=environment=prod")).id.value).toBe("w-prod");
  });

  test("for_each reads all environments", async () => {
    project.write("main.tf", blockWith("for_each    = local.regions"));
    expect((await outputs()).office_images.value).toEqual({ dev: "w-dev", prod: "w-prod" });
  });

  test.each([
    ["an old pin", "2025-01-01T00:00:00Z", true],
    ["a fresh one", new Date().toISOString().replace(/\.\d+/, ""), false],
  ])("the check block warns of %s alone", async (_, pinnedAt, warns) => {
    writePins(project, "dev", { "office-windows": pinOf("w-dev", { pinnedAt }) });
    project.write(
      "main.tf",
      blockWith('output "office_image"') + blockWith('check "office_image_is_recent"'),
    );
    await succeed(project.directory, "init");
    const plan = await succeed(project.directory, "plan");
    expect(plan.includes("older than 90 days")).toBe(warns);
  });

  test("the expression without the module gives the ID", async () => {
    const text = readFileSync(join(ROOT, "docs/terraform.md"), "utf8");
    const [, expression] = /^The lock file is JSON .*?: `(jsondecode.*?)`/m.exec(text) ?? [];
    project.write("main.tf", `output "id" {\n  value = ${expression}\n}\n`);
    expect((await outputs()).id.value).toBe("w-prod");
  });

  test("the function of Pulumi's programs gives the image, and refuses what is not asked for", async () => {
    const [code = ""] = blocks("docs/other-languages.md", "ts");
    project.write("pinned.ts", code);
    project.write(
      "try.ts",
      `import { pinnedImage } from "./pinned";
       for (const asked of ${JSON.stringify([
         ["dev", "cn-north-4", "office-windows"],
         ["dev", "cn-south-1", "office-windows"],
         ["dev", "cn-north-4", "typo"],
       ])} as [string, string, string][]) {
         try { console.log(pinnedImage(...asked).id); } catch (error) { console.log((error as Error).message); }
       }`,
    );
    const tsx = join(ROOT, "node_modules/tsx/dist/cli.mjs");
    const { stdout } = await run(process.execPath, [tsx, "try.ts"], { cwd: project.directory });
    expect(stdout).toBe(
      "w-dev\nthe lock file is not that of dev in cn-south-1\ndev has no pin typo of one image\n",
    );
  });
});
