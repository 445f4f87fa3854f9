import { spawn } from "node:child_process";
import { WorkspaceEmulator } from "../../src/emulator";
import {
  NEW_IMAGE,
  OLD_IMAGE,
  planFile,
  type RawChange,
  type RawPlan,
  recordedPlan,
} from "../desktops/plans";
import { image } from "../support/images";
import { pinOf, writePins } from "../support/pins";
import { type Ended, TestProject } from "../support/project";
import { CLI } from "./support";

const windows = image({ id: NEW_IMAGE, name: "Windows_11_new" });
const previous = [{ ids: [OLD_IMAGE], names: ["Windows_11_old"], until: "2026-11-01T00:00:00Z" }];

let project: TestProject;

beforeEach(() => {
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-north-4" } });
  writePins(project, "prod", { office: pinOf(windows, { previous }) });
  writePins(project, "dev", { office: pinOf("dev-only") });
});

const guard = (...args: string[]) => project.cli(["guard", "--env", "prod", ...args]);

/** Writes a plan into the project: a recorded one, edited. */
function write(
  name: string,
  edit: (plan: RawPlan, desktop: RawChange) => void,
  recorded = "image-moved" as const,
) {
  const plan = recordedPlan(recorded);
  edit(plan, plan.resource_changes!.find((change) => change.name === "desktop")!);
  project.write(name, JSON.stringify(plan));
}

/** What a command printed, without the breaks of its lines. */
const unwrapped = ({ stdout }: Ended) => stdout.replace(/\s+/g, " ");

/** Leaves only the changes of some resources. */
const only = (plan: RawPlan, ...names: string[]) => {
  plan.resource_changes = plan.resource_changes!.filter(({ name }) => names.includes(name));
};

/** Runs guard with something on standard input. */
function guardStdin(content: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, "guard", "--env", "prod", ...args], {
    cwd: project.directory,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(content);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr })));
}

