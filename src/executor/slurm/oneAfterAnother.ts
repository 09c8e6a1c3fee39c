const last = new Map<string, Promise<unknown>>();

/**
 * Does work of one name after the other in this process: a lease tells processes apart, and not what one process does
 * at a time.
 */
export function oneAfterAnother<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(name) ?? Promise.resolve();
  const own = before.then(work, work);
  last.set(name, own);
  return own;
}
