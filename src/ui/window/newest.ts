/**
 * Runs a task for one item at a time. Of the items that arrive while it runs, only the newest is kept for the next
 * turn; the others are out of date.
 */
export class Newest<T> {
  private next: { item: T } | undefined;
  private busy = false;

  /** @param work reports its errors itself */
  constructor(private readonly work: (item: T) => Promise<void>) {}

  /** Whether a newer item waits, so that the running one is out of date. */
  get waits(): boolean {
    return this.next !== undefined;
  }

  async add(item: T): Promise<void> {
    this.next = { item };
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.next !== undefined) {
        const newest = this.next.item;
        this.next = undefined;
        await this.work(newest);
      }
    } finally {
      this.busy = false;
    }
  }
}