test("a plan that does what its pins did is explained", async () => {
  write("plan.json", (plan) => only(plan, "desktop", "server-group"));
  const { code, stdout, stderr } = await guard("plan.json");
  expect(stdout).toBe(`plan.json:
  ok  reinstalls 1 desktop, updates 1 server group: pin "office" of prod moved
      to Windows_11_new
`);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("a plan that changes nothing is fine", async () => {
  const { code, stdout } = await guard(planFile("nothing"));
  expect(stdout).toMatch(
    /nothing\.json: nothing is reinstalled, replaced or destroyed \(of 5 resources with an\n? ?image\)/,
  );
  expect(code).toBe(0);
});

test("what no pin explains is named, with what to do", async () => {
  const { code, stdout } = await guard(planFile("image-moved"));
  expect(stdout.replace(planFile("image-moved"), "plan.json")).toBe(`plan.json:
  FAIL  huaweicloud_workspace_app_image_server.image-server
        destroyed and built anew: image_id, image_source_product_id cannot be
        changed in place
  FAIL  huaweicloud_workspace_desktop_pool.pool
        destroyed: it is not in the configuration any more
  FAIL  huaweicloud_workspace_desktop_pool.pool-force
        destroyed and built anew: image_id cannot be changed in place
  ok  reinstalls 1 desktop, updates 1 server group: pin "office" of prod moved
      to Windows_11_new
  3 of 5 changes not explained by a pin of prod. Do not apply this plan. If it
  is meant: --allow <address>, or an entry in workspace-images/allow.json.
`);
  expect(code).toBe(1);
});

test("the pins of another environment explain nothing, those of several explain together", async () => {
  write("plan.json", (plan) => only(plan, "desktop"));
  const alone = await project.cli(["guard", "--env", "dev", "plan.json"]);
  expect(unwrapped(alone)).toContain(`no pin has the image ${NEW_IMAGE} that it gets`);
  expect(alone.code).toBe(1);
  const both = await project.cli(["guard", "--env", "dev", "--env", "prod", "plan.json"]);
  expect(both.code).toBe(0);
});

test("changes are allowed by address, by pattern and by a file, until a day", async () => {
  write("plan.json", (plan) => only(plan, "image-server", "pool-force", "pool"));
  project.write(
    "workspace-images/allow.json",
    JSON.stringify({
      allow: [
        { address: "*.image-server", reason: "rebuilt on Sunday", until: "2999-12-31" },
        { address: "huaweicloud_workspace_desktop_pool.pool", reason: "too late", until: "2020-01-01" },
      ],
    }),
  );
  const first = await guard("plan.json", "--allow", "huaweicloud_workspace_desktop_pool.pool-*");
  expect(first.stdout).toContain("allowed  huaweicloud_workspace_app_image_server.image-server\n");
  expect(first.stdout).toContain("destroyed and built anew: rebuilt on Sunday\n");
  expect(first.stdout).toContain("FAIL  huaweicloud_workspace_desktop_pool.pool\n");
  expect(unwrapped(first)).toContain("its allowance ended on 2020-01-01");
  expect(first.stdout).toContain("1 of 3 changes not explained");
  expect(first.code).toBe(1);
  const all = await guard("plan.json", "--allow", "huaweicloud_workspace_desktop_pool.*");
  expect(all.code).toBe(0);
  const none = await guard("plan.json", "--allow", "huaweicloud_workspace_desktop_pool");
  expect(none.code).toBe(1);
});

test("--json has every change with its images and reasons", async () => {
  write("plan.json", (plan) => only(plan, "desktop", "pool"));
  const { code, stdout } = await guard("plan.json", "--json", "--allow", "*.pool");
  expect(JSON.parse(stdout)).toEqual({
    "plan.json": {
      ok: true,
      environments: ["prod"],
      looked: 2,
      changes: [
        {
          address: "huaweicloud_workspace_desktop.desktop",
          type: "huaweicloud_workspace_desktop",
          does: "reinstalls",
          explained: true,
          reasons: ['pin "office" of prod moved to Windows_11_new'],
          from: [OLD_IMAGE],
          to: [NEW_IMAGE],
        },
        {
          address: "huaweicloud_workspace_desktop_pool.pool",
          type: "huaweicloud_workspace_desktop_pool",
          does: "destroys",
          explained: false,
          allowed: "--allow",
          reasons: ["it is not in the configuration any more"],
          from: [OLD_IMAGE],
          to: [],
        },
      ],
    },
  });
  expect(code).toBe(0);
});

test("--markdown is a table in which text from outside stays text", async () => {
  write("plan.json", (plan, desktop) => {
    only(plan, "desktop", "image-server");
    desktop.address = 'module.a["</code>|<b>"].huaweicloud_workspace_desktop.desktop';
  });
  const { code, stdout } = await guard("plan.json", "--markdown");
  expect(stdout).toBe(`### Desktops in \`plan.json\`

**1 of 2 changes not explained. Do not apply this plan.**

|  | resource | is | why |
| --- | --- | --- | --- |
| **not explained** | \`huaweicloud_workspace_app_image_server.image-server\` | destroyed and built anew | \`image_id, image_source_product_id cannot be changed in place\` |
| explained | \`module.a["</code>\\|<b>"].huaweicloud_workspace_desktop.desktop\` | reinstalled | \`pin "office" of prod moved to Windows_11_new\` |
`);
  expect(code).toBe(1);
});

test("several plans are judged, each by itself, and one that is not understood does not hide the others", async () => {
  write("good.json", (plan) => only(plan, "desktop"));
  project.write("bad.json", "{}");
  const { code, stdout, stderr } = await guard("good.json", planFile("desktop-destroyed"), "bad.json");
  expect(stdout).toContain("good.json:\n  ok");
  expect(stdout).toContain("desktop-destroyed.json:\n  FAIL");
  expect(stderr).toContain("error: bad.json is neither a plan nor a state.");
  expect(code).toBe(2);
});

test("a plan comes from standard input too", async () => {
  const explained = recordedPlan("image-moved");
  only(explained, "desktop");
  expect(await guardStdin(JSON.stringify(explained), "-")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^standard input:\n {2}ok/),
  });
  expect(await guardStdin("", "-")).toMatchObject({ code: 2, stderr: expect.stringContaining("is empty") });
  expect(await guardStdin("{}", "-", "-")).toMatchObject({ code: 2 });
});

