import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { CLI } from "../cli/support";
import { OLD_IMAGE, recordedChange, recordedPlan } from "../desktops/plans";
import { pinOf, writePins } from "../support/pins";
import { TestProject } from "../support/project";

const CHANGES = 100_000;
const MAX_MB = 300;

/** The text of a plan that changes the image of many desktops, none of them explained. */
function* hugePlan(): Generator<string> {
  const { resource_changes: _, ...rest } = recordedPlan("image-moved");
  const change = JSON.stringify(recordedChange("image-moved", "desktop"));
  yield JSON.stringify(rest).replace(/\}$/, ',"resource_changes":[');
  for (let index = 0; index < CHANGES; index++) {
    const one = change.replace(/"address":"[^"]*"/, `"address":"module.floor.desktop[${index}]"`);
    yield index === 0 ? one : `,${one}`;
  }
  yield "]}";
}

test.each<[string[], RegExp]>([
  [["--json"], /"address": /g],
  [[], / {2}FAIL {2}/g],
])(
  `a plan that reinstalls ${CHANGES} desktops is told whole within ${MAX_MB} MB (%j)`,
  async (args, pattern) => {
    const project = new TestProject({ prod: { region: "cn-north-4" } });
    writePins(project, "prod", { office: pinOf(OLD_IMAGE) });
    project.write(
      "meter.cjs",
      'process.on("exit", () => require("fs").writeFileSync("peak", String(process.resourceUsage().maxRSS)));',
    );
    const child = spawn(
      process.execPath,
      ["--require", project.path("meter.cjs"), CLI, "guard", "--env", "prod", ...args, "-"],
      { cwd: project.directory, stdio: ["pipe", "pipe", "inherit"] },
    );
    Readable.from(hugePlan()).pipe(child.stdin);
    let found = 0;
    let tail = "";
    for await (const chunk of child.stdout) {
      tail += chunk;
      const lines = tail.lastIndexOf("\n");
      found += tail.slice(0, lines).match(pattern)?.length ?? 0;
      tail = tail.slice(lines);
    }
    const code = child.exitCode ?? (await new Promise((resolve) => child.on("close", resolve)));
    expect({ code, found }).toEqual({ code: 1, found: CHANGES });
    expect(Number(project.read("peak")) / 1024).toBeLessThan(MAX_MB);
  },
  180_000,
);
