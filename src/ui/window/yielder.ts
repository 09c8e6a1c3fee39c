/** Work that the host does at one go, in ms. */
const LONGEST = 8;

/** Long work of the host in parts: between them whatever else waits has its turn. */
export class Yielder {
  private from = performance.now();

  /** Lets others go first where the work has gone on for long enough. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.from < LONGEST) return;
    await new Promise((done) => {
      setImmediate(done);
    });
    this.from = performance.now();
  }
}
