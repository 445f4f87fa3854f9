import { ListingTooLargeError } from "../errors";
import { type ListedImage, withOddId } from "../images/workspace-image";

/** Beyond this the endpoint is not believed: no region has nearly as many images. */
const MAX_IMAGES = 20_000;
/** How many pages are asked for at once that may not be there. */
const MOST_UNKNOWN = 8;

/** One page of a listing. */
export interface Page {
  readonly images: readonly ListedImage[];
  /** How many images the service says there are, all pages together: a hint, because it may be wrong. */
  readonly total: number | undefined;
  /** Why there is no such page, where the service accepts no offset as great. */
  readonly refusal?: Error;
}

/**
 * How many pages may be read side by side now.
 * @param left how many there are still to be read, those included that are under way
 */
export type Width = (left: number) => number;

/** What one taking of a listing gave. */
export interface Taking {
  /** Every image once: all, or where it is cut off, the first ones. */
  readonly images: readonly ListedImage[];
  readonly total: number | undefined;
  /** Why it is cut off: the service accepts no greater offset. */
  readonly cutOff?: Error | undefined;
}

/**
 * Takes a listing whose images may be published and deleted meanwhile, whose total may be wrong, and whose pages may
 * be smaller than was asked for.
 *
 * Pages overlap by one image. Where each begins with the image that the one before ended with, no image that existed
 * all the while can have slipped between two pages, whatever was published or deleted, and in whichever order the
 * pages came: what stood behind that image in the one answer cannot stand before it in the other. The listing ends
 * where nothing follows that image; a page that is merely short proves it only together with a total that agrees.
 * Where the total says that more follows, that is heard: the end is then looked at twice, and nothing may stand
 * beyond it. An empty first page is believed unless its total says otherwise.
 * This holds as long as an image keeps its place in the order, and pages that hold more do not shrink to one image
 * while others change.
 *
 * @param readPage reads the page at an offset
 * @param start offset of the first image that is wanted
 * @param width how many pages may be read side by side, after the first
 * @param isLast whether it will not be taken again: an ID that stands for different images then makes them unselectable
 * @returns undefined if the pages do not fit together, so that the listing must be taken again
 * @throws ListingTooLargeError if there is no end to it
 */
export async function takeListing(
  readPage: (offset: number) => Promise<Page>,
  start: number,
  width: Width,
  isLast = false,
): Promise<Taking | undefined> {
  const first = await readPage(start);
  // A service may give less than was asked for: what it gave first is the size of a page.
  const size = first.images.length;
  if (size === 0) {
    // Where the total says otherwise, nothing is believed only if it is there twice: every pin would look deleted.
    const isDoubtful = (first.total ?? 0) > start;
    const isWrong = isDoubtful && (await readPage(start)).images.length > 0;
    return isWrong ? undefined : { images: [], total: first.total };
  }
  const step = Math.max(1, size - 1);
  const pages = [first];
  let isOver = false;
  const read = async (index: number) => {
    if (index * step > MAX_IMAGES) {
      throw new ListingTooLargeError(`The listing has more than ${MAX_IMAGES} images.`);
    }
    const page = await readPage(start + index * step);
    pages[index] = page;
    const neighbours = [pages[index - 1], page, pages[index + 1]];
    const isMisfit = [0, 1].some((at) => {
      const [one, other] = [neighbours[at], neighbours[at + 1]];
      // Pages of one image do not overlap.
      return one && other && meets(one, other) !== size > 1;
    });
    if (isMisfit || page.images.length < size) isOver = true;
  };
  const readFrom = (from: number, to: number, most = Number.POSITIVE_INFINITY) =>
    sideBySide(
      from,
      to,
      (left) => Math.min(most, width(Math.min(most, left))),
      read,
      () => isOver,
    );

  // As many as the total promises; then one, which mostly finds the end; then, where there was no promise, many.
  const promised = first.total === undefined ? 0 : Math.ceil((first.total - start - size) / step);
  await readFrom(1, promised);
  const next = Math.max(0, promised) + 1;
  await readFrom(next, next);
  await readFrom(next + 1, Number.POSITIVE_INFINITY, MOST_UNKNOWN);

  const last = pages.findIndex(({ images }) => images.length < size);
  // What was asked for beyond the end must be empty.
  if (last < 0 || pages.slice(last + 1).some(({ images }) => images.length > 0)) return undefined;
  const { refusal } = pages[last]!;
  // Pages of one image leave nothing to overlap, and so nothing to prove where it is cut off.
  if (refusal && size === 1) throw refusal;
  const whole = pages.slice(0, refusal ? last : last + 1);
  const end =
    size === 1
      ? await proveSingles(whole.slice(0, -1), readPage, start, width)
      : refusal
        ? { isProved: isJoined(whole), refusal }
        : await proveOverlapping(whole, readPage, start + last * step);
  if (!end.isProved) return undefined;
  const joined = whole.flatMap(({ images }, index) => images.slice(index === 0 || size === 1 ? 0 : 1));
  const images = unique(joined, whole, isLast);
  const total = whole.findLast((page) => page.total !== undefined)?.total;
  return images && { images, total, cutOff: end.refusal };
}

