import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { ROOT, run } from "../support/project";
import { type LoopbackServer, openServer } from "../support/server";
import {
  codeArtsJobs,
  codeArtsTasks,
  gitHubJobs,
  gitLabJobs,
  type JobName,
  type Jobs,
  read,
} from "./pipelines";
import { Workbench } from "./workbench";

describe("the files are what their services read", () => {
  const folder = mkdtempSync(join(tmpdir(), "workspace-images-pipelines-"));

  test.each(["github-actions.yml", "github-actions-schedule.yml"])(
    "%s: GitHub's own parser has nothing to say",
    async (name) => {
      const parser = join(folder, "parser.cjs");
      buildSync({
        stdin: {
          contents: `import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
            import { readFileSync } from "node:fs";
            const content = readFileSync(process.argv[2], "utf8");
            const { context } = parseWorkflow({ name: "workflow.yml", content }, new NoOperationTraceWriter());
            console.log(JSON.stringify(context.errors.getErrors().map(({ message }) => message)));`,
          resolveDir: ROOT,
        },
        bundle: true,
        platform: "node",
        outfile: parser,
        logLevel: "error",
      });
      const errorsOf = async (content: string) => {
        writeFileSync(join(folder, name), content);
        const { stdout } = await run(process.execPath, [parser, join(folder, name)], { cwd: folder });
        return JSON.parse(stdout);
      };
      expect(await errorsOf(read(name))).toEqual([]);
      expect(await errorsOf(read(name).replace("runs-on:", "run-on:"))).not.toEqual([]);
    },
  );

  test("no expression of GitHub stands in a script, where it could become one", () => {
    for (const name of ["github-actions.yml", "github-actions-schedule.yml"]) {
      for (const [script] of read(name).matchAll(/^ +(?:- )?run: (?:\|\n(?: {10,}.*\n)+|.*\n)/gm))
        expect(script).not.toContain("${{");
    }
  });

  test("gitlab-ci.yml: GitLab's schema has nothing to say", async () => {
    const project = join(folder, "gitlab");
    mkdirSync(project);
    await run("git", ["init", "-q", "."], { cwd: project });
    // It is for newer versions of Node than this may be.
    writeFileSync(
      join(folder, "union.cjs"),
      "Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };",
    );
    const check = async (content: string) => {
      writeFileSync(join(project, ".gitlab-ci.yml"), content);
      const linter = join(ROOT, "node_modules/gitlab-ci-local/dist/index.js");
      return run(process.execPath, ["--require", join(folder, "union.cjs"), linter, "--list"], {
        cwd: project,
      });
    };
    const { code, stdout, stderr } = await check(read("gitlab-ci.yml"));
    expect(stdout + stderr).toContain("json schema validated");
    expect(code).toBe(0);
    const wrong = await check(read("gitlab-ci.yml").replace("  script:", "  scripts:"));
    expect(wrong.code).toBe(1);
  });

  test("codearts: each task has version, parameters, environment and steps that CodeArts Build documents", () => {
    const tasks = codeArtsTasks();
    expect([...tasks.keys()].sort()).toEqual(["apply", "check", "pin", "plan", "schedule"]);
    for (const [name, task] of tasks) {
      expect(Object.keys(task)).toEqual(["version", "params", "env", "steps"]);
      expect(task.version).toBe(2);
      expect(task.env.resource).toEqual({ type: "docker", arch: "X86" });
      const parameters = task.params.map((parameter) => {
        expect(Object.keys(parameter)).toEqual(["name", "value"]);
        return parameter.name;
      });
      const inPhases = {
        PRE_BUILD: ["checkout", "sh"],
        BUILD: ["npm", "upload_artifact", "download_artifact"],
      };
      for (const [phase, steps] of Object.entries(task.steps)) {
        for (const step of steps) {
          expect(inPhases[phase as keyof typeof inPhases]).toContain(Object.keys(step)[0]);
          const [{ name: title, inputs }] = Object.values(step) as [{ name: string; inputs: object }];
          expect(title).toMatch(/^[A-Z]/);
          for (const [, parameter] of JSON.stringify(inputs).matchAll(/\$\{?(\w+)\}?/g))
            expect([name, ...parameters]).toContain(parameter);
        }
      }
      // Secrets are parameters of the task, and never stand in the file.
      for (const { name: parameter, value } of task.params)
        if (/KEY/.test(parameter)) expect(value).toBeNull();
    }
  });

  test("CODEOWNERS: every line is a path and who owns it, the more exact ones later", () => {
    const lines = read("CODEOWNERS")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line).toMatch(/^\/[\w./-]+ +@[\w-]+\/[\w-]+$/);
    expect(lines[0]).toMatch(/^\/workspace-images\/ /);
  });
});

