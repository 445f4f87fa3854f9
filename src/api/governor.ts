/** Most requests under way to one endpoint. */
export const WIDEST = 64;
/** How many requests are sent side by side before it is known what the service bears. */
const FIRST_WIDTH = 8;
/** Part of the rate that a service was seen to bear, at which it is asked after it limited the rate. */
const CAUTION = 0.9;
/** Smallest part of a rate that is left after it was limited again. */
const LEAST_SLOWDOWN = 0.7;
/** By how much a rate grows with every answer. */
const SPEED_UP = 1.002;
/** Over which time answers are counted to tell a rate, ms. */
const SECOND = 1000;

/** How a request came out, as far as it tells what the service bears. */
export type RequestResult = "answered" | "throttled" | "failed" | "unknown";

/** The right to send one request. */
export interface Turn {
  /** @param wait after a request that was throttled: how long nobody may send one, ms */
  end(result: RequestResult, wait?: number): void;
}

/**
 * Governs the requests of a run to one endpoint: how many are under way, and how many are sent in a second.
 *
 * It begins with eight side by side, and doubles while the service keeps up; where it fails, half as many are left.
 * Where it limits the rate (429), everyone waits as long as it says, and then sends as many in a second as it was
 * seen to answer, a little fewer at first and slowly more.
 */
export class Governor {
  private allowed = FIRST_WIDTH;
  private isGrowing = true;
  private underWay = 0;
  private pausedUntil = 0;
  /** Time between two requests, ms; 0 as long as the service has not limited the rate. */
  private interval = 0;
  private nextStart = 0;
  /** When it last slowed down: what was sent before tells nothing new. */
  private slowedAt = Number.NEGATIVE_INFINITY;
  /** When the last answers came, oldest first. */
  private answers: number[] = [];
  private readonly waiting: ((isInVain: boolean) => void)[] = [];
  /** When the service was heard last; before that, when it was asked first. */
  private heardAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param patience how long others wait for a service that answers nothing at all, ms */
  constructor(private readonly patience = Number.POSITIVE_INFINITY) {}

  /** The service answered something. */
  heard(): void {
    this.heardAt = performance.now();
  }

  /** How many requests may be under way now. */
  get width(): number {
    return Math.max(1, Math.floor(this.allowed));
  }

  /** How many may be under way once those that may be now are answered. */
  get nextWidth(): number {
    return this.isGrowing ? Math.min(WIDEST, 2 * this.width) : this.width;
  }

  /**
   * Waits for a turn, which is given in the order of asking.
   * @param isUrgent whether it is a repetition, which goes before the others
   * @param signal ends the wait: a turn is given at once, because what is sent then ends at once
   * @returns undefined if those before it have waited in vain for any answer
   */
  async enter(isUrgent: boolean, signal: AbortSignal): Promise<Turn | undefined> {
    // Where nobody was asked, nobody was silent.
    if (this.underWay === 0 && this.waiting.length === 0) this.heard();
    const isInVain = await new Promise<boolean>((resolve) => {
      const start = (isInVain: boolean) => {
        signal.removeEventListener("abort", leave);
        if (!isInVain) this.underWay++;
        resolve(isInVain);
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        start(false);
      };
      if (signal.aborted) return start(false);
      signal.addEventListener("abort", leave, { once: true });
      if (isUrgent) this.waiting.unshift(start);
      else this.waiting.push(start);
      this.startWaiting();
    });
    if (isInVain) return undefined;
    const started = performance.now();
    return {
      end: (result, wait = 0) => {
        const isSilent = performance.now() - this.heardAt >= this.patience;
        if (isSilent) for (const give of this.waiting.splice(0)) give(true);
        const isFull = this.underWay-- >= this.width;
        if (result === "answered") this.keptUp(isFull);
        else if (result !== "unknown") this.slowDown(result, wait, started);
        this.startWaiting();
      },
    };
  }

  private startWaiting(): void {
    clearTimeout(this.timer);
    while (this.waiting.length > 0 && this.underWay < this.width) {
      const now = performance.now();
      const start = Math.max(this.pausedUntil, this.nextStart);
      if (now < start) {
        this.timer = setTimeout(() => this.startWaiting(), Math.ceil(start - now));
        return;
      }
      this.nextStart = Math.max(now, this.nextStart) + this.interval;
      this.waiting.shift()?.(false);
    }
  }

  private keptUp(isFull: boolean): void {
    const now = performance.now();
    this.answers = [...this.answers.filter((time) => time > now - SECOND), now];
    this.interval /= SPEED_UP;
    // Where fewer were under way than may be, nothing was learnt of more.
    if (isFull) this.allowed = Math.min(WIDEST, this.allowed + (this.isGrowing ? 1 : 1 / this.allowed));
  }

  private slowDown(result: RequestResult, wait: number, started: number): void {
    const now = performance.now();
    if (result === "throttled") this.pausedUntil = Math.max(this.pausedUntil, now + wait);
    if (started < this.slowedAt) return;
    this.slowedAt = now;
    this.isGrowing = false;
    this.allowed = Math.max(1, this.allowed / 2);
    if (result !== "throttled") return;
    const answered = this.answers.filter((time) => time > now - SECOND).length;
    const before = this.interval > 0 ? SECOND / this.interval : 0;
    this.interval = SECOND / Math.max(answered * CAUTION, before * LEAST_SLOWDOWN, 1);
  }
}
