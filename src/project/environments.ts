import v = require("valibot");

import { ConfigurationError } from "../errors";
import {
  CONTEXT_KEY,
  type Environment,
  type EnvironmentConfig,
  type EnvironmentSource,
  environmentName,
  environmentSchema,
} from "./environment";
import { CDKTF_JSON, EXAMPLE_ENVIRONMENTS, type Project, WORKSPACE_IMAGES_JSON } from "./project";

/**
 * The environments by name, wherever they stand.
 * @internal users need none of the types of the library that checks
 */
export const environmentsSchema = v.record(environmentName, environmentSchema);

const contextSchema = v.strictObject({
  environments: v.custom<object>((value) => typeof value === "object" && value !== null),
});

/** Names that programs give a meaning of its own to. */
const UNUSABLE_NAMES: readonly string[] = ["__proto__", "constructor", "prototype"];

type Path = readonly PropertyKey[];

/** The environments of a project. Each is checked when it is asked for: thousands of others cost nothing. */
export class Environments {
  private readonly raw: Readonly<Record<string, unknown>>;
  private readonly checked = new Map<string, Environment>();
  private readonly fail = (path: Path, what: string): ConfigurationError => {
    const source = this.sourceOf(path[1]?.toString());
    const root = source === CDKTF_JSON || source === "The app's context" ? [CONTEXT_KEY] : [];
    return new ConfigurationError(`${source}: ${[...root, ...path].map(String).join(".")} ${what}`);
  };

  /**
   * @param context what holds `environments`; undefined where there is none
   * @param sourceOf where they stand, or one of them
   * @throws ConfigurationError if it holds something else
   */
  constructor(
    context: unknown,
    private readonly sourceOf: (name?: string) => EnvironmentSource,
  ) {
    refuseLevel(context, [], this.fail);
    if (context === undefined) {
      this.raw = {};
      return;
    }
    const result = v.safeParse(contextSchema, context);
    if (!result.success) throw this.wrong(result.issues[0], []);
    const { environments } = result.output;
    refuseLevel(environments, ["environments"], this.fail);
    this.raw = environments as Record<string, unknown>;
  }

  /** Names of all, in the order in which they are configured. */
  get names(): string[] {
    return Object.keys(this.raw);
  }

  /** Whether there is one of the name. */
  has(name: string): boolean {
    return Object.hasOwn(this.raw, name);
  }

  /**
   * An environment; undefined where there is none of the name.
   * @throws ConfigurationError naming the key that is wrong, never its value
   */
  get(name: string): Environment | undefined {
    if (!this.has(name)) return undefined;
    const known = this.checked.get(name);
    if (known) return known;
    const environment = this.check(name);
    this.checked.set(name, environment);
    this.checkPromotion(environment);
    return environment;
  }

  /**
   * All environments, checked.
   * @throws ConfigurationError naming the environment and the key that is wrong, never its value
   */
  all(): Map<string, Environment> {
    return new Map(this.names.map((name) => [name, this.get(name)!]));
  }

  private check(name: string): Environment {
    const path = ["environments", name];
    const config = this.raw[name];
    refuseNested(config, path, this.fail);
    const result = v.safeParse(environmentsSchema, { [name]: config });
    if (!result.success) throw this.wrong(result.issues[0], ["environments"]);
    const { sourceOf } = this;
    return {
      name,
      ...(result.output[name] as EnvironmentConfig),
      get source() {
        return sourceOf(name);
      },
    };
  }

  /** Follows where an environment's images come from: over known environments, and never back to it. */
  private checkPromotion({ name, promotion }: Environment): void {
    const way = [name];
    for (let from = promotion?.from; from !== undefined; ) {
      const path = ["environments", way.at(-1)!, "promotion", "from"];
      if (!this.has(from)) throw this.fail(path, `names no environment. Known: ${this.names.join(", ")}.`);
      if (way.includes(from)) {
        const circle = [...way, from].reverse().join(" → ");
        throw this.fail(path, `leads back to where it began: ${circle}. Images must come from somewhere.`);
      }
      way.push(from);
      from = (this.checked.get(from) ?? this.check(from)).promotion?.from;
    }
  }

