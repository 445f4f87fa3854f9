import { ApiError } from "../api-error";

/** Lets one ask first for all that have the same account: a wrong password that is sent often locks it. */
export class SharedRefusals {
  private readonly firsts = new Map<string, Promise<ApiError | "accepted" | "unknown">>();

  /**
   * Does the work, unless the same account was refused before. Until it was accepted once, one asks at a time.
   * @throws ApiError the refusal of the first
   */
  async share<T>(account: string, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const first = this.firsts.get(account);
      if (!first) break;
      const outcome = await first;
      if (outcome === "accepted") return work();
      if (outcome !== "unknown") throw outcome;
      // It came to no answer: the next one asks.
      if (this.firsts.get(account) === first) this.firsts.delete(account);
    }
    const working = work();
    this.firsts.set(
      account,
      working.then(
        () => "accepted" as const,
        (error: unknown) => (error instanceof ApiError && error.status === 401 ? error : "unknown"),
      ),
    );
    return working;
  }
}
