// biome-ignore-all lint/suspicious/noTemplateCurlyInString: names of images may look like templates
import { TerraformOutput, TerraformStack, Testing } from "cdktf";
import {
  DataHuaweicloudWorkspaceImage,
  DataHuaweicloudWorkspaceImages,
  WorkspaceImageCatalog,
} from "../../src";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { stackWith } from "../support/synth";

const one = (name: string) =>
  new DataHuaweicloudWorkspaceImage(stackWith([image({ id: "a", name })]), "one", {});

describe("the name of an image", () => {
  test.each([
    ['${file("/etc/hostname")}', '$${file("/etc/hostname")}'],
    ["%{ if true }yes%{ endif }", "%%{ if true }yes%%{ endif }"],
    ["$${x}", "$$${x}"],
    ["a${b}%{c}${d}", "a$${b}%%{c}$${d}"],
    ["100% $5 {x}", "100% $5 {x}"],
  ])("%s is written to a stack as %s, which Terraform reads as that name", (name, escaped) => {
    const found = one(name);
    expect(found.name).toBe(escaped);
    expect(found.image.name).toBe(name);
  });

  test("is no template in what is synthesized", () => {
    const app = Testing.app();
    const name = '${file("/etc/hostname")}';
    WorkspaceImageCatalog.fromImages(app, { dev: [image({ id: "a", name, osVersion: "%{ if true }" })] });
    const stack = new TerraformStack(app, "stack");
    const [found] = new DataHuaweicloudWorkspaceImages(stack, "all").images;
    new TerraformOutput(stack, "name", { value: found?.name });
    new TerraformOutput(stack, "version", { value: found?.osVersion });
    expect(JSON.parse(Testing.synth(stack)).output).toEqual({
      name: { value: '$${file("/etc/hostname")}' },
      version: { value: "%%{ if true }" },
    });
  });

  test.each(["${TfToken[TOKEN.0]}", "#{TfToken[TOKEN.0]}", "x&{TfToken[TOKEN.0]}y"])(
    "in the form of a token (%s) is an error that names the image, where it is read",
    (name) => {
      const found = one(name);
      expect(found.id).toBe("a");
      expect(found.image.name).toBe(name);
      expect(thrown(() => found.name)).toMatchObject({
        code: "MISSING_FIELD",
        message: expect.stringMatching(/^stack\/one: image a has a name in the form of a CDK token/),
      });
    },
  );
});

describe("where stacks are written in HCL, which the CDKs do not escape", () => {
  beforeAll(() => {
    process.env.SYNTH_HCL_OUTPUT = "true";
  });
  afterAll(() => {
    delete process.env.SYNTH_HCL_OUTPUT;
  });

  test.each([
    'x\nEOF\n}\ndata "external" "x" {}',
    'a\\\\" == file(path.root) ? 1 : 2 #',
    '${"x}',
    'a"b',
    "ends with \\",
    "carriage\rreturn",
  ])("the name %j would be code there, and is an error where it is read", (name) => {
    const found = one(name);
    expect(found.id).toBe("a");
    expect(found.image.name).toBe(name);
    expect(thrown(() => found.name)).toMatchObject({
      code: "MISSING_FIELD",
      message: expect.stringMatching(
        /^stack\/one: image a has a name with a quote, a backslash or a line break/,
      ),
    });
  });

  test("any other name is as in JSON", () => {
    expect(one("Windows_11 ${x} %{y} 中文").name).toBe("Windows_11 $${x} %%{y} 中文");
  });
});

test("every text of an image is escaped, and its numbers are what they are", () => {
  const texts = ["id", "name", "imageType", "osType", "osVersion", "architecture", "diskFormat"] as const;
  const more = ["productCode", "kmsId"] as const;
  const odd = Object.fromEntries([...texts, ...more].map((field) => [field, `\${${field}}`]));
  const [found] = new DataHuaweicloudWorkspaceImages(stackWith([image({ ...odd, id: "${id}" })]), "all")
    .images;
  for (const field of [...texts, ...more]) expect(found?.[field]).toBe(`$\${${field}}`);
  expect(found?.minDisk).toBe(80);
  expect(found?.minRam).toBe(0);
});

test("an app can be synthesized with images of any name, unless it uses one that no stack can hold", () => {
  const app = Testing.app();
  WorkspaceImageCatalog.fromImages(app, { dev: [image({ id: "a", name: "${TfToken[TOKEN.7]}" })] });
  const stack = new TerraformStack(app, "stack");
  const found = new DataHuaweicloudWorkspaceImage(stack, "one", {});
  new TerraformOutput(stack, "id", { value: found.id });
  expect(JSON.parse(Testing.synth(stack)).output).toEqual({ id: { value: "a" } });
});
