import { type Effect, RESOURCE_KINDS, type ResourceKind } from "./resource-kinds";

const EFFECTS: Readonly<Record<Effect, string>> = {
  reinstalled: "reinstalled in place: what is on the system disk is lost.",
  updated: "updated in place.",
  replaced: "replaced: destroyed and built anew.",
  refused:
    "cannot be updated: the plan of the whole stack fails. It is replaced where enable_force_new is set, on the resource or the provider.",
};

const VERBS: Readonly<Record<Effect, string>> = {
  reinstalled: "reinstalls",
  updated: "updates",
  replaced: "replaces",
  refused: "cannot update",
};

/** What a new image does to a resource of a kind, in one sentence or several. */
export function consequence({ effect, action, remark }: ResourceKind): string {
  return [
    EFFECTS[effect],
    ...(action ? ["It is a call that is made once, when the resource is created."] : []),
    ...(remark ? [remark] : []),
  ].join(" ");
}

/** What a move does to numbers of resources by type: `reinstalls 57 desktops, replaces 2 image servers`. */
export function summarize(numbers: ReadonlyMap<string, number>): string {
  return RESOURCE_KINDS.flatMap((kind) => {
    const number = numbers.get(kind.type) ?? 0;
    return number > 0 ? [`${VERBS[kind.effect]} ${countOf(kind, number)}`] : [];
  }).join(", ");
}

/** A number of resources of a kind, such as `2 image servers`. */
export function countOf({ noun: [one, several] }: ResourceKind, number: number): string {
  return `${number} ${number === 1 ? one : several}`;
}
