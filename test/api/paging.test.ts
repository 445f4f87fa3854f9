import * as fc from "fast-check";
import { type Page, takeListing as takePages } from "../../src/api/paging";

/** The images of one taking; a listing that is cut off has a test of its own. */
const takeListing = async (...parameters: Parameters<typeof takePages>) =>
  (await takePages(...parameters))?.images;

/** What happens to a listing right before one of its pages is answered; positions are parts of the whole. */
type Change = { readonly publishAt: number } | { readonly deleteAt: number };

interface Day {
  /** How many images there are at first. */
  readonly count: number;
  /** What happens before the first, second, … answer. */
  readonly changes: readonly (readonly Change[])[];
  /** Most images of the first, second, … answer; the last holds for all that follow. */
  readonly caps: readonly number[];
  readonly total: "right" | "one" | "page" | "high" | "missing";
  /** How many turns the first, second, … answer takes: answers overtake one another. */
  readonly turns: readonly number[];
  readonly concurrency: number;
}

/** A service whose images change between any two answers. An image keeps its place in the order, and its ID is new. */
class ChangingService {
  /** In their order. */
  images: string[];
  /** Every image that ever was, and those that never went. */
  readonly ever: Set<string>;
  readonly always: Set<string>;
  requests = 0;
  underWay = 0;
  mostUnderWay = 0;

  constructor(private readonly day: Day) {
    this.images = Array.from({ length: day.count }, (_, index) => `image-${index}`);
    this.ever = new Set(this.images);
    this.always = new Set(this.images);
  }

  readonly readPage = async (offset: number): Promise<Page> => {
    const request = this.requests++;
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    const { changes, caps, turns, total } = this.day;
    for (let turn = 0; turn < (turns[request] ?? 0); turn++) await undefined;
    for (const change of changes[request] ?? []) this.apply(change, request);
    const images = this.images.slice(offset, offset + (caps[request] ?? caps.at(-1) ?? 100));
    this.underWay--;
    const totals = {
      right: this.images.length,
      one: Math.min(1, this.images.length),
      page: images.length,
      high: this.images.length + 7,
      missing: undefined,
    };
    return { images: images.map((id) => ({ id })), total: totals[total] };
  };

  private apply(change: Change, request: number): void {
    if ("publishAt" in change) {
      const id = `published-${request}-${this.ever.size}`;
      this.images.splice(Math.floor(change.publishAt * (this.images.length + 1)), 0, id);
      this.ever.add(id);
    } else if (this.images.length > 0) {
      const [gone = ""] = this.images.splice(Math.floor(change.deleteAt * this.images.length), 1);
      this.always.delete(gone);
    }
  }
}

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const change = fc.oneof(fc.record({ publishAt: place }), fc.record({ deleteAt: place }));
const count = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 60 }));
const cap = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 }));
const common = {
  count,
  total: fc.constantFrom(
    "right" as const,
    "one" as const,
    "page" as const,
    "high" as const,
    "missing" as const,
  ),
  turns: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 }),
  concurrency: fc.integer({ min: 1, max: 5 }),
};
const changes = fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 30 });

/** A listing that came about while images changed: whatever was there all the while is in it, nothing twice. */
function expectNothingLost(service: ChangingService, images: readonly { id: string }[]): void {
  const ids = images.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...service.always].filter((id) => !ids.includes(id))).toEqual([]);
  expect(ids.filter((id) => !service.ever.has(id))).toEqual([]);
}

