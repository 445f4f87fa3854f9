import { newestWindows as filter, oldWindows as old } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import type { TestProject } from "../support/project";
import { projectOfChains } from "./support";

let project: TestProject;

beforeEach(() => {
  project = projectOfChains();
});

const office = (environment: string) => project.readLock(environment).pins.office;

describe("hold", () => {
  test("keeps pins with a reason, by patterns, without asking the service, until they are released", async () => {
    for (const name of ["dev", "prod-a", "prod-b"])
      writePins(project, name, { office: pinOf(old, { filter }), lab: pinOf(old, { filter }) });
    const held = await project.cli(["hold", "off*", "--env", "prod-*", "--reason", " ticket 4711 "]);
    expect(held).toEqual({
      code: 0,
      stdout: `prod-a: 1 pin held in workspace-images/prod-a.lock.json
  office

prod-b: 1 pin held in workspace-images/prod-b.lock.json
  office
`,
      stderr: "",
    });
    expect(office("prod-a").hold).toEqual({ reason: "ticket 4711", since: expect.any(String) });
    expect(office("dev")).not.toHaveProperty("hold");
    const before = project.read("workspace-images/prod-a.lock.json");
    const again = await project.cli(["hold", "office", "--env", "prod-a", "--reason", "ticket 4711"]);
    expect(again.stdout).toBe("prod-a: held for this reason already\n");
    expect(project.read("workspace-images/prod-a.lock.json")).toBe(before);
    const released = await project.cli(["hold", "office", "--env", "prod-a", "--release"]);
    expect(released.stdout).toContain("1 pin released");
    expect(office("prod-a")).not.toHaveProperty("hold");
    expect(office("prod-b")).toHaveProperty("hold");
  });

  test.each([
    [["hold", "office", "--env", "dev"], 'Say why: --reason "…"'],
    [["hold", "office", "--env", "dev", "--reason", "  "], 'Say why: --reason "…"'],
    [["hold", "office", "--reason", "x"], "In which environments?"],
    [["hold", "ofice", "--env", "dev", "--reason", "x"], "There is no pin ofice in dev."],
    [["hold", "office", "--env", "dev", "--reason", "x", "--release"], "cannot be used with"],
    [["hold", "--env", "dev", "--release"], "missing required argument"],
  ])("refuses %j", async (args, message) => {
    writePins(project, "dev", { office: pinOf(old, { filter }) });
    const { code, stdout, stderr } = await project.cli(args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
