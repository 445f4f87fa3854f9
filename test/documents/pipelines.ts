import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../support/project";

const FOLDER = join(ROOT, "docs/pipelines");

/** The jobs that each service's files have. */
export type JobName = "check" | "pin" | "plan" | "apply" | "schedule";

/** A step of a job, as its service would run it. */
export interface Step {
  /** Options of the shell that the service starts. */
  readonly shell: string;
  readonly script: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly mayFail: boolean;
}

export type Jobs = Readonly<Record<JobName, readonly Step[]>>;

export const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: files of others' formats, which tests hold against those
type Any = any;

/** The steps of the workflows of GitHub Actions; each expression must be among those given. */
export function gitHubJobs(expressions: Readonly<Record<string, string>>): Jobs {
  const evaluate = (value: unknown): string =>
    String(value).replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
      const evaluated = expressions[expression];
      if (evaluated === undefined) throw new Error(`unknown expression: ${expression}`);
      return evaluated;
    });
  const steps = (file: string, name: string): Step[] => {
    const workflow: Any = parse(read(file));
    const job = workflow.jobs[name];
    const shell = workflow.defaults?.run?.shell === "bash" ? "-eo pipefail" : "-e";
    return job.steps
      .filter((step: Any) => step.run !== undefined)
      .map((step: Any) => ({
        shell,
        script: step.run,
        variables: Object.fromEntries(
          Object.entries({ ...job.env, ...step.env }).map(([key, value]) => [key, evaluate(value)]),
        ),
        mayFail: step["continue-on-error"] === true,
      }));
  };
  return {
    check: steps("github-actions.yml", "check"),
    pin: steps("github-actions.yml", "pin"),
    plan: steps("github-actions.yml", "plan"),
    apply: steps("github-actions.yml", "apply"),
    schedule: steps("github-actions-schedule.yml", "images"),
  };
}

/** The scripts of GitLab CI. */
export function gitLabJobs(): Jobs {
  const file: Any = parse(read("gitlab-ci.yml"));
  const steps = (name: JobName): Step[] => {
    const before = file[name].before_script ?? file.default.before_script;
    const script = [...before, ...file[name].script].join("\n");
    return [{ shell: "-eo pipefail", script, variables: {}, mayFail: false }];
  };
  return jobsOf(steps);
}

/** A build task of CodeArts. */
export interface CodeArtsTask {
  readonly version: number;
  readonly params: readonly { readonly name: string; readonly value: string | null }[];
  readonly env: { readonly resource: { readonly type: string; readonly arch: string } };
  readonly steps: Readonly<Record<string, readonly Readonly<Record<string, Any>>[]>>;
}

export function codeArtsTasks(): ReadonlyMap<string, CodeArtsTask> {
  const names = readdirSync(join(FOLDER, "codearts"));
  return new Map(names.map((name) => [name.replace(".yml", ""), parse(read(`codearts/${name}`))]));
}

/** The commands of CodeArts' build tasks, with the values that their parameters have in the file. */
export function codeArtsJobs(): Jobs {
  const tasks = codeArtsTasks();
  return jobsOf((name) => {
    const { params, steps } = tasks.get(name)!;
    const variables = Object.fromEntries(params.map(({ name: param, value }) => [param, value ?? ""]));
    return Object.values(steps)
      .flat()
      .filter(({ npm }) => npm)
      .map(({ npm }) => ({ shell: "", script: npm.inputs.command, variables, mayFail: false }));
  });
}

function jobsOf(steps: (name: JobName) => Step[]): Jobs {
  const names: JobName[] = ["check", "pin", "plan", "apply", "schedule"];
  return Object.fromEntries(names.map((name) => [name, steps(name)])) as unknown as Jobs;
}
