import {
  commitsOf,
  contentsOf,
  type GitChange,
  type GitCommit,
  isShallow,
  LINK_PROBLEM,
  mainLine,
} from "./git";
import type { GitFolder } from "./git-process";
import { LOCK_FILE_PATH, LOCK_FOLDER } from "./lock-file";
import { MAX_LOCK_FILE } from "./lock-file-format";
import { type PastLockFile, readPastLockFile } from "./past-lock-file";
import { hasSameIds, type Pin, type Pins } from "./pin";
import { originOfEnvironment, type PinChange, pinChanges } from "./pin-changes";

/** Something that a commit did to a pin, or to a whole environment. */
export interface HistoryEvent {
  /** The commit with which it came into the main line. */
  readonly commit: GitCommit;
  /** The commit that made it: on the branch where a merge brought it in. */
  readonly by: GitCommit;
  /** The environment's name then. */
  readonly environment: string;
  /** What happened to a pin of it. */
  readonly change?: PinChange;
  /** The environment that this one was renamed or copied from. */
  readonly origin?: { readonly environment: string; readonly isCopy: boolean };
  /** Why the lock file could not be read in this commit; the next one that can be read goes on from the last. */
  readonly gap?: string;
  /** The pin that it happened to, under whatever names. */
  readonly lane?: Lane;
  /** Whether it was dropped together with the whole lock file. */
  readonly isFileGone?: true;
}

/** One pin of one environment over time, under its latest names. */
export interface Lane {
  environment: string;
  pin: string;
  /** Where its images are. */
  region: string;
  /** Its states, oldest first. */
  readonly spans: Span[];
}

/** A time in which a pin had the same images and the same hold. */
export interface Span {
  readonly from: GitCommit;
  /** Left out where it is still so. */
  until?: GitCommit;
  readonly state: Pin;
}

/** What git knows of all pins. */
export interface History {
  /** Oldest first. */
  readonly events: readonly HistoryEvent[];
  readonly lanes: readonly Lane[];
  /** Whether commits before the oldest one here were not fetched. */
  readonly isShallow: boolean;
}

/** An environment in the commit that was looked at last. */
interface State extends PastLockFile {
  readonly lanes: Map<string, Lane>;
}

/**
 * What happened to the pins of a project, on the main line up to a commit: from each to its first parent.
 * @throws GitError
 */
export async function readHistory(git: GitFolder, commit = "HEAD"): Promise<History> {
  const [all, main, shallow] = await Promise.all([
    commitsOf(git, commit, LOCK_FOLDER),
    mainLine(git, commit),
    isShallow(git),
  ]);
  const isMain = new Set(main);
  const commits = all
    .filter(({ id }) => isMain.has(id))
    .map((commit) => ({ commit, files: commit.changes.filter(({ path }) => LOCK_FILE_PATH.test(path)) }));
  const authors = authorsOf(all.filter(({ id }) => !isMain.has(id)));
  const blobs = commits.flatMap(({ files }) => files.flatMap(({ blob }) => blob ?? []));
  const contents = contentsOf(git, blobs, MAX_LOCK_FILE);
  const story = new Story();
  try {
    for (const { commit, files } of commits) {
      const versions: Version[] = [];
      for (const file of files) {
        const { value: blob } = file.blob === undefined ? {} : await contents.next();
        const content = file.isLink ? { problem: LINK_PROBLEM } : blob;
        const by = commit.parents.length > 1 ? authors.get(keyOf(file)) : undefined;
        versions.push({ environment: LOCK_FILE_PATH.exec(file.path)![1]!, content, by: by ?? commit });
      }
      story.goOn(commit, versions);
    }
  } finally {
    await contents.return(undefined);
  }
  return { events: story.events, lanes: story.lanes, isShallow: shallow };
}

/** A time in which a pin had the same images. */
export interface Stay {
  readonly images: Pin["images"];
  readonly from: GitCommit;
  /** Left out where it still has them. */
  readonly until?: GitCommit;
  /** When they were pinned, as the lock file says. */
  readonly pinnedAt: string;
}

/** The images that a pin of an environment has had, oldest first. */
export function staysOf({ lanes }: History, environment: string, pin: string): Stay[] {
  const stays: Stay[] = [];
  const lane = lanes.findLast((other) => other.environment === environment && other.pin === pin);
  for (const { from, until, state } of lane?.spans ?? []) {
    const last = stays.at(-1);
    const isSame = last !== undefined && hasSameIds(last.images, state.images);
    const { images, pinnedAt } = isSame ? last : state;
    if (isSame) stays.pop();
    stays.push({ images, pinnedAt, from: isSame ? last.from : from, ...(until && { until }) });
  }
  return stays;
}

/** The commits of branches that made a file what a merge took over. */
function authorsOf(commits: readonly GitCommit[]): Map<string, GitCommit> {
  const authors = new Map<string, GitCommit>();
  for (const commit of commits) {
    for (const file of commit.changes) if (!authors.has(keyOf(file))) authors.set(keyOf(file), commit);
  }
  return authors;
}

