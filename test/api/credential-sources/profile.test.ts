import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NoCredentialsError } from "../../../src";
import { rejection } from "../../support/errors";
import { ROOT, run, TestProject } from "../../support/project";
import { asked, ids, list, REGION } from "../support";
import { accessKey, emulator, homeFile, images, keys, profile, refused, secretKey, where } from "./support";

const key = { accessKeyId: accessKey, secretAccessKey: secretKey };

test("the shared file is in the home folder where a profile is named alone", async () => {
  homeFile({ current: "other", profiles: [{ name: "other" }, { name: "work", ...key }] });
  expect(ids(await list({ ...where, HW_PROFILE: "work" }))).toEqual(images);
  expect(ids(await list(where, { profile: "work" }))).toEqual(images);
});

test("~ in the shared file's path is the home folder", async () => {
  profile(key, "keys.json");
  expect(ids(await list({ ...where, HW_SHARED_CONFIG_FILE: "~/keys.json" }))).toEqual(images);
});

test("a byte order mark before the shared file is no part of it", async () => {
  const content = JSON.stringify({ current: "a", profiles: [{ name: "a", ...key }] });
  const HW_SHARED_CONFIG_FILE = homeFile(`\uFEFF${content}`);
  expect(ids(await list({ ...where, HW_SHARED_CONFIG_FILE }))).toEqual(images);
});

test("a shared file that no variable asks for is not looked at, whatever is in it", async () => {
  const variables = { ...where, WORKSPACE_IMAGES_METADATA_ENDPOINT: emulator.url };
  for (const content of [{ current: "a", profiles: [{ name: "a", ...key }] }, "{", " ".repeat(2 ** 21)]) {
    homeFile(content);
    expect((await rejection(list(where))).message).toContain(
      "shared file: neither HW_PROFILE nor HW_SHARED_CONFIG_FILE is set",
    );
    expect(ids(await list(variables))).toEqual(images);
    expect(ids(await list(keys))).toEqual(images);
  }
});

test("a shared file that is too large is refused", async () => {
  const HW_SHARED_CONFIG_FILE = homeFile(" ".repeat(1024 * 1024 + 1));
  expect(await refused({ HW_SHARED_CONFIG_FILE })).toContain("is larger than 1 MB");
});

test("of a profile that does not exist, the error names those that do", async () => {
  homeFile({ current: "a", profiles: [{ name: "a" }, { name: "b" }] });
  expect(await refused({}, { profile: "prod" })).toMatch(/no usable profile "prod"\. Profiles: a, b\./);
});

test("a profile that is asked for where there is no shared file is refused", async () => {
  expect(await refused({}, { profile: "prod" })).toContain('the profile "prod" is asked for');
});

test("a shared file without a current profile is refused where none is named", async () => {
  const HW_SHARED_CONFIG_FILE = homeFile({ profiles: [{ name: "a", ...key }] });
  expect(await refused({ HW_SHARED_CONFIG_FILE })).toMatch(/has no current profile: name one in HW_PROFILE/);
});

test.each([
  ["{", "is not complete JSON"],
  ["[]", 'has no list "profiles"'],
  ['{"profiles":7}', 'has no list "profiles"'],
  ['{"current":"a","profiles":[{"name":"a","accessKeyId":7}]}', 'no usable profile "a"'],
])("a damaged shared file is refused: %s", async (content, message) => {
  const HW_SHARED_CONFIG_FILE = homeFile(content);
  expect(await refused({ HW_SHARED_CONFIG_FILE })).toContain(message);
});

test("of an encrypted shared file, the error names the command that stops encrypting", async () => {
  const message = await refused(
    profile({
      accessKeyId: "7f3a9c1be0d24c5f8a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b",
      secretAccessKey: "canary+/==",
    }),
  );
  expect(message).toContain("hcloud configure set --cli-auth-encrypt=false");
  expect(message).not.toContain("canary");
});

test("a profile without a key gives way to the next source, and is named where there is none", async () => {
  const file = profile({ mode: "ecsAgency" });
  const error = await rejection(list({ ...where, ...file }));
  expect(error).toBeInstanceOf(NoCredentialsError);
  expect(error.message).toContain(`access key: the profile "work" in ${file.HW_SHARED_CONFIG_FILE} has none`);
  expect(await refused(profile({ accessKeyId: "A" }, "half.json"))).toMatch(
    /the profile "work" in .* has only half of one/,
  );
});

describe("a process without a home folder", () => {
  test.each(["", "relative"])(
    "does not read keys from the checkout in which it runs: HOME=%j",
    async (HOME) => {
      const project = new TestProject({ dev: { region: REGION, profile: "work" } });
      const content = JSON.stringify({ current: "work", profiles: [{ name: "work", ...key }] });
      for (const folder of [".hcloud", "relative/.hcloud"]) {
        mkdirSync(project.path(folder), { recursive: true });
        writeFileSync(join(project.path(folder), "config.json"), content);
      }
      const { stderr, code } = await project.cli(["list"], { ...(where as Record<string, string>), HOME });
      expect(code).toBe(2);
      expect(stderr).toMatch(/config\.json does not exist|has no home folder/);
      expect(emulator.requests).toEqual([]);
    },
  );

  test("that has no user entry either works with keys, and is told what to set for a profile", async () => {
    const folder = mkdtempSync(join(tmpdir(), "workspace-images-nobody-"));
    const code = `
      delete process.env.HOME;
      require("node:os").userInfo = require("node:os").homedir = () => {
        throw Object.assign(new Error("A system error occurred"), { code: "ERR_SYSTEM_ERROR" });
      };
      const { WorkspaceApi } = require(${JSON.stringify(join(ROOT, "lib/api/workspace-client.js"))});
      const api = new WorkspaceApi();
      const find = async (profile) => {
        const location = await api.locate({ name: "dev", region: "cn-north-4", ...profile });
        return (await api.client(location).listImages()).length + " images";
      };
      (async () => {
        console.log(await find({}));
        console.log(await find({ profile: "work" }).catch(({ name, message }) => name + ": " + message));
        await api.close();
      })();`;
    const variables = keys as Record<string, string>;
    const { stdout, stderr } = await run(process.execPath, ["-e", code], { cwd: folder, variables });
    expect(stderr).toBe("");
    expect(stdout).toBe(
      `${images.length} images\nCredentialsError: This user has no home folder, where a profile would be looked up: set HOME, or HW_SHARED_CONFIG_FILE to the file's whole path.\n`,
    );
  });
});

test("the projects of several environments' profiles need not be looked up", async () => {
  const projectId = emulator.projectId("cn-north-4");
  const file = profile({ ...key, projectId, region: "cn-north-4" });
  expect(ids(await list({ ...where, ...file }))).toEqual(images);
  expect(asked(emulator, "iam")).toEqual([]);
  const south = await list({ ...where, ...file }, { region: "cn-south-1" });
  expect(ids(south)).toEqual(ids(emulator.images("cn-south-1")));
  expect(asked(emulator, "iam")).toEqual(["GET /v3/projects"]);
  expect(asked(emulator, "images").at(-1)).toBe(`GET /v2/${emulator.projectId("cn-south-1")}/images`);
});
