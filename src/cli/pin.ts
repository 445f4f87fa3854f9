import { Command, InvalidArgumentError, Option } from "commander";
import type { ListingSource } from "../catalog/listing-source";
import { resolve } from "../catalog/resolve";
import { resourceKind } from "../desktops/resource-kinds";
import { readRunningImages } from "../desktops/running-images";
import { ConfigurationError } from "../errors";
import { parseFilter, type SingleImageFilter } from "../images/image-filter";
import { isImageId } from "../images/workspace-image";
import { moveCommand } from "../pins/advice";
import { readFileLookups } from "../pins/file-lookups";
import { readLockFile } from "../pins/lock-file";
import { decide } from "../pins/moves";
import { isPinName, isSameQuestion, type Pin, type Question } from "../pins/pin";
import { type NamedImage, pinProspect } from "../pins/pinning";
import { readRevocations } from "../pins/revoked";
import type { Environment } from "../project/environment";
import { readEnvironments } from "../project/environments";
import type { Project } from "../project/project";
import { answerEach, type PinnedEnvironment, report, sections, thenEach } from "./answers";
import {
  type ChangeOptions,
  namedEnvironments,
  type OverrideOptions,
  openProject,
  overrideOf,
  withChangeOptions,
  withOverrideOptions,
} from "./common-options";
import { describeProblem, pinHeading } from "./describe-moves";
import { filterOf, withQuestionOptions } from "./filter-options";
import { count } from "./layout";
import { requiredListings, withListings } from "./listings";
import { carryOut, type PlannedMoves } from "./moves";
import { disagreements, LookupPinning, requireLookups } from "./pin-lookups";

interface PinOptions extends ChangeOptions, OverrideOptions, SingleImageFilter {
  readonly all?: boolean;
  readonly image?: string;
  readonly fromPlan?: readonly string[];
  readonly frozen?: boolean;
}

/** What one pin is to get, in every environment. */
interface Wish {
  readonly name: string;
  /** Undefined where the pin keeps its question, or gets that of its image. */
  readonly question: Question | undefined;
  readonly named: readonly NamedImage[] | undefined;
  readonly isAdoption: boolean;
}

/** `workspace-images pin [name]`: takes a pin without an app, another question, or an exact image. */
export function pinCommand(): Command {
  const command = withQuestionOptions(withOverrideOptions(withChangeOptions(new Command("pin"))))
    .summary("take a pin without an app, another question, or an exact image")
    .argument("[name]", "the pin (default: the lookups of workspace-images.json)")
    .description(
      "Takes a pin, with the filters of a lookup as options. One that is there gets another question, and what that selects; with --image or --from-plan, exact images. Without a name, takes the pins that the lookups in workspace-images.json miss, and records questions that changed beside the images that are pinned.",
    )
    .option("--all", "pin all images that match, instead of one")
    .addOption(new Option("--image <id>", "pin this image").argParser(imageId).conflicts("fromPlan"))
    .option(
      "--from-plan <file-and-address...>",
      "pin the image that a resource has: a plan or state as JSON, and its address or a pattern",
    )
    .option("--frozen", "change nothing: exit code 1 if lookups and lock files disagree");
  return command
    .addHelpText(
      "after",
      `
An image that runs already is taken over whatever the question is; what it does
not answer is noted in the pin. One that is listed no more is marked "adopted".

Examples:
  workspace-images pin --env dev
  workspace-images pin --frozen
  workspace-images pin office --env dev --image-type gold \\
    --name-regex '^Windows_11' --most-recent
  workspace-images pin office --env prod --image "$RUNNING"
  terraform show -json > state.json
  workspace-images pin office --env prod --image-type gold \\
    --from-plan state.json 'huaweicloud_workspace_desktop.office["*"]'`,
    )
    .action((name: string | undefined, options: PinOptions) => {
      if (options.frozen) return checkLookups(name, options);
      return name === undefined ? pinLookups(options) : pinOne(name, options);
    });
}

