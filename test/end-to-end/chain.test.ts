import fc from "fast-check";
import { DataHuaweicloudWorkspaceImage, type SingleImageFilter, type WorkspaceImage } from "../../src";
import { readArrivals } from "../../src/pins/arrival";
import { newPin } from "../../src/pins/changed-pin";
import { readLockFile, updateLockFile } from "../../src/pins/lock-file";
import { type Decided, decide, type Prospect } from "../../src/pins/moves";
import type { Pin } from "../../src/pins/pin";
import type { Objection } from "../../src/pins/policy";
import { promotionProspects } from "../../src/pins/promotion";
import { readRevocations } from "../../src/pins/revoked";
import { rollbackProspects } from "../../src/pins/rollback";
import { updateProspects } from "../../src/pins/update";
import type { Environment } from "../../src/project/environment";
import { thrown } from "../support/errors";
import { image } from "../support/images";
import { TestProject } from "../support/project";
import { TestRepository } from "../support/repository";
import { enter, restoreProcess, synthesize } from "../support/synth";

restoreProcess();

const DAY = 24 * 3600 * 1000;
const REGIONS = { dev: "cn-north-4", staging: "cn-north-4", prod: "cn-south-1" };
type Name = keyof typeof REGIONS;
const NAMES = Object.keys(REGIONS) as Name[];
const ENVIRONMENTS: Record<Name, Environment> = {
  dev: { name: "dev" },
  staging: { name: "staging", promotion: { from: "dev", minAgeDays: 2 } },
  prod: { name: "prod", promotion: { from: "staging", minAgeDays: 7 } },
};
const PIN = "office";

/** Three environments in two regions, with a clock of their own and a real repository. */
class Chain {
  now = new Date("2026-01-05T08:00:00Z");
  filter: SingleImageFilter = { imageType: "gold", mostRecent: true, nameRegex: "^Windows_11" };
  readonly project: TestProject;
  private readonly repository: TestRepository;
  private readonly listings: Record<string, WorkspaceImage[]> = { "cn-north-4": [], "cn-south-1": [] };
  private readonly revoked: string[] = [];
  /** The release that each environment has had, since its commit. */
  private readonly story: Record<Name, { release: string; since: number }[]> = {
    dev: [],
    staging: [],
    prod: [],
  };

  constructor() {
    const configs = NAMES.map((name) => {
      const { promotion } = ENVIRONMENTS[name];
      return [name, { region: REGIONS[name], ...(promotion && { promotion }) }];
    });
    this.project = new TestProject(Object.fromEntries(configs));
    this.repository = new TestRepository(this.project);
    enter(this.project);
  }

  async begin(): Promise<void> {
    this.publish("a");
    for (const name of NAMES) {
      const images = this.listings[REGIONS[name]]!;
      this.write(
        name,
        new Map([[PIN, newPin({ filter: this.filter, cardinality: "one" }, images, this.now)]]),
      );
    }
    await this.commit("First pins");
  }

  pass(days: number): void {
    this.now = new Date(this.now.getTime() + days * DAY);
  }

  /** A release has an ID of its own in every region. */
  publish(release: string): void {
    for (const [region, images] of Object.entries(this.listings)) {
      const createdAt = this.now.toISOString();
      images.push(image({ id: `${release}-${region}`, name: `Windows_11_${release}`, createdAt }));
    }
  }

  /** The next of many. */
  publishNext(): void {
    this.pass(1);
    this.publish(`r${this.listings["cn-north-4"]!.length}`);
  }

  /** One of those in the middle. */
  revokeOne(): Promise<void> {
    const releases = this.listings["cn-north-4"]!;
    return this.revoke(releases[Math.floor(releases.length / 2)]!.name!.replace("Windows_11_", ""));
  }

  async revoke(release: string): Promise<void> {
    this.revoked.push(release);
    const revoked = this.revoked.map((name) => ({ name: `Windows_11_${name}`, reason: "bad" }));
    this.project.write("workspace-images/revoked.json", JSON.stringify({ revoked }));
    await this.commit(`Revoke ${release}`);
  }

  /** The stacks ask for something else, and are synthesized where no service can be reached. */
  async ask(filter: SingleImageFilter): Promise<void> {
    this.filter = filter;
    await this.synth("auto");
    await this.commit("Ask for something else");
  }

  update(name: Name): Promise<Decided> {
    const listings = [{ query: {}, images: this.listings[REGIONS[name]]! }];
    return this.move(name, updateProspects(this.pins(name), { ...this.listed(name), listings }), () => true);
  }

  async promote(
    from: Name,
    to: Name,
    leaves: (objection: Objection) => boolean = () => false,
  ): Promise<Decided> {
    return this.move(to, await this.promotion(from, to), leaves);
  }