/** GitLab's interface for comments. */
const comments: string[] = [];
let api: LoopbackServer;
const workbench = new Workbench();
beforeAll(async () => {
  workbench.tool(
    "gh",
    'echo "gh $*" >> "$SAID"; for word in "$@"; do [[ $word != *.md ]] || cat "$word" >> "$SAID"; done',
  );
  api = await openServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      comments.push(`${request.url} ${decodeURIComponent(body.replaceAll("+", " "))}`);
      response.end("{}");
    });
  });
});
afterAll(async () => {
  await api.close();
  await workbench.close();
});

const FILTERS = "--image-type gold --most-recent --name-regex '^Windows_Server_2022'";
const services: Record<string, () => Jobs> = {
  "GitHub Actions": () =>
    gitHubJobs({
      "github.base_ref": "main",
      "github.event.number": "7",
      "github.token": "token",
      "inputs.pin": "lab-windows",
      "inputs.filters": FILTERS,
      "matrix.environment": "dev",
      "secrets.HW_ACCESS_KEY": "EMULATORACCESSKEY000",
      "secrets.HW_SECRET_KEY": "emulator-secret-key-for-tests-and-demos-only",
    }),
  "GitLab CI": gitLabJobs,
  "CodeArts Build": codeArtsJobs,
};