describe("a listing", () => {
  test("is complete and in order, whatever the total says and however small the pages are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ ...common, cap }), async ({ cap, ...day }) => {
        const service = new ChangingService({ ...day, changes: [], caps: [cap] });
        const images = await takeListing(service.readPage, 0, () => day.concurrency);
        expect(images?.map(({ id }) => id)).toEqual(service.images);
        expect(service.mostUnderWay).toBeLessThanOrEqual(day.concurrency);
      }),
      { numRuns: 2000 },
    );
  });

  test("never loses or repeats an image when others are published and deleted between any two pages", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.record({ ...common, cap, changes }), async ({ cap, ...day }) => {
        const service = new ChangingService({ ...day, caps: [cap] });
        const images = await takeListing(service.readPage, 0, () => day.concurrency);
        if (!images) return;
        taken++;
        expectNothingLost(service, images);
      }),
      { numRuns: 5000 },
    );
    // The property says nothing where a listing must be taken again: that must not be the rule.
    expect(taken).toBeGreaterThan(500);
  });

  test("never loses an image when the size of a page changes as well", async () => {
    const caps = fc.array(fc.integer({ min: 2, max: 12 }), { minLength: 1, maxLength: 12 });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.record({ ...common, caps, changes }), async (day) => {
        const service = new ChangingService(day);
        const images = await takeListing(service.readPage, 0, () => day.concurrency);
        if (!images) return;
        taken++;
        expectNothingLost(service, images);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  test("never loses an image when pages of one image leave nothing to overlap", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ...common,
          count: fc.integer({ min: 0, max: 4 }),
          caps: fc.array(fc.constantFrom(1, 1, 2, 9), { maxLength: 6 }).map((caps) => [1, ...caps]),
          changes: fc.array(fc.array(change, { maxLength: 1 }), { maxLength: 6 }),
        }),
        async (day) => {
          const service = new ChangingService(day);
          const images = await takeListing(service.readPage, 0, () => day.concurrency);
          if (!images) return;
          taken++;
          expectNothingLost(service, images);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  test("is taken again when its end was seen before its last image was published", async () => {
    const day: Day = {
      count: 2,
      // The page at offset 1 comes last, and something stands there by then.
      changes: [[], [{ publishAt: 0.5 }]],
      turns: [0, 12],
      caps: [1],
      total: "high",
      concurrency: 4,
    };
    expect(await takeListing(new ChangingService(day).readPage, 0, () => 4)).toBeUndefined();
  });

  test("is complete however pages are cut down, to one image too, as long as the totals say what there is", async () => {
    const caps = fc.array(fc.constantFrom(1, 1, 1, 2, 5, 10, 30), { minLength: 2, maxLength: 12 });
    const totals = fc.constantFrom("right" as const, "high" as const);
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.record({ ...common, caps, total: totals }), async (day) => {
        // Later pages come whole: else everything says that there is an end, and is no end.
        const service = new ChangingService({ ...day, changes: [], caps: [...day.caps, 100] });
        const images = await takeListing(service.readPage, 0, () => day.concurrency);
        if (!images) return;
        taken++;
        expect(images.map(({ id }) => id)).toEqual(service.images);
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  test.each([0, 1])(
    "does not end where a page %i before the last shrank to one image and totals say more",
    async (before) => {
      for (const total of ["right", "high"] as const) {
        const day: Day = { count: 150, changes: [], caps: [100], total, turns: [], concurrency: 4 };
        const service = new ChangingService(day);
        let shrunk = 0;
        const readPage = async (offset: number) => {
          const page = await service.readPage(offset);
          const isShrunk = offset === 99 && shrunk++ <= before;
          return isShrunk ? { ...page, images: page.images.slice(0, 1) } : page;
        };
        // The answer is the whole listing, or that it must be taken again.
        const takes = [];
        for (let take = 0; take < 3; take++) takes.push((await takeListing(readPage, 0, () => 4))?.length);
        expect(takes.filter((length) => length !== undefined && length !== 150)).toEqual([]);
        expect(takes.at(-1)).toBe(150);
      }
    },
  );

  test("does not end where the page that shrank to one image says that there are no more, and another says more", async () => {
    const ofShrunkPages = [1, 100, undefined];
    const day: Day = { count: 150, changes: [], caps: [100], total: "right", turns: [], concurrency: 4 };
    for (const total of ofShrunkPages) {
      const service = new ChangingService(day);
      const readPage = async (offset: number) => {
        const page = await service.readPage(offset);
        return offset === 99 ? { images: page.images.slice(0, 1), total } : page;
      };
      expect(await takeListing(readPage, 0, () => 4)).toBeUndefined();
    }
  });

  test("is taken again when a page in the middle is cut down to one image", async () => {
    const day: Day = {
      count: 20,
      changes: [],
      caps: [5, 5, 1, 5],
      total: "right",
      turns: [],
      concurrency: 4,
    };
    expect(await takeListing(new ChangingService(day).readPage, 0, () => 4)).toBeUndefined();
  });

  test("never loses an image when equal names come in another order every time", async () => {
    const groups = ["a", "b1 b2 b3", "c1 c2", "d", "e1 e2 e3 e4"].map((group) => group.split(" "));
    const orders = fc.array(
      fc.tuple(...groups.map((ids) => fc.shuffledSubarray(ids, { minLength: ids.length }))),
      { minLength: 20, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 1, max: 6 }), async (orders, cap) => {
        let request = 0;
        const readPage = async (offset: number): Promise<Page> => {
          const ids = orders[request++ % orders.length]?.flat() ?? [];
          return { images: ids.slice(offset, offset + cap).map((id) => ({ id })), total: ids.length };
        };
        const images = await takeListing(readPage, 0, () => 4);
        if (images) expect(images.map(({ id }) => id).sort()).toEqual(groups.flat());
      }),
      { numRuns: 3000 },
    );
  });

  test("is empty only if it is so twice, where the total says that something is there", async () => {
    const empties = (times: number, total: number | undefined) => {
      let left = times;
      return async () => ({ images: left-- > 0 ? [] : [{ id: "x" }], total });
    };
    expect(await takeListing(empties(1, 1), 0, () => 4)).toBeUndefined();
    expect(await takeListing(empties(1, 8), 7, () => 4)).toBeUndefined();
    expect(await takeListing(empties(2, 1), 0, () => 4)).toEqual([]);
    for (const total of [0, undefined]) expect(await takeListing(empties(1, total), 0, () => 4)).toEqual([]);
    // Where less is there than is left out, nothing is right.
    expect(await takeListing(empties(1, 7), 7, () => 4)).toEqual([]);
  });

  test("that never ends is given up", async () => {
    let next = 0;
    const endless = async () => ({
      images: [{ id: "x" }, { id: `${next++}` }, { id: "x" }],
      total: undefined,
    });
    await expect(takeListing(endless, 0, () => 4)).rejects.toMatchObject({ code: "LISTING_TOO_LARGE" });
  });

  test("asks for nothing more once a page failed", async () => {
    let requests = 0;
    const readPage = async (offset: number): Promise<Page> => {
      requests++;
      if (offset === 1) throw new Error("refused");
      await new Promise((resolve) => setImmediate(resolve));
      return { images: [{ id: `${offset}` }, { id: `${offset + 1}` }], total: 1000 };
    };
    await expect(takeListing(readPage, 0, () => 4)).rejects.toThrow("refused");
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(requests).toBe(1 + 4);
  });

  test("asks for nothing more once two pages do not fit", async () => {
    for (const images of [[{ id: "a" }, { id: "b" }, { id: "c" }], [{ id: "a" }]]) {
      let requests = 0;
      const offsetIgnored = async (): Promise<Page> => {
        requests++;
        return { images, total: undefined };
      };
      expect(await takeListing(offsetIgnored, 0, () => 4)).toBeUndefined();
      expect(requests).toBe(2);
    }
  });

  test("begins where it is asked to", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...common, cap, start: fc.integer({ min: 0, max: 70 }) }),
        async ({ cap, start, ...day }) => {
          fc.pre(start < day.count || day.total !== "high");
          const service = new ChangingService({ ...day, changes: [], caps: [cap] });
          const images = await takeListing(service.readPage, start, () => day.concurrency);
          expect(images?.map(({ id }) => id)).toEqual(service.images.slice(start));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
