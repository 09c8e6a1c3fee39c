/** Time in ms that the extension host may work without letting other work run. */
const LONGEST_MS = 8;

/** Splits long work of the extension host, so that other work can run in between. */
export class Yielder {
  private since = performance.now();

  /** Lets other work run if this work has gone on for LONGEST_MS. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.since < LONGEST_MS) return;
    await new Promise((done) => {
      setImmediate(done);
    });
    this.since = performance.now();
  }
}