  /** What forbids a promotion. */
  async refusal(from: Name, to: Name): Promise<string[]> {
    const prospects = await this.promotion(from, to);
    const error = thrown(() => decide(prospects, { environment: to, leaves: () => false, next: "" }));
    return (error as unknown as { refusals: Objection[] }).refusals.map(({ rule, ripeAt }) =>
      ripeAt === undefined ? rule : `${rule} until ${ripeAt}`,
    );
  }

  async rollback(name: Name): Promise<Decided> {
    const listing = this.listings[REGIONS[name]]!;
    return this.move(
      name,
      rollbackProspects(this.pins(name), { ...this.listed(name), listing }),
      () => true,
      true,
    );
  }

  async release(name: Name): Promise<void> {
    const { hold: _, ...pin } = this.pins(name).get(PIN)!;
    this.write(name, new Map([[PIN, pin]]));
    await this.commit("Release");
  }

  /** The release that every environment has. */
  releases(): string[] {
    return NAMES.map((name) => this.releaseOf(this.pins(name).get(PIN)!));
  }

  pins(name: Name) {
    return readLockFile(this.project.directory, { ...ENVIRONMENTS[name], region: REGIONS[name] })!.pins;
  }

  private async promotion(from: Name, to: Name): Promise<Prospect[]> {
    const arrival = await readArrivals({ directory: this.project.directory }, from);
    return promotionProspects(
      { environment: from, place: this.place(from), pins: this.pins(from), arrival },
      {
        environment: ENVIRONMENTS[to],
        place: this.place(to),
        pins: this.pins(to),
        listing: this.listings[REGIONS[to]]!,
      },
      this.listed(to),
    );
  }

  private async move(
    name: Name,
    prospects: Prospect[],
    leaves: (objection: Objection) => boolean,
    isRollback = false,
  ): Promise<Decided> {
    const decided = decide(prospects, { environment: name, leaves, next: "" });
    const after = decided.moved.get(PIN);
    if (after) {
      if (!isRollback)
        this.expectAllowed(name, this.releaseOf(this.pins(name).get(PIN)!), this.releaseOf(after));
      this.write(name, decided.moved);
      await this.commit(`Move ${name}`);
    }
    return decided;
  }

  /** What no policy must let through, told from the story alone. */
  private expectAllowed(name: Name, before: string, after: string): void {
    expect(this.revoked).not.toContain(after);
    const { promotion } = ENVIRONMENTS[name];
    if (!promotion || before === after) return;
    const last = this.story[promotion.from as Name].at(-1)!;
    expect(last.release).toBe(after);
    if (this.revoked.includes(before)) return;
    expect(this.now.getTime() - last.since).toBeGreaterThanOrEqual((promotion.minAgeDays ?? 0) * DAY);
  }

  private async commit(message: string): Promise<void> {
    this.repository.now = this.now.getTime() / 1000;
    this.repository.commit(message);
    for (const name of NAMES) {
      const release = this.releaseOf(this.pins(name).get(PIN)!);
      const story = this.story[name];
      if (story.at(-1)?.release !== release) story.push({ release, since: this.now.getTime() });
    }
    await this.synth("frozen");
  }

  /** Builds every stage from what is committed. */
  private async synth(mode: "auto" | "frozen"): Promise<void> {
    const { built } = await synthesize(
      (stack) =>
        NAMES.map((environment) => {
          const id = `${PIN}-${environment}`;
          return new DataHuaweicloudWorkspaceImage(stack, id, { environment, pinName: PIN, ...this.filter })
            .id;
        }),
      { mode },
    );
    expect(built).toEqual(NAMES.map((name) => this.pins(name).get(PIN)!.images[0]!.id));
  }

  private listed(name: Name) {
    const revocations = readRevocations(this.project.directory);
    return { environment: ENVIRONMENTS[name], region: REGIONS[name], revocations, now: this.now };
  }

  private place(name: Name) {
    return { region: REGIONS[name], projectId: REGIONS[name] };
  }

  private releaseOf({ images }: Pin): string {
    return images[0]!.name!.replace("Windows_11_", "");
  }

  private write(name: Name, pins: ReadonlyMap<string, Pin>): void {
    updateLockFile(this.project.directory, ENVIRONMENTS[name], this.place(name), (current) => {
      for (const [pin, state] of pins) current.set(pin, state);
    });
  }
}