describe.each(Object.entries(services))("the commands of %s, in their order", (_, jobsOf) => {
  let folder: string;
  let said: string;
  const origin = () => join(folder, "origin.git");
  const OURS = { PIN: "lab-windows", FILTERS, codeBranch: "change", BASE: "origin/main", ENVIRONMENT: "dev" };

  /**
   * Runs a job on a branch, in a clone of its own, and gives how it ended and the clone.
   * @param stack the stack's folder that an earlier job left
   */
  async function job(name: JobName, branch: string, stack?: string) {
    const clone = mkdtempSync(join(folder, `${name}-`));
    await ok(folder, `git clone -q -b ${branch} "${origin()}" "${clone}"`);
    if (stack) {
      // Each service hands it on in a way of its own.
      for (const place of ["stack", "cdktf.out/stacks/dev"])
        cpSync(stack, join(clone, place), { recursive: true, verbatimSymlinks: true });
      await ok(clone, "tar -czf plan.tgz -C stack .");
    }
    let printed = "";
    for (const { shell, script, variables, mayFail } of jobsOf()[name]) {
      const given = Object.fromEntries(
        Object.entries({ ...variables, ...OURS }).filter(([key]) => !/^HW_/.test(key)),
      );
      const { code, stdout } = await workbench.run(clone, `bash ${shell} -c "$SCRIPT"`, {
        ...given,
        CI: "true",
        ONLY_THE_APP: "1",
        SCRIPT: script,
        SAID: said,
        GITHUB_STEP_SUMMARY: said,
        GITLAB_TOKEN: "token",
        CI_API_V4_URL: `${api.url}/api/v4`,
        CI_PROJECT_ID: "1",
        CI_MERGE_REQUEST_IID: "7",
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: branch,
        CI_DEFAULT_BRANCH: "main",
        CI_SERVER_HOST: "gitlab.example.com",
        CI_PROJECT_PATH: "group/desktops",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: `url.${origin()}.insteadOf`,
        GIT_CONFIG_VALUE_0: "https://oauth2:token@gitlab.example.com/group/desktops.git",
      });
      printed += stdout;
      if (code !== 0 && !mayFail) return { code, printed, clone };
    }
    return { code: 0, printed, clone };
  }

  async function ok(where: string, script: string): Promise<string> {
    const { code, stdout } = await workbench.run(where, script);
    if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}`);
    return stdout;
  }

  /** Commits something on a new branch of origin. */
  async function change(branch: string, script: string): Promise<void> {
    const clone = mkdtempSync(join(folder, "change-"));
    await ok(folder, `git clone -q "${origin()}" "${clone}"`);
    await ok(
      clone,
      `git switch -q -c ${branch}\n${script}\ngit commit -q -a -m change && git push -q origin ${branch}`,
    );
  }

  const lock = async (branch: string, environment: string) =>
    JSON.parse(await ok(origin(), `git show ${branch}:workspace-images/${environment}.lock.json`));

  beforeAll(async () => {
    folder = await workbench.begin();
    said = join(folder, "said.txt");
    writeFileSync(said, "");
    await ok(
      folder,
      "git init -q --bare -b main origin.git && git -C origin.git config receive.advertisePushOptions true",
    );
    await ok(
      folder,
      `git init -q -b main seed && cd seed
      cp "$FIXTURES/pins-main.ts" main.ts && cp "$FIXTURES/pins-cdktf.json" cdktf.json
      echo '{ "private": true }' > package.json && echo '{}' > package-lock.json
      printf 'cdktf.out\\n.gen\\nplan.json\\nplan.tgz\\n*.md\\n' > .gitignore
      npx tsx main.ts > /dev/null
      terraform -chdir=cdktf.out/stacks/dev init > /dev/null
      terraform -chdir=cdktf.out/stacks/dev apply -auto-approve > /dev/null
      git add . && git commit -q -m "Pin the images" && git push -q ../origin.git main
      publish cn-north-4 aaaaaaaa-0000-4000-8000-000000000003
      publish cn-south-1 bbbbbbbb-0000-4000-8000-000000000003`,
    );
  });

  test("a change that moves dev passes, and its reviewers read the image's name", async () => {
    await change("change", "workspace-images update --env dev");
    comments.length = 0;
    const { code, printed, clone } = await job("check", "change");
    expect({ code, printed }).toMatchObject({ code: 0 });
    const comment =
      comments.join() + readFileSync(said, "utf8") + readFileSync(join(clone, "moves.md"), "utf8");
    expect(comment).toContain("Windows_11_Enterprise_25H2_64bit_Workspace_20261020");
  });

  test("a change that moves prod against its policy fails", async () => {
    await change(
      "around",
      `cp cdktf.json kept && sed -i 's/, "promotion": { "from": "staging", "minAgeDays": 7 }//' cdktf.json
      workspace-images update --env prod && mv kept cdktf.json`,
    );
    const { code, printed } = await job("check", "around");
    expect(code).toBe(1);
    expect(printed).toContain("promotion");
  });

  test("a new lookup's pin is taken in prod on the branch of the change", async () => {
    const { code, printed } = await job("pin", "change");
    expect({ code, printed }).toMatchObject({ code: 0 });
    const { pins } = await lock("change", "prod");
    expect(Object.keys(pins)).toEqual(["lab-windows", "office-windows"]);
    expect(Object.keys((await lock("change", "dev")).pins)).toEqual(["office-windows"]);
  });

  test("a plan that a moved pin explains is guarded and applied", async () => {
    const { code, printed, clone } = await job("plan", "change");
    expect({ code, printed }).toMatchObject({ code: 0 });
    expect(printed.replace(/\s+/g, " ")).toContain(`pin "office-windows" of dev moved to Windows`);
    const applied = await job("apply", "change", join(clone, "cdktf.out/stacks/dev"));
    expect(applied).toMatchObject({ code: 0, printed: expect.stringContaining("2 changed") });
  });

  test("a plan that reinstalls a desktop for another reason stops the job", async () => {
    await change("retyped", `sed -i 's/imageType: windows.imageType/imageType: "market"/' main.ts`);
    const { code, printed } = await job("plan", "retyped");
    expect(code).toBe(1);
    expect(printed).toMatch(/image(_|&#95;)type changes/);
  });

  test("the scheduled job opens a change that moves dev, and takes nothing too early", async () => {
    const before = await lock("main", "prod");
    const { code, printed } = await job("schedule", "main");
    expect({ code, printed }).toMatchObject({ code: 0 });
    expect((await lock("images", "dev")).pins["office-windows"].images[0].id).toMatch(/^aaaaaaaa/);
    expect(await lock("images", "prod")).toEqual(before);
    expect(await lock("main", "dev")).not.toEqual(await lock("images", "dev"));
  });
});
