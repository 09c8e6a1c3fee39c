/** What is read once it fits. It is looked at again and again, since a page answers when it can. */
export async function until<T>(read: () => T | Promise<T>, fits: (value: T) => boolean, what?: string): Promise<T> {
  let last: T | undefined;
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    last = await read();
    if (fits(last)) return last;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`not in time: ${what ?? JSON.stringify(last)}`);
}