function keyOf({ path, blob = "" }: GitChange): string {
  return `${path}\n${blob}`;
}

/** A lock file as a commit left it. */
interface Version {
  readonly environment: string;
  /** Undefined where the commit removed it. */
  readonly content: { readonly text: string } | { readonly problem: string } | undefined;
  readonly by: GitCommit;
}

/** A lock file that a commit removed. */
const GONE: PastLockFile = { head: "", region: "", texts: new Map(), pins: new Map() };

/** Goes from commit to commit. */
class Story {
  readonly events: HistoryEvent[] = [];
  readonly lanes: Lane[] = [];
  private readonly states = new Map<string, State>();

  goOn(commit: GitCommit, versions: readonly Version[]): void {
    const hasNew = versions.some(({ environment, content }) => content && !this.states.has(environment));
    // What one run pinned in several environments is no copy.
    const known = hasNew ? new Map(this.states) : this.states;
    const removed = new Set(versions.filter(({ content }) => !content).map(({ environment }) => environment));
    for (const { environment, content, by } of versions) {
      if (!content) continue;
      const before = this.states.get(environment);
      const after = readPastLockFile(content, environment, before);
      if ("gap" in after) {
        this.events.push({ commit, by, environment, gap: after.gap });
        continue;
      }
      const origin = before ? undefined : originOf(after.pins, known, removed);
      if (origin) this.events.push({ commit, by, environment, origin });
      const old =
        before ?? (origin && this.takeOver(origin, known.get(origin.environment)!, environment, commit));
      if (origin && !origin.isCopy) removed.delete(origin.environment);
      this.compare(commit, by, environment, old, after);
    }
    for (const { environment, content, by } of versions) {
      if (content || !removed.has(environment)) continue;
      const old = this.states.get(environment);
      if (old) this.compare(commit, by, environment, old, GONE);
      this.states.delete(environment);
    }
  }

  private takeOver(
    origin: { environment: string; isCopy: boolean },
    state: State,
    environment: string,
    commit: GitCommit,
  ): State {
    if (!origin.isCopy) {
      this.states.delete(origin.environment);
      for (const lane of state.lanes.values()) lane.environment = environment;
      return state;
    }
    const lanes = [...state.pins].map(([pin, value]): [string, Lane] => [
      pin,
      this.begin({ environment, pin, region: state.region }, value, commit),
    ]);
    return { ...state, lanes: new Map(lanes) };
  }

  private compare(
    commit: GitCommit,
    by: GitCommit,
    environment: string,
    before: State | undefined,
    after: PastLockFile,
  ): void {
    const lanes = new Map(before?.lanes);
    const changes = pinChanges(before?.pins ?? new Map(), after.pins);
    // What is renamed leaves its name to others, before these get it.
    const moved = changes.map((change) => {
      const isSamePin = change.before && !change.what.includes("copied");
      return { change, lane: isSamePin ? lanes.get(change.was ?? change.pin) : undefined };
    });
    for (const { change } of moved) {
      if (!change.what.includes("renamed")) continue;
      const replaced = change.replaced && lanes.get(change.pin);
      if (replaced) goOn(replaced, undefined, commit);
      lanes.delete(change.was!);
    }
    for (const { change, lane: known } of moved) {
      const { pin, after: now } = change;
      const lane = known ?? this.begin({ environment, pin, region: after.region }, now!, commit);
      lane.pin = pin;
      if (now) lane.region = after.region;
      if (now) lanes.set(pin, lane);
      else lanes.delete(pin);
      if (known) goOn(lane, now, commit);
      const isFileGone = after === GONE;
      this.events.push({ commit, by, environment, change, lane, ...(isFileGone && { isFileGone }) });
    }
    this.states.set(environment, { ...after, lanes });
  }

  private begin(where: Omit<Lane, "spans">, state: Pin, from: GitCommit): Lane {
    const lane: Lane = { ...where, spans: [{ from, state }] };
    this.lanes.push(lane);
    return lane;
  }
}

/** The environment whose pins a new one has: one that was just removed, else one that is still there. */
function originOf(
  pins: Pins,
  known: ReadonlyMap<string, State>,
  removed: ReadonlySet<string>,
): HistoryEvent["origin"] {
  const states = [...known].map(([name, state]) => [name, state.pins] as const);
  const renamed = originOfEnvironment(
    pins,
    states.filter(([name]) => removed.has(name)),
  );
  if (renamed !== undefined) return { environment: renamed, isCopy: false };
  const copied = originOfEnvironment(pins, states);
  return copied === undefined ? undefined : { environment: copied, isCopy: true };
}

/** Ends a lane's last state, and begins the next one where it looks different. */
function goOn(lane: Lane, state: Pin | undefined, commit: GitCommit): void {
  const last = lane.spans.at(-1)!;
  if (state && hasSameIds(last.state.images, state.images) && !last.state.hold === !state.hold) return;
  last.until = commit;
  if (state) lane.spans.push({ from: commit, state });
}
