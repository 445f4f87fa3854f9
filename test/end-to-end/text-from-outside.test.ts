import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { WorkspaceEmulator } from "../../src/emulator";
import { image } from "../support/images";
import { TestProject } from "../support/project";

// Processes are started, on machines that may be busy.
jest.setTimeout(240_000);

/** What controls a terminal, hides or turns text, begins a line or a pipeline's command, or is a template of a CDK. */
const EVIL =
  "Windows\n  ok    forged\r\n::error::x\u2028##vso[task]\u2029\u0085\u001b[31m\u009b31m\u202e\u2066\u200b\u00ad\ufeff\t" +
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's templates and a CDK's tokens
  '${file("/etc/hostname")}%{if true}${TfToken[TOKEN.0]}#{Token[A.1]}|<script>x</script>`@team';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Cf}\u2028\u2029]/u;

let emulator: WorkspaceEmulator;
let project: TestProject;

beforeEach(async () => {
  const fields = { osVersion: EVIL, productCode: EVIL, kmsId: EVIL };
  emulator = await WorkspaceEmulator.start({
    images: {
      "cn-north-4": [
        image({ id: "i1", name: EVIL, createdAt: "2025-01-01T00:00:00Z", ...fields }),
        image({ id: "i2", name: `${EVIL}2`, createdAt: "2025-02-01T00:00:00Z" }),
      ],
      "cn-south-1": [],
    },
  });
  project = new TestProject({ dev: { region: "cn-north-4" }, prod: { region: "cn-south-1" } });
});
afterEach(() => emulator.close());

/** Runs a command, whose every line must be its own. */
async function run(...args: string[]): Promise<string> {
  const { stdout, stderr } = await project.cli(args, emulator.variables);
  const printed = stdout + stderr;
  expect(printed).not.toMatch(RAW);
  expect(printed).not.toMatch(/^\s*(ok\s\s+forged|::error|##(vso)?\[)/m);
  return printed;
}

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Eve\u202e<b>", "-c", "user.email=e@x", ...args], {
    cwd: project.directory,
    stdio: "pipe",
  });
const commit = (subject: string) => {
  git("add", "-A");
  git("commit", "-qm", subject);
};

test("nothing from outside writes lines, commands or directions of its own, and lock files keep it escaped", async () => {
  git("init", "-q");
  await run("list");
  await run("list", "--json");
  await run("pin", "office", "--env", "dev", "--image-type", "gold", "--most-recent");
  await run("pin", "old", "--env", "dev", "--image", "i1");
  expect(project.readLock("dev").pins.old.images[0].name).toBe(EVIL);
  expect(readFileSync(project.lockFile("dev"), "utf8").replaceAll("\n", "")).not.toMatch(RAW);
  commit("one \u202e\u001b[31m <script>");
  await run("verify");
  await run("promote", "dev", "prod");
  await run("pin", "none", "--env", "dev", "--name-regex", `^${"x\u202e\n::error::"}$`);
  project.write(
    "workspace-images/revoked.json",
    JSON.stringify({ revoked: [{ id: "i2", region: "cn-north-4", reason: "bad\n::error::z\u202e" }] }),
  );
  await run("hold", "old", "--env", "dev", "--reason", "held\n::error::\u202e");
  for (const command of ["verify", "outdated", "pins", "update --env dev", "verify --json"]) {
    await run(...command.split(" "));
  }
  emulator.publish("cn-north-4", image({ id: "i1", name: `${EVIL}\n::error::renamed`, osVersion: "other" }));
  await run("verify");
  await run("verify", "--json");
  await run("update", "--env", "dev");
  commit("::error::two\u0085x");
  for (const command of [
    "history",
    "history --json",
    "diff HEAD~1",
    "diff HEAD~1 --markdown",
    "diff HEAD~1 --json",
  ]) {
    await run(...command.split(" "));
  }
  await run("history", "--html", "history.html");
  const page = project.read("history.html").replaceAll("\n", "");
  expect(page).not.toMatch(RAW);
  expect(page).not.toContain("<script>x");
});

test("names that a command does not know are quoted as safely", async () => {
  for (const name of ["x\n::error::\u001b[31m\u202e", "y\u009b31m\u2028##vso[x]"]) {
    await run(name);
    await run("list", "--env", name);
    await run("pin", name, "--env", "dev");
    await run("pins", name);
    await run("guard", "--env", "dev", name);
  }
});

test("a plan's addresses and an allowance's reason are quoted as safely", async () => {
  const address = 'huaweicloud_workspace_desktop.x["\n::error::\u202e"]';
  const gone = (at: string) => ({
    address: at,
    mode: "managed",
    type: "huaweicloud_workspace_desktop",
    name: "x",
    change: { actions: ["delete"], before: { image_id: "i1\n::error::" }, after: null, after_unknown: false },
  });
  await run("pin", "old", "--env", "dev", "--image", "i1");
  project.write(
    "plan.json",
    JSON.stringify({ format_version: "1.2", resource_changes: [gone(address), gone(`${address}2`)] }),
  );
  project.write(
    "workspace-images/allow.json",
    JSON.stringify({ allow: [{ address, reason: "r\n::error::\u001b[31m", until: "2099-01-01" }] }),
  );
  for (const more of [[], ["--json"], ["--markdown"]])
    await run("guard", "--env", "dev", "plan.json", ...more);
});
