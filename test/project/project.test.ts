import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { ConfigurationError } from "../../src";
import { findProject } from "../../src/project/project";
import { thrown } from "../support/errors";
import { TestProject } from "../support/project";

let project: TestProject;

beforeEach(() => {
  project = new TestProject({});
  mkdirSync(project.path("below/it"), { recursive: true });
});

test("the nearest cdktf.json at or above a folder is the project's", () => {
  expect(findProject(project.path("below/it"))).toMatchObject({ directory: project.directory });
  project.write("below/cdktf.json", '{"app":"x"}');
  expect(findProject(project.path("below/it"))).toEqual({
    directory: project.path("below"),
    cdktfJson: { app: "x" },
  });
});

test.each<[string, (path: string) => void, string]>([
  ["a folder", (path) => mkdirSync(path), "it is a folder, not a file."],
  ["a pipe", (path) => execFileSync("mkfifo", [path]), "it is a pipe, not a file."],
  ["a link that leads nowhere", (path) => symlinkSync("nowhere", path), "it is a link that leads nowhere."],
])("a cdktf.json that is %s is an error that names it, at once", (_, make, why) => {
  const path = project.path("below/cdktf.json");
  make(path);
  const error = thrown(() => findProject(project.path("below/it")));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toBe(`${path} cannot be read: ${why}`);
});
