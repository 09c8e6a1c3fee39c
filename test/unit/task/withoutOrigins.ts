import type { Example, Splits } from "../../../src/task/example.ts";

const bare = (examples: readonly Example[]): Example[] =>
  examples.map((example) => {
    const rest = { ...example };
    delete rest.origin;
    return rest;
  });

/** The data without the rows that its examples were made of, to be compared as text. */
export async function withoutOrigins<T extends Splits>(loading: Promise<T>): Promise<T> {
  const data = await loading;
  return { ...data, train: bare(data.train), validation: bare(data.validation), test: bare(data.test) };
}