/** Whether pages are all there is. */
interface Proof {
  readonly isProved: boolean;
  /** Why that cannot be told. */
  readonly refusal?: Error | undefined;
}

/** Whether each page begins with the image that the one before it ended with. */
function isJoined(pages: readonly Page[]): boolean {
  return pages.every((page, index) => index === 0 || meets(pages[index - 1]!, page));
}

async function proveOverlapping(
  pages: readonly Page[],
  readPage: (offset: number) => Promise<Page>,
  lastOffset: number,
): Promise<Proof> {
  if (!isJoined(pages)) return { isProved: false };
  const lastPage = pages.at(-1)!;
  const end = lastOffset + lastPage.images.length;
  const isAtEnd = async (): Promise<Proof> => {
    const { images, refusal } = await readPage(end - 1);
    return {
      isProved:
        refusal !== undefined || (lastPage.images.at(-1)?.id === images[0]?.id && images.length === 1),
      refusal,
    };
  };
  if (lastPage.images.length > 1 && lastPage.total !== end) {
    const proof = await isAtEnd();
    if (!proof.isProved || proof.refusal) return proof;
  }
  // One that says more is heard, whatever the last one says.
  if (pages.every(({ total = 0 }) => total <= end)) return { isProved: true };
  // One image alone may be all that a larger page was cut down to.
  const beyond = await readPage(end);
  if (beyond.images.length > 0) return { isProved: false };
  return beyond.refusal ? { isProved: true, refusal: beyond.refusal } : isAtEnd();
}

/**
 * Pages of one image leave nothing to overlap, so all are read again. Between the two passes each of them existed;
 * where there were no more than these at that time, they are all there were.
 */
async function proveSingles(
  pages: readonly Page[],
  readPage: (offset: number) => Promise<Page>,
  start: number,
  width: Width,
): Promise<Proof> {
  // A single image's page came before the empty one was asked for; of several, some may have come later.
  if (pages.length > 1 && (await readPage(start + pages.length)).images.length > 0)
    return { isProved: false };
  let isProved = true;
  await sideBySide(
    0,
    pages.length - 1,
    width,
    async (index) => {
      const { images } = await readPage(start + index);
      if (images.length !== 1 || images[0]?.id !== pages[index]?.images[0]?.id) isProved = false;
    },
    () => !isProved,
  );
  return { isProved };
}

/** Whether a page begins with the image that the one before it ended with. */
function meets(before: Page, page: Page): boolean {
  const [first] = page.images;
  return first !== undefined && first.id === before.images.at(-1)?.id;
}

/**
 * Images once each. Where the order of equal names is not stable, an image that is missing shows as another one that
 * stands twice. What stands twice in one page, though, is what the service says: the same is one image, and of
 * different ones nobody can tell which is meant.
 */
function unique(
  images: readonly ListedImage[],
  pages: readonly Page[],
  isLast: boolean,
): ListedImage[] | undefined {
  const found = new Map<string, ListedImage>();
  const repeated = new Set(pages.flatMap((page) => repeatedIn(page)));
  for (const image of images) {
    const { id, oddities } = image;
    const other = found.get(id);
    if (!other) {
      found.set(id, image);
      continue;
    }
    const isSame = JSON.stringify(other) === JSON.stringify(image);
    if (!repeated.has(id) && !oddities?.id && (isSame || !isLast)) return undefined;
    if (!isSame) found.set(id, withOddId(other, "it is listed more than once, and not the same"));
  }
  return [...found.values()];
}

function repeatedIn({ images }: Page): string[] {
  const ids = images.map(({ id }) => id);
  return new Set(ids).size === ids.length ? [] : ids.filter((id, index) => ids.indexOf(id) !== index);
}

/** Works from `from` to `to`, as many at once as may be now, begun in their order, until it is over or one fails. */
function sideBySide(
  from: number,
  to: number,
  width: Width,
  work: (index: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = from;
    let underWay = 0;
    let failed = false;
    const more = () => {
      while (next <= to && !failed && !isOver() && underWay < width(to - next + 1 + underWay)) {
        underWay++;
        work(next++).then(
          () => {
            underWay--;
            more();
          },
          (error: unknown) => {
            failed = true;
            reject(error);
          },
        );
      }
      if (underWay === 0) resolve();
    };
    more();
  });
}