  private wrong(issue: v.BaseIssue<unknown>, root: Path): ConfigurationError {
    const path = [...root, ...(issue.path ?? []).map(({ key }) => key as PropertyKey)];
    if (issue.type === "strict_object" && issue.expected === "never")
      return this.fail(path, `is not a known key. ${knownKeys(path, this.sourceOf())}`);
    if (issue.received === "undefined" && path.length === 1)
      return this.fail(path, `is missing. Add ${EXAMPLE_ENVIRONMENTS}.`);
    const why =
      issue.kind === "validation"
        ? issue.message
        : issue.received === "undefined"
          ? "it is missing"
          : `expected ${issue.expected === "unknown" ? "Object" : issue.expected}`;
    return this.fail(path, `is wrong (${why}).`);
  }
}

type Fail = (path: Path, what: string) => ConfigurationError;

/** Refuses what the schema would not see in one object: lists, whose indices are keys, and names that it leaves out. */
function refuseLevel(value: unknown, path: Path, fail: Fail): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) throw fail(path, "is wrong (expected Object, not a list).");
  const refuse = (key: string) => {
    throw fail([...path, key], "is a name that cannot be used: choose another one.");
  };
  for (const name of UNUSABLE_NAMES) if (Object.hasOwn(value, name)) refuse(name);
  // Inherited ones too: in a program, `{ __proto__: {…} }` makes a prototype, not a key.
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    for (const key in value) if (!Object.hasOwn(value, key)) refuse(key);
  }
}

function refuseNested(value: unknown, path: Path, fail: Fail): void {
  refuseLevel(value, path, fail);
  // Deeper, there are no known keys, and the schema refuses all others.
  if (typeof value !== "object" || value === null || path.length > 4) return;
  for (const [key, nested] of Object.entries(value)) refuseNested(nested, [...path, key], fail);
}

/** What may stand where an unknown key does. */
function knownKeys(path: Path, source: EnvironmentSource): string {
  if (/key|secret|token|password|user|access/i.test(String(path.at(-1) ?? "")))
    return "Credentials never stand there: they come from where the provider takes them.";
  const inEnvironment = environmentSchema.entries;
  const { entries } =
    path.length === 1
      ? contextSchema
      : path.length === 3
        ? environmentSchema
        : path[2] === "promotion"
          ? inEnvironment.promotion.wrapped
          : inEnvironment.endpoints.wrapped;
  const inFile = path.length === 1 && source === WORKSPACE_IMAGES_JSON;
  return `Known: ${[...(inFile ? ["$schema"] : []), ...Object.keys(entries), ...(inFile ? ["lookups"] : [])].join(", ")}.`;
}

/**
 * The environments of a project: from workspace-images.json, else from the app's context, else from cdktf.json.
 * @param context the app's context, which a CDK's command line fills from cdktf.json
 * @throws ConfigurationError if they stand in two places
 */
export function openEnvironments(project: Project, context?: unknown): Environments {
  const fromFile = () => (project.cdktfJson?.context as Record<string, unknown> | undefined)?.[CONTEXT_KEY];
  // Called only for environments that are asked for, and for errors, because comparing takes time.
  const sourceOf = (name?: string): EnvironmentSource =>
    context === undefined || isSameJson(partOf(context, name), partOf(fromFile(), name))
      ? CDKTF_JSON
      : "The app's context";
  const inContext = context ?? fromFile();
  if (!project.configuration) return new Environments(inContext, sourceOf);
  if (inContext !== undefined) {
    const there = `under ${CONTEXT_KEY} in ${sourceOf() === CDKTF_JSON ? `the context of ${CDKTF_JSON}` : "the app's context"}`;
    throw new ConfigurationError(
      project.configuration.environments === undefined
        ? `The environments stand ${there}, and ${WORKSPACE_IMAGES_JSON} has none (${project.directory}). Where there is that file, they stand in it: move them.`
        : `The environments stand in two places: in ${WORKSPACE_IMAGES_JSON}, and ${there} (${project.directory}). Remove one of the two.`,
    );
  }
  const { environments, lookups: _, ...others } = project.configuration;
  const { $schema: __, ...unknown } = others as Record<string, unknown>;
  return new Environments({ environments, ...unknown }, () => WORKSPACE_IMAGES_JSON);
}

function isSameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function partOf(context: unknown, name: string | undefined): unknown {
  if (name === undefined) return context;
  return (context as { environments?: Record<string, unknown> } | undefined)?.environments?.[name];
}

/**
 * All environments of a project, checked.
 * @throws ConfigurationError naming what is wrong, or both places where they stand in two
 */
export function readEnvironments(project: Project): Map<string, Environment> {
  return openEnvironments(project).all();
}
