/**
 * Does one thing after the other; of what comes while one is at work only the newest is done next, the rest is out of
 * date.
 */
export class Newest<T> {
  private next: { item: T } | undefined;
  private busy = false;

  /** @param work tells by itself what goes wrong */
  constructor(private readonly work: (item: T) => Promise<void>) {}

  /** Whether what is at work is out of date already. */
  get waits(): boolean {
    return this.next !== undefined;
  }

  async add(item: T): Promise<void> {
    this.next = { item };
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.next !== undefined) {
        const own = this.next.item;
        this.next = undefined;
        await this.work(own);
      }
    } finally {
      this.busy = false;
    }
  }
}