async function checkLookups(name: string | undefined, { env, json }: PinOptions): Promise<void> {
  if (name !== undefined) throw new ConfigurationError("--frozen looks at all lookups: leave the name out.");
  const lookups = requireLookups(openProject(env).project);
  const answers = await answerEach({ env }, (pinned) => disagreements(pinned, lookups));
  report(answers, {
    asJson: json,
    json: (found) =>
      Object.fromEntries([...found].map(([pin, { code, message }]) => [pin, { code, message }])),
    text: sections((found, environment) => {
      if (found.size === 0) return `${environment}: lookups and lock file agree`;
      const lines = [...found].map(([pin, { message }]) => `${pinHeading(pin)}\n${describeProblem(message)}`);
      return `${environment}: ${count(found.size, "lookup")} without a pin that answers\n${lines.join("\n")}`;
    }),
    no: (found) => found.size > 0,
  });
}

async function pinLookups(options: PinOptions): Promise<void> {
  const env = namedEnvironments(options);
  const { project } = openProject(env);
  const lookups = requireLookups(project);
  const given = Object.keys(filterOf(options));
  if (given.length > 0 || options.all || options.image !== undefined || options.fromPlan) {
    throw new ConfigurationError(
      "Which pin? The options say what it is to get: workspace-images pin <name> …",
    );
  }
  const plans = await withListings(async (source) => {
    const pinning = new LookupPinning(project, lookups, source);
    const listed = await answerEach({ env }, async (pinned) => ({
      pinned,
      availability: await pinning.availability(pinned),
    }));
    const inOrder = new Map(pinning.inOrder(listed.keys()).map((name) => [name, listed.get(name)!]));
    const planned = thenEach(inOrder, ({ pinned, availability }) => pinning.plan(pinned, availability));
    return new Map([...listed.keys()].map((name) => [name, planned.get(name)!]));
  });
  carryOut(plans, options, "pinned");
}

async function pinOne(name: string, options: PinOptions): Promise<void> {
  const env = namedEnvironments(options);
  const override = overrideOf(options);
  const { project } = openProject(env);
  const wish = await wishOf(name, options, project);
  const plans = await withListings((source) =>
    answerEach({ env }, async (pinned): Promise<PlannedMoves> => {
      const { environment, lockFile } = pinned;
      const before = lockFile?.pins.get(name);
      const question = questionFor(wish, before);
      if (!before && !wish.named) return takeNew(pinned, name, question, source);
      const pins = lockFile?.pins ?? new Map<string, Pin>();
      const otherwise = alreadyThere(name, before, environment);
      // What the question selects by now is asked with update: a job that takes a pin may run twice.
      if (before && !wish.named && isSameQuestion(before, question))
        return { project, environment, place: lockFile, before: pins, moved: new Map(), otherwise };
      const { place, listing } = await source.environment(environment, lockFile);
      const prospect = pinProspect(
        { ...wish, before, question },
        {
          environment,
          region: place.region,
          listings: await requiredListings({ listing }, [question.filter]),
          revocations: readRevocations(project.directory),
          now: new Date(),
        },
      );
      const decided = decide(prospect ? [prospect] : [], {
        environment: environment.name,
        override,
        leaves: () => false,
        next: "See: workspace-images list",
      });
      const notes = decided.moved.get(name)?.adopted ? [ADOPTED] : [];
      return { project, environment, place, before: pins, ...decided, notes, otherwise };
    }),
  );
  carryOut(plans, options, "pinned");
}

const ADOPTED =
  'It has an image that is not listed, or not any more, so that nothing can be built from it: the pin is marked "adopted".';

/** A pin that is not there yet is taken as a lookup would take it. */
async function takeNew(
  { project, environment, lockFile }: PinnedEnvironment,
  name: string,
  question: Question,
  source: ListingSource,
): Promise<PlannedMoves> {
  const before = lockFile?.pins ?? new Map<string, Pin>();
  const subject = `Pin "${name}" of environment "${environment.name}"`;
  const lookup = { subject, environment, pinName: name, question, isWithoutApp: true };
  const known = {
    pins: before,
    place: lockFile,
    promoted: () => promotedOf(project, environment, name),
    revocations: readRevocations(project.directory),
    now: new Date(),
  };
  let place = lockFile && { region: lockFile.region, projectId: lockFile.projectId };
  let resolution = resolve(lookup, { ...known, availability: { kind: "unlisted" } });
  if (resolution === "unlisted") {
    const listings = await source.environment(environment, lockFile);
    place = listings.place;
    const listed = await requiredListings(listings, [question.filter]);
    resolution = resolve(lookup, {
      ...known,
      place,
      availability: { kind: "listed", place, listings: listed },
    });
  }
  if (resolution === "unlisted") throw new Error(`${subject} was listed, and is not answered.`);
  const { pin, notes } = resolution;
  const moved = new Map([[name, pin]]);
  return { project, environment, place, before, moved, notes: notes.map(({ text }) => text), otherwise: "" };
}

