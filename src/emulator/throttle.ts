import { type EmulatedAnswer, errorAnswer } from "./faults";

const SECOND = 1000;

/** Lets through as many requests as are allowed in any one second. */
export class Throttle {
  private readonly passed: number[] = [];
  private refusals = 0;

  constructor(private readonly perSecond: number) {}

  /** Whether a request that comes at a time (ms) may pass. */
  passes(at: number): boolean {
    while (this.passed[0] !== undefined && this.passed[0] <= at - SECOND) this.passed.shift();
    if (this.passed.length >= this.perSecond) return false;
    this.passed.push(at);
    return true;
  }

  /** The gateway's answer to a request that may not pass; it does not always say when to come again. */
  refusal(requestId: string): EmulatedAnswer {
    const message = "The throttling threshold has been reached.";
    const answer = errorAnswer(429, "gateway", message, "APIGW.0308", requestId);
    return this.refusals++ % 2 === 0 ? { ...answer, headers: { "retry-after": "1" } } : answer;
  }
}