test("half a year: releases, an edited question, a rollback, and a bad image that is revoked while prod waits", async () => {
  const chain = new Chain();
  await chain.begin();
  expect(chain.releases()).toEqual(["a", "a", "a"]);

  // A release goes from stage to stage, as old as each wants it.
  chain.pass(28);
  chain.publish("b");
  await chain.update("dev");
  expect((await chain.update("prod")).left.get(PIN)?.objections).toMatchObject([{ rule: "promotion" }]);
  chain.pass(1);
  expect(await chain.refusal("dev", "staging")).toEqual(["minAgeDays until 2026-02-04T08:00:00Z"]);
  expect(await chain.refusal("dev", "prod")).toEqual(["promotion"]);
  chain.pass(1);
  await chain.promote("dev", "staging");
  chain.pass(6);
  expect(await chain.refusal("staging", "prod")).toEqual(["minAgeDays until 2026-02-11T08:00:00Z"]);
  expect((await chain.promote("staging", "prod", () => true)).moved.size).toBe(0);
  chain.pass(1);
  await chain.promote("staging", "prod");
  expect(chain.releases()).toEqual(["b", "b", "b"]);

  // The question is edited: every stage keeps its image, although a newer one is there.
  chain.pass(20);
  chain.publish("c");
  await chain.ask({ ...chain.filter, minDiskAtMost: 90 });
  expect(chain.releases()).toEqual(["b", "b", "b"]);

  // It turns out bad in staging, while prod waits for it.
  await chain.update("dev");
  chain.pass(2);
  await chain.promote("dev", "staging");
  chain.pass(3);
  await chain.rollback("staging");
  expect(chain.releases()).toEqual(["c", "b", "b"]);
  expect(chain.pins("staging").get(PIN)?.hold?.reason).toBe("rolled back from Windows_11_c");
  chain.pass(7);
  expect(await chain.refusal("dev", "staging")).toEqual(["hold"]);
  expect((await chain.promote("staging", "prod")).moved.size).toBe(0);
  await chain.revoke("c");
  await chain.release("staging");
  expect(await chain.refusal("dev", "staging")).toEqual(["revoked"]);
  await chain.update("dev");
  expect(chain.releases()).toEqual(["b", "b", "b"]);

  // What prod runs turns out bad: its successor comes as soon as staging has it.
  chain.pass(5);
  chain.publish("d");
  await chain.update("dev");
  chain.pass(2);
  await chain.promote("dev", "staging");
  chain.pass(1);
  expect(await chain.refusal("staging", "prod")).toEqual(["minAgeDays until 2026-03-29T08:00:00Z"]);
  await chain.revoke("b");
  await chain.promote("staging", "prod");
  expect(chain.releases()).toEqual(["d", "d", "d"]);
  expect(
    chain
      .pins("prod")
      .get(PIN)
      ?.previous?.map(({ names }) => names[0]),
  ).toEqual(["Windows_11_b", "Windows_11_a"]);
  // There is no way back to a bad one.
  expect((await chain.rollback("prod")).left.get(PIN)?.objections).toMatchObject([{ rule: "revoked" }]);

  // The question is edited so that nothing answers it: all stay, and say so.
  await chain.ask({ ...chain.filter, minDiskAtMost: 50 });
  expect(chain.releases()).toEqual(["d", "d", "d"]);
  expect(chain.pins("prod").get(PIN)?.unmet).toEqual(["minDiskAtMost"]);
  chain.pass(10);
  chain.publish("e");
  expect((await chain.update("dev")).left.get(PIN)?.objections).toMatchObject([{ rule: "undecided" }]);
});

test("whatever is done in whatever order, no image goes where a policy forbids, and frozen synths pass", async () => {
  let moves = 0;
  const one = <T>(arbitrary: fc.Arbitrary<T>, weight: number) => ({ arbitrary, weight });
  const on = (does: "update" | "rollback" | "release", ...names: Name[]) =>
    fc.constantFrom(...names).map((name) => async (chain: Chain) => {
      if (does === "release") return chain.release(name);
      moves += (await chain[does](name)).moved.size;
    });
  const ways: [Name, Name][] = [
    ["dev", "staging"],
    ["staging", "prod"],
    ["dev", "prod"],
  ];
  const action = fc.oneof(
    one(
      fc.integer({ min: 1, max: 9 }).map((days) => async (chain: Chain) => chain.pass(days)),
      3,
    ),
    one(
      fc.constant(async (chain: Chain) => chain.publishNext()),
      2,
    ),
    one(
      fc.constant((chain: Chain) => chain.revokeOne()),
      1,
    ),
    one(on("update", "dev", "dev", "dev", "prod"), 3),
    one(on("rollback", ...NAMES), 1),
    one(on("release", ...NAMES), 1),
    one(
      fc.constantFrom(...ways).map(([from, to]) => async (chain: Chain) => {
        moves += (await chain.promote(from, to, () => true)).moved.size;
      }),
      4,
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 30 }), async (actions) => {
      const chain = new Chain();
      await chain.begin();
      for (const act of actions) await act(chain);
    }),
    { numRuns: 6, endOnFailure: true },
  );
  expect(moves).toBeGreaterThan(0);
});
