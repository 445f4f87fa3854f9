const SECOND = 1000;

/** Lets through as many requests as are allowed in any one second. */
export class Throttle {
  private readonly passed: number[] = [];

  constructor(private readonly perSecond: number) {}

  /** Whether a request that comes at a time (ms) may pass. */
  passes(at: number): boolean {
    while (this.passed[0] !== undefined && this.passed[0] <= at - SECOND) this.passed.shift();
    if (this.passed.length >= this.perSecond) return false;
    this.passed.push(at);
    return true;
  }
}
