import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "../../src";
import { findProject } from "../../src/project/project";
import { thrown } from "../support/errors";

let folder: string;
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const within = (name: string): string => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workspace-images-find-"));
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe("a project is", () => {
  test("that of the nearest file, whichever of the two it is", () => {
    write("cdktf.json", '{"app":"true"}');
    write("desktops/workspace-images.json", "{}");
    write("desktops/cdk/cdktf.json", "{}");
    expect(findProject(within("other/deep"))).toMatchObject({ directory: folder, kind: "app" });
    expect(findProject(within("desktops/modules"))).toMatchObject({
      directory: join(folder, "desktops"),
      kind: "file",
    });
    expect(findProject(within("desktops/cdk/src"))).toMatchObject({
      directory: join(folder, "desktops/cdk"),
      kind: "app",
    });
  });

  test("of an app where cdktf.json is there, also with the environments in workspace-images.json", () => {
    write("cdktf.json", '{"language":"typescript","app":"npx tsx main.ts"}');
    write("workspace-images.json", '{"environments":{"dev":{}}}');
    expect(findProject(folder)).toMatchObject({ kind: "app", cdktfJson: { app: "npx tsx main.ts" } });
  });

  test("of a file with lookups beside the cdktf.json of another language", () => {
    write("cdktf.json", '{"language":"python","app":"pipenv run python main.py"}');
    write("workspace-images.json", '{"environments":{"dev":{}},"lookups":{}}');
    expect(findProject(folder).kind).toBe("file");
  });

  test("refused with lookups beside an app in TypeScript, whose lookups stand in the app", () => {
    write("cdktf.json", '{"language":"typescript"}');
    const file = write("workspace-images.json", '{"environments":{"dev":{}},"lookups":{}}');
    const error = thrown(() => findProject(folder));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(
      `${file} has lookups, beside an app in TypeScript: the lookups of an app stand in the app. Remove the lookups from that file.`,
    );
  });

  test("the current folder where neither file is", () => {
    expect(findProject(within("a/b"))).toEqual({
      directory: join(folder, "a/b"),
      kind: "none",
      foreignFiles: [],
    });
  });
});

describe.each(["cdktf.json", "workspace-images.json"])("%s", (name) => {
  test("may begin with a byte order mark", () => {
    write(name, '\uFEFF{"environments":{"dev":{}},"app":"true"}');
    expect(findProject(folder).kind).not.toBe("none");
  });

  test.each<[string, string | Uint8Array, string]>([
    [
      "a comma too many",
      '{\n  "environments": {\n  },\n}\n',
      "is not valid: line 4, column 1: there is a comma too many before }.",
    ],
    [
      "a comment",
      '{\n  // dev only\n  "environments": {}\n}',
      "is not valid: line 2, column 3: JSON has no comments.",
    ],
    ["no content", "", "is not valid: line 1, column 1: the file ends too early."],
    ["a list", "[]", "is not valid: expected an object, { … }."],
    ["null", "null", "is not valid: expected an object, { … }."],
    [
      "a key twice",
      '{"context":{"a":{"dev":1,"dev":2}}}',
      "has the key context.a.dev twice: keep one of the two.",
    ],
    [
      "UTF-16",
      Buffer.from('\uFEFF{"app":"true"}', "utf16le"),
      "is not UTF-8 text: save it in that encoding.",
    ],
    ["a megabyte", `{"a":"${"x".repeat(1024 * 1024)}"}`, "cannot be read: it is larger than 1 MB."],
  ])("with %s is named, and what is wrong", (_, content, message) => {
    const file = write(name, content);
    const error = thrown(() => findProject(folder).cdktfJson);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(`${file} ${message}`);
  });

  test.each<[string, (path: string) => void, string]>([
    ["a folder", (path) => mkdirSync(path), "it is a folder, not a file."],
    ["a pipe", (path) => execFileSync("mkfifo", [path]), "it is a pipe, not a file."],
    ["a link that leads nowhere", (path) => symlinkSync("nowhere", path), "it is a link that leads nowhere."],
  ])("that is %s is an error that names it, at once", (_, make, why) => {
    const path = join(folder, name);
    make(path);
    const error = thrown(() => findProject(within("below/it")).cdktfJson);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(`${path} cannot be read: ${why}`);
  });

  describe("that belongs to another user", () => {
    /** Gives a file to somebody else: an administrator can, others are somebody else themselves. */
    const giveAway = (file: string) => {
      const user = process.getuid!();
      if (user === 0) chownSync(file, 65534, 65534);
      else jest.spyOn(process, "getuid").mockReturnValue(user + 1);
    };

    test("is not obeyed from a folder below it", () => {
      const file = write(name, '{"environments":{"dev":{}}}');
      giveAway(file);
      expect(findProject(within("below"))).toEqual({
        directory: join(folder, "below"),
        kind: "none",
        foreignFiles: [file],
      });
    });

    test("is not obeyed through a link, and damaged it disturbs nobody", () => {
      const file = write("elsewhere/file", "{");
      giveAway(file);
      symlinkSync(file, join(folder, name));
      expect(findProject(within("below")).foreignFiles).toEqual([join(folder, name)]);
    });

    test("is obeyed in its own folder", () => {
      giveAway(write(name, '{"environments":{"dev":{}}}'));
      expect(findProject(folder)).toMatchObject({ directory: folder, foreignFiles: [] });
    });
  });
});
