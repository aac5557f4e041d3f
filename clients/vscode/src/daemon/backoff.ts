const FIRST_SECONDS = 0.5;
const MOST_SECONDS = 30;
const CALM_SECONDS = 60;

/** How long to wait before a daemon that ended is started again: longer each time, until one has lasted a while. */
export class Backoff {
  private failures = 0;
  private startedAt = 0;

  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  started(): void {
    this.startedAt = this.now();
  }

  /** Seconds. */
  next(): number {
    if (this.now() - this.startedAt > CALM_SECONDS) this.failures = 0;
    const wait = Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** this.failures);
    this.failures += 1;
    return wait;
  }

  reset(): void {
    this.failures = 0;
  }
}