function promotedOf(project: Project, { promotion }: Environment, name: string) {
  const from = promotion && readEnvironments(project).get(promotion.from);
  const file = from && readLockFile(project.directory, from);
  const pin = file?.pins.get(name);
  return file && pin && { pin, place: file };
}

/** An empty one, as of a variable that is not set, must not pass for none. */
function imageId(text: string): string {
  if (isImageId(text)) return text;
  throw new InvalidArgumentError("It must be the ID of an image, without spaces: workspace-images list");
}

/** What is wanted, before any environment is looked at. */
async function wishOf(name: string, options: PinOptions, project: Project): Promise<Wish> {
  if (!isPinName(name)) {
    throw new ConfigurationError("A pin's name must have 1 to 255 characters, and no control characters.");
  }
  const { all = false, image, fromPlan } = options;
  const filters = filterOf(options);
  const isAsked = Object.keys(filters).length > 0;
  const inFile = readFileLookups(project)?.get(name);
  if (inFile && (isAsked || all)) {
    throw new ConfigurationError(
      `What pin "${name}" asks stands in workspace-images.json: change lookups.${name} there, or leave the filters out.`,
    );
  }
  const cardinality = all ? "all" : "one";
  const asked =
    isAsked || all ? { filter: parseFilter(filters, cardinality, "pin"), cardinality } : undefined;
  const named = fromPlan
    ? await runningImages(fromPlan, all || inFile?.cardinality === "all")
    : image !== undefined
      ? [{ id: image }]
      : undefined;
  return {
    name,
    question: inFile ?? (asked as Question | undefined),
    named,
    isAdoption: fromPlan !== undefined,
  };
}

function questionFor({ name, question, named }: Wish, before: Pin | undefined): Question {
  if (question) return question;
  if (named && before) return before;
  const [image] = named ?? [];
  if (!before) return { filter: image ? { imageId: image.id } : {}, cardinality: "one" };
  throw new ConfigurationError(
    `What is pin "${name}" to get? Give filters such as --image-type gold, or --image, or --from-plan.`,
  );
}

/** The images that run: one, unless all are wanted. */
async function runningImages(fromPlan: readonly string[], wantsAll: boolean): Promise<NamedImage[]> {
  const [file, ...addresses] = fromPlan;
  if (file === undefined || addresses.length === 0) {
    throw new ConfigurationError(
      "--from-plan takes a file and an address: --from-plan state.json huaweicloud_workspace_desktop.office",
    );
  }
  const images = new Map<string, NamedImage & { address: string }>();
  for (const { imageId, imageType, address, type } of await readRunningImages(file, addresses)) {
    if (!images.has(imageId))
      images.set(imageId, { id: imageId, imageType: listedType(type, imageType), address });
  }
  if (images.size === 1 || wantsAll) return [...images.values()];
  const found = [...images.values()].slice(0, 10).map(({ id, address }) => `  ${id}: ${address}`);
  throw new ConfigurationError(
    `The resources at ${addresses.join(", ")} have ${images.size} images:\n${found.join("\n")}\nGive each image a pin of its own, by a narrower address.`,
  );
}

/** What the listing calls the image type of a resource, where that is clear. */
function listedType(type: string, imageType: string | undefined): "gold" | "private" | undefined {
  const { gold = [], private: own = [] } = resourceKind(type)?.imageTypes ?? {};
  if (imageType === undefined) return undefined;
  return gold.includes(imageType)
    ? "gold"
    : own.includes(imageType) && imageType === "private"
      ? "private"
      : undefined;
}

function alreadyThere(name: string, before: Pin | undefined, environment: Environment): string {
  return before
    ? `pin "${name}" has that already; to move it: ${moveCommand(name, before, environment)}`
    : "nothing to pin";
}
