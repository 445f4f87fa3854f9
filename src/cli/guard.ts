import { Command, Option } from "commander";
import { ALLOWANCES_FILE, type Allowance, findAllowance, readAllowances } from "../desktops/allowances";
import { summarize } from "../desktops/consequences";
import { type ExplainingPin, type GuardContext, type JudgedChange, judgeChange } from "../desktops/guard";
import { parseChange } from "../desktops/plan";
import { ConfigurationError, PlanError, WorkspaceImagesError } from "../errors";
import { type LockFile, readLockFile } from "../pins/lock-file";
import { readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { regionOf } from "../project/region";
import { groupBy } from "../text/group-by";
import { codeSpan, markdownHead, markdownRow } from "../text/markdown";
import { printable } from "../text/printable";
import { type Answer, report } from "./answers";
import { type CommonOptions, openProject, withCommonOptions } from "./common-options";
import { count, wrap } from "./layout";
import { withListings } from "./listings";
import { colors } from "./output";

interface GuardOptions extends CommonOptions {
  readonly allow?: readonly string[];
  readonly online?: boolean;
  readonly markdown?: boolean;
}

/** A change, and why it is accepted although no pin explains it. */
interface GuardedChange extends JudgedChange {
  readonly allowed?: string;
}

/** What one plan would do. */
interface GuardedPlan {
  readonly environments: readonly string[];
  /** How many changes of resources that hold images were looked at. */
  readonly looked: number;
  readonly changes: readonly GuardedChange[];
}

const VERBS = {
  reinstalls: "reinstalled",
  updates: "updated in place",
  replaces: "destroyed and built anew",
  destroys: "destroyed",
  builds: "built",
  runs: "reinstalled by an action",
} as const satisfies Record<JudgedChange["does"], string>;

/**
 * `workspace-images guard`: which desktops a Terraform plan would wipe, and whether anybody meant that.
 * @lazy
 */
export function guardCommand(): Command {
  return withCommonOptions(new Command("guard"))
    .argument("<plan...>", "output of `terraform show -json <plan file>`; - is standard input")
    .summary("stop plans that reinstall, replace or destroy desktops by surprise")
    .description(
      "Says which desktops, pools, server groups and image servers a plan of Terraform or OpenTofu would reinstall, replace or destroy. A change is explained where it is in place, a pin of --env has the new image and had the old one before, and neither image type nor disk changes with it. Exit code 1 if anything else is not allowed, 2 if a plan is not understood.",
    )
    .addOption(
      new Option("--allow <address>", "accept a change, by address or pattern with *; repeatable").argParser(
        (address: string, addresses: string[] = []) => [...addresses, address],
      ),
    )
    .option("--online", "also fail where an image to build from was deleted")
    .addOption(new Option("--markdown", "print for the comment on a change").conflicts("json"))
    .addHelpText(
      "after",
      `
Also accepted is what stands in ${ALLOWANCES_FILE}.

Examples:
  terraform show -json plan.tfplan | workspace-images guard --env prod -
  workspace-images guard --env prod plan.json --markdown
  workspace-images guard --env prod plan.json --allow 'module.lab.*'`,
    )
    .action(async (names: readonly string[], options: GuardOptions) => {
      if (!options.env) {
        throw new ConfigurationError(
          `Say which environment's pins explain the plan: workspace-images guard --env prod ${names.join(" ")}`,
        );
      }
      if (names.filter((name) => name === "-").length > 1) {
        throw new ConfigurationError("Standard input can be read once only: name - once.");
      }
      const { project, environments } = openProject(options.env);
      const pinned = environments.map((environment) => ({
        environment,
        lockFile: readLockFile(project.directory, environment),
      }));
      const context = await contextOf(project, pinned, options);
      const allowances = [
        ...(options.allow ?? []).map((address): Allowance => ({ address, reason: "--allow" })),
        ...readAllowances(project.directory),
      ];
      const answers = new Map<string, Answer<GuardedPlan>>();
      const environmentNames = environments.map(({ name }) => name);
      for (const name of names) answers.set(name, await guard(name, context, allowances, environmentNames));
      report(answers, {
        asJson: options.json,
        json: forJson,
        text: linesOf(options.markdown ? markdown : planText),
        no: hasFailed,
      });
    });
}

async function guard(
  name: string,
  context: GuardContext,
  allowances: readonly Allowance[],
  environments: readonly string[],
): Promise<Answer<GuardedPlan>> {
  const changes: GuardedChange[] = [];
  const { readTerraformJson } =
    require("../desktops/terraform-json") as typeof import("../desktops/terraform-json");
  let looked = 0;
  try {
    const kind = await readTerraformJson(name, {
      change: (raw) => {
        const change = parseChange(raw, name);
        if (!change) return;
        looked++;
        const judged = judgeChange(change, context);
        if (judged) changes.push(judged.explained ? judged : withAllowance(judged, allowances));
      },
    });
    if (kind !== "plan") {
      throw new PlanError(
        `${name} is a state, which changes nothing. Give the plan: terraform show -json <plan file>.`,
      );
    }
    return { value: { environments, looked, changes } };
  } catch (error) {
    if (error instanceof WorkspaceImagesError) return { error };
    throw error;
  }
}

/** The pins of the environments, and what must not be built from. */
async function contextOf(
  project: Project,
  pinned: readonly { environment: Environment; lockFile: LockFile | undefined }[],
  { online }: GuardOptions,
): Promise<GuardContext> {
  const pins = pinned.flatMap(({ environment, lockFile }) =>
    [...(lockFile?.pins ?? [])].map(
      ([name, pin]): ExplainingPin => ({ environment: environment.name, name, pin }),
    ),
  );
  const revocations = readRevocations(project.directory);
  const regions = [
    ...new Set(
      pinned.flatMap(({ environment, lockFile }) => lockFile?.region ?? regionOf(environment) ?? []),
    ),
  ];
  const listed = online ? await listedIds(pinned) : undefined;
  return {
    pins,
    objection: (id) => {
      if (id === undefined) return listed && "its image will be known only at apply, and cannot be looked up";
      const image = pins.flatMap(({ pin }) => pin.images).find((candidate) => candidate.id === id) ?? { id };
      const reason = regions
        .map((region) => revocations.reason(image, region))
        .find((found) => found !== undefined);
      if (reason !== undefined) return `the image ${id} is revoked: ${reason}`;
      return listed && !listed.has(id) ? `the image ${id} is not listed any more` : undefined;
    },
  };
}

function listedIds(
  pinned: readonly { environment: Environment; lockFile: LockFile | undefined }[],
): Promise<Set<string>> {
  return withListings(async (source) => {
    const listings = await Promise.all(
      pinned.map(async ({ environment, lockFile }) => {
        const { listing } = await source.environment(environment, lockFile);
        return listing({});
      }),
    );
    return new Set(listings.flatMap(({ images }) => images.map(({ id }) => id)));
  });
}

function withAllowance(judged: JudgedChange, allowances: readonly Allowance[]): GuardedChange {
  const found = findAllowance(allowances, judged.address);
  if (!found) return judged;
  const { allowance, isOver } = found;
  return isOver
    ? { ...judged, reasons: [...judged.reasons, `its allowance ended on ${allowance.until}`] }
    : { ...judged, allowed: allowance.reason };
}

function hasFailed({ changes }: GuardedPlan): boolean {
  return changes.some(isUnexplained);
}

function isUnexplained({ explained, allowed }: GuardedChange): boolean {
  return !explained && allowed === undefined;
}

/** The lines of every plan, one after the other; an empty line is between plans of several lines. */
function linesOf(lines: (plan: GuardedPlan, name: string) => Iterable<string>) {
  return function* (plans: ReadonlyMap<string, GuardedPlan>): Generator<string> {
    let separator = "";
    for (const [name, plan] of plans) {
      let number = 0;
      for (const line of lines(plan, name)) {
        yield `${separator}${line}`;
        separator = "\n";
        number++;
      }
      if (number > 1) separator = "\n\n";
    }
  };
}

function forJson(plan: GuardedPlan) {
  return {
    ok: !hasFailed(plan),
    environments: plan.environments,
    looked: plan.looked,
    changes: plan.changes,
  };
}

function* planText(plan: GuardedPlan, name: string): Generator<string> {
  const { changes, environments, looked } = plan;
  if (changes.length === 0) {
    yield `${planName(name)}: nothing is reinstalled, replaced or destroyed (of ${count(looked, "resource")} with an image)`;
    return;
  }
  yield `${planName(name)}:`;
  const failed = changes.filter(isUnexplained);
  for (const change of failed) yield changeText(colors.red("FAIL"), change, change.reasons);
  for (const change of changes) {
    if (change.allowed !== undefined) yield changeText(colors.yellow("allowed"), change, [change.allowed]);
  }
  for (const [explanation, explained] of explanations(changes)) {
    const text = wrap(printable(`${summary(explained)}: ${explanation}`), "      ").trimStart();
    yield `  ${colors.green("ok")}  ${text}`;
  }
  if (failed.length > 0) {
    yield wrap(
      `${failed.length} of ${count(changes.length, "change")} not explained by a pin of ${environments.join(", ")}. Do not apply this plan. If it is meant: --allow <address>, or an entry in ${ALLOWANCES_FILE}.`,
      "  ",
    );
  }
}

function changeText(mark: string, { address, does }: GuardedChange, reasons: readonly string[]): string {
  return `  ${mark}  ${printable(address)}\n${wrap(printable(`${VERBS[does]}: ${reasons.join("; ")}`), "        ")}`;
}

/** The explained changes, by what explains them. */
function explanations(changes: readonly GuardedChange[]): Map<string, GuardedChange[]> {
  return groupBy(
    changes.filter(({ explained }) => explained),
    ({ reasons }) => reasons.join("; "),
  );
}

function summary(changes: readonly GuardedChange[]): string {
  const numbers = new Map<string, number>();
  for (const { type } of changes) numbers.set(type, (numbers.get(type) ?? 0) + 1);
  return summarize(numbers);
}

function* markdown(plan: GuardedPlan, name: string): Generator<string> {
  const { changes } = plan;
  yield `### Desktops in ${codeSpan(planName(name))}\n`;
  if (changes.length === 0) {
    yield "Nothing is reinstalled, replaced or destroyed.";
    return;
  }
  const failed = changes.filter(isUnexplained);
  yield failed.length > 0
    ? `**${failed.length} of ${count(changes.length, "change")} not explained. Do not apply this plan.**\n`
    : "Every change is explained or allowed.\n";
  yield markdownHead(["", "resource", "is", "why"]);
  for (const change of [...failed, ...changes.filter((change) => !isUnexplained(change))]) {
    const { address, does, allowed, reasons, explained } = change;
    const state = explained ? "explained" : allowed === undefined ? "**not explained**" : "allowed";
    yield markdownRow([state, codeSpan(address), VERBS[does], codeSpan(allowed ?? reasons.join("; "))]);
  }
}

function planName(name: string): string {
  return name === "-" ? "standard input" : printable(name);
}
