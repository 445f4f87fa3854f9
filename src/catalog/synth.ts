import type { IConstruct } from "constructs";
import { isStack } from "../desktops/synthesized-stacks";

/** What is done around the synth of an app. */
export interface SynthSteps {
  /** Before it, with the app's stacks. */
  readonly before: (stacks: readonly IConstruct[]) => void;
  /** After one that was not refused. */
  readonly after: () => void;
}

/**
 * Follows `app.synth()`. The method itself is followed, not a validation of the root: an app may skip validations,
 * and one that is added later could still fail the synth.
 */
export function followSynth(app: IConstruct, { before, after }: SynthSteps): void {
  const root = app as IConstruct & { synth?: (...args: unknown[]) => unknown };
  const { synth } = root;
  if (!synth) return;
  root.synth = (...args) => {
    before(root.node.findAll().filter(isStack));
    const result = synth.apply(root, args);
    // Under the CLI, a stack with error annotations is synthesized first and refused after.
    const isRefused = root.node
      .findAll()
      .some(({ node }) => node.metadata.some(({ type }) => type === "@cdktf/error"));
    if (!isRefused) after();
    return result;
  };
}
