/**
 * How long (ms) the lease of an earlier start of a cluster's job may stand still before the later start counts it as
 * dead: 15 of its beats. It is measured on this process's own clock, so that no clocks are compared.
 */
export const STILL_MS = 75_000;

/** Watches whether a lease of another machine shows signs of life. */
export class StillWatch {
  private text: string | undefined;
  private since = 0;

  /** @param now milliseconds on a clock that nobody can set */
  constructor(private readonly now: () => number) {}

  /**
   * Tells the watch what the lease says now.
   * @param text its content, which each beat changes; undefined if there is none to watch
   * @returns the content if it has stood still for STILL_MS
   */
  see(text: string | undefined): string | undefined {
    const now = this.now();
    if (text !== this.text) {
      this.text = text;
      this.since = now;
    }
    return now - this.since >= STILL_MS ? text : undefined;
  }
}
