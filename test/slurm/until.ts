const POLL = 200;

/** Waits until something holds. */
export async function until(holds: () => boolean, what: string, seconds = 240): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !holds();) {
    if (performance.now() > end) throw new Error(`not after ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
