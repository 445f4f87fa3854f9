import { ApiError } from "../api/api-error";
import { ResponseError, WorkspaceImagesError } from "../errors";
import { type LockFile, readLockFile } from "../pins/lock-file";
import type { Environment } from "../project/environment";
import type { Project } from "../project/project";
import { jsonInPieces } from "../text/json";
import { type CommonOptions, openProject } from "./common-options";
import { print, printError } from "./output";

/** What a command found for one environment: its answer, or why there is none. */
export type Answer<T> = { readonly value: T } | { readonly error: WorkspaceImagesError };

/** Exit codes of every command. */
export const EXIT = { done: 0, no: 1, unanswered: 2 } as const;

/** One environment of the project, with its pins. */
export interface PinnedEnvironment {
  readonly project: Project;
  readonly environment: Environment;
  /** Undefined where nothing was pinned yet. */
  readonly lockFile: LockFile | undefined;
}

/**
 * Answers for every environment that was asked for, side by side; an environment that fails does not stop the others.
 * @returns the answers by environment, in the order in which they were asked for, else that of the configuration
 */
export async function answerEach<T>(
  { env }: CommonOptions,
  answer: (pinned: PinnedEnvironment) => T | Promise<T>,
): Promise<Map<string, Answer<T>>> {
  const { project, environments } = openProject(env);
  return answering(
    environments.map((environment) => [environment.name, environment]),
    (environment) => {
      const lockFile = readLockFile(project.directory, environment);
      return answer({ project, environment, lockFile });
    },
  );
}

/** Answers for every one of what has names, side by side; one that fails does not stop the others. */
export async function answering<T, U>(
  named: readonly (readonly [string, T])[],
  answer: (value: T, name: string) => U | Promise<U>,
): Promise<Map<string, Answer<U>>> {
  const answers = named.map(async ([name, value]): Promise<[string, Answer<U>]> => {
    try {
      return [name, { value: await answer(value, name) }];
    } catch (error) {
      if (error instanceof WorkspaceImagesError) return [name, { error }];
      throw error;
    }
  });
  return new Map(await Promise.all(answers));
}

/** Goes on from answers, one environment after the other; one that fails does not stop the others. */
export function thenEach<T, U>(
  answers: ReadonlyMap<string, Answer<T>>,
  next: (value: T) => U,
): Map<string, Answer<U>> {
  return new Map(
    [...answers].map(([name, answer]): [string, Answer<U>] => {
      if ("error" in answer) return [name, answer];
      try {
        return [name, { value: next(answer.value) }];
      } catch (error) {
        if (error instanceof WorkspaceImagesError) return [name, { error }];
        throw error;
      }
    }),
  );
}

/**
 * Prints answers and sets the exit code: a JSON object on standard output, or text for people;
 * what could not be answered goes to standard error as well.
 * @param options.json what a program gets for an answer
 * @param options.text what people get for all answers
 * @param options.no whether an answer is "no"
 */
export function report<T>(
  answers: ReadonlyMap<string, Answer<T>>,
  options: {
    readonly asJson: boolean | undefined;
    readonly json: (value: T) => unknown;
    readonly text: (values: ReadonlyMap<string, T>) => string | Iterable<string>;
    readonly no?: (value: T) => boolean;
  },
): void {
  const values = new Map<string, T>();
  const failed = new Map<string, string[]>();
  for (const [environment, answer] of answers) {
    if ("value" in answer) {
      values.set(environment, answer.value);
    } else {
      const { message } = answer.error;
      failed.set(message, [...(failed.get(message) ?? []), environment]);
    }
  }
  if (options.asJson) {
    const object = [...answers].map(([environment, answer]) => [
      environment,
      "value" in answer ? options.json(answer.value) : { error: errorForJson(answer.error) },
    ]);
    print(jsonInPieces(Object.fromEntries(object)));
  } else if (values.size > 0) {
    print(options.text(values));
  }
  for (const [message, names] of failed) {
    const subject = names.join(", ");
    // What is wrong with a plan begins with its name.
    printError(message.startsWith(`${subject} `) ? message : `${subject}: ${message}`);
  }
  const isNo = [...values.values()].some((value) => options.no?.(value));
  process.exitCode = failed.size > 0 ? EXIT.unanswered : isNo ? EXIT.no : EXIT.done;
}

/** Text for people with a section for each environment; an empty line follows sections of several lines. */
export function sections<T>(
  section: (value: T, environment: string) => string,
): (values: ReadonlyMap<string, T>) => string {
  return (values) =>
    [...values]
      .map(([environment, value]) => section(value, environment))
      .map((text) => (text.includes("\n") ? `${text}\n` : text))
      .join("\n")
      .trimEnd();
}

/** What to say of an environment that has no pins; undefined where it has some. */
export function withoutPins(lockFile: LockFile | undefined): string | undefined {
  if (!lockFile) return "no lock file yet: workspace-images pin takes its pins, or an app's synth";
  return lockFile.pins.size === 0 ? "no pins" : undefined;
}

function errorForJson(error: WorkspaceImagesError): { code: string; message: string; requestId?: string } {
  const requestId = error instanceof ApiError || error instanceof ResponseError ? error.requestId : undefined;
  return { code: error.code, message: error.message, ...(requestId && { requestId }) };
}
