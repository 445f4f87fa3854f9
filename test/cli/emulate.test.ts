import { chmodSync } from "node:fs";
import { run, TestProject } from "../support/project";
import { freePort, serve } from "../support/server";
import { CLI, eventually, type Started, start } from "./support";

const project = new TestProject({ dev: { region: "cn-north-4" } });
const started: Started[] = [];

function emulate(...args: string[]): Started {
  const emulate = start(project, ["emulate", ...args]);
  started.push(emulate);
  return emulate;
}

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

test("emulate prints the variables that point the command line at it, and how to publish an image", async () => {
  const emulator = emulate();
  await eventually(() => emulator.output() !== "");
  const output = emulator.output();
  const variables = Object.fromEntries(
    [...output.matchAll(/^export (\w+)=(.*)$/gm)].map(([, ...pair]) => pair),
  );
  const example = output.slice(output.indexOf("curl")).replace(/\n#/g, "\n");
  const [, url = "", body = ""] = /^curl (\S+) -d '([^']*)'/.exec(example) ?? [];
  expect((await fetch(url, { method: "POST", body })).status).toBe(201);
  const { name } = JSON.parse(body);
  const { stdout } = await project.cli(["list", "--env", "dev", "--name", name, "--json"], variables);
  expect(JSON.parse(stdout).dev).toMatchObject([{ name, imageType: "gold", minDisk: 100 }]);
});

test("emulate works in a script as its help shows", async () => {
  const { stdout } = await project.cli(["emulate", "--help"]);
  const example = stdout.slice(stdout.indexOf("In a script:") + "In a script:".length);
  project.write("bin/workspace-images", `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(project.path("bin/workspace-images"), 0o755);
  const ended = await run("sh", ["-ec", example], {
    cwd: project.directory,
    variables: { PATH: `${project.path("bin")}:${process.env.PATH}` },
    timeout: 60_000,
  });
  expect(ended.stdout).toMatch(/^dev: \d+ images$/m);
  expect(ended.code).toBe(0);
});

test("emulate serves on the port that is asked for until it is ended, and then ends well", async () => {
  const port = await freePort();
  const emulator = emulate("--port", String(port), "--json");
  await eventually(() => emulator.output().includes("\n"));
  const { url, variables, projects } = JSON.parse(emulator.output());
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect(projects).toHaveProperty("cn-north-4");
  expect((await project.cli(["list", "--json"], variables)).code).toBe(0);
  emulator.child.kill("SIGINT");
  expect(await emulator.ended).toMatchObject({ code: 0, stderr: "" });
});

test("emulate says that a port is in use", async () => {
  const { port } = await serve(() => {});
  const { code, stdout, stderr } = await project.cli(["emulate", "--port", String(port)]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toBe(`error: Port ${port} is in use: choose another with --port, or leave it out.\n`);
});

test.each(["65536", "-1", "http", ""])("emulate refuses %p as a port", async (port) => {
  const { code, stderr } = await project.cli(["emulate", `--port=${port}`]);
  expect(code).toBe(2);
  expect(stderr).toContain("It must be a port from 0 to 65535.");
});