test.each<[string, () => string[]]>([
  ["no environment", () => ["guard", planFile("nothing")]],
  ["an environment that is none", () => ["guard", "--env", "test", planFile("nothing")]],
  ["no plan", () => ["guard", "--env", "prod"]],
  ["a plan that is not there", () => ["guard", "--env", "prod", "none.json"]],
  ["two forms of output", () => ["guard", "--env", "prod", "--json", "--markdown", planFile("nothing")]],
  [
    "a state",
    () => {
      project.write("state.json", JSON.stringify({ format_version: "1.0", values: { root_module: {} } }));
      return ["guard", "--env", "prod", "state.json"];
    },
  ],
  [
    "a change that is not understood",
    () => {
      write("plan.json", (_, { change }) => change.actions.splice(0, 1, "rebuild"));
      return ["guard", "--env", "prod", "--allow", "*", "plan.json"];
    },
  ],
  [
    "a file of allowances that is wrong",
    () => {
      project.write("workspace-images/allow.json", '{"allow":[{"address":"*","reason":"r"}]}');
      return ["guard", "--env", "prod", planFile("nothing")];
    },
  ],
  [
    "a day that is none",
    () => {
      const allow = [{ address: "*", reason: "r", until: "tomorrow" }];
      project.write("workspace-images/allow.json", JSON.stringify({ allow }));
      return ["guard", "--env", "prod", planFile("nothing")];
    },
  ],
  [
    "a lock file that is damaged",
    () => {
      project.write("workspace-images/prod.lock.json", "{");
      return ["guard", "--env", "prod", planFile("nothing")];
    },
  ],
  ["nobody to ask", () => ["guard", "--env", "prod", "--online", planFile("nothing")]],
])("with %s there is no answer, and that is no yes", async (_, args) => {
  const { code, stderr } = await project.cli(args(), { HW_MAX_RETRIES: "0" });
  expect(stderr).toMatch(/^error: /m);
  expect(stderr).not.toMatch(/defect/);
  expect(code).toBe(2);
});

test("an environment without pins explains nothing, and has nothing against a plan that changes nothing", async () => {
  project = new TestProject({ prod: { region: "cn-north-4" } });
  expect((await guard(planFile("nothing"))).code).toBe(0);
  expect((await guard(planFile("image-moved"))).code).toBe(1);
});

test("a revoked image must not be built from", async () => {
  write("plan.json", (plan) => only(plan, "desktop"));
  project.write(
    "workspace-images/revoked.json",
    JSON.stringify({ revoked: [{ name: "Windows_11_new", reason: "does not start" }] }),
  );
  const ended = await guard("plan.json");
  expect(unwrapped(ended)).toContain(`the image ${NEW_IMAGE} is revoked: does not start`);
  expect(ended.code).toBe(1);
});

test("an image that is revoked in the region of the provider's variables must not be built from", async () => {
  project = new TestProject({ prod: {} });
  write("plan.json", (plan, { change }) => {
    only(plan, "desktop");
    change.actions = ["create"];
    change.before = null;
  });
  project.write(
    "workspace-images/revoked.json",
    JSON.stringify({ revoked: [{ id: NEW_IMAGE, region: "cn-north-4", reason: "does not start" }] }),
  );
  const inRegion = (region: string) =>
    project.cli(["guard", "--env", "prod", "plan.json"], { OS_REGION_NAME: region });
  const ended = await inRegion("cn-north-4");
  expect(unwrapped(ended)).toContain(`the image ${NEW_IMAGE} is revoked: does not start`);
  expect(ended.code).toBe(1);
  expect((await inRegion("cn-south-1")).code).toBe(0);
});

test("--online finds an image that is not listed any more, also where a desktop is only built", async () => {
  const emulator = await WorkspaceEmulator.start({ images: { "cn-north-4": [windows] } });
  try {
    const place = { region: "cn-north-4", projectId: emulator.projectId("cn-north-4") };
    project = new TestProject({ prod: { region: "cn-north-4" } });
    writePins(project, "prod", { office: pinOf(windows, { previous }) }, place);
    write("plan.json", (plan) => only(plan, "desktop"));
    write("new.json", (plan, { change }) => {
      only(plan, "desktop");
      change.actions = ["create"];
      change.before = null;
    });
    const online = () =>
      project.cli(["guard", "--env", "prod", "--online", "plan.json", "new.json"], {
        HW_MAX_RETRIES: "0",
        ...emulator.variables,
      });
    expect((await online()).code).toBe(0);
    emulator.remove("cn-north-4", windows.id);
    const ended = await online();
    expect(unwrapped(ended).match(/is not listed any more/g)).toHaveLength(2);
    expect(ended.code).toBe(1);
    expect((await guard("plan.json", "new.json")).code).toBe(0);
  } finally {
    await emulator.close();
  }
});
