import type { ExampleSource } from "../exampleSource.ts";

/**
 * The accuracy (0..1) on some examples of always predicting the commonest target of others. Targets are compared in the
 * form that `read` gives; where there are too many different ones, as they are.
 */
export async function majorityShare(
  scored: ExampleSource,
  trained: ExampleSource,
  read: (target: string) => Promise<string>,
): Promise<number> {
  const known = trained.counted();
  const asked = scored.counted();
  if (known === undefined || asked === undefined) return scored.count(trained.commonest()) / scored.length;
  const counts = new Map<string, number>();
  for (const { text, count } of known) {
    const form = await read(text);
    counts.set(form, (counts.get(form) ?? 0) + count);
  }
  const [commonest] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [""];
  let right = 0;
  for (const { text, count } of asked) if ((await read(text)) === commonest) right += count;
  return right / scored.length;
}
