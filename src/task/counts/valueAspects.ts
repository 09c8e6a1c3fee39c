/** The longest value that is taken for an id. */
const LONGEST_ID = 64;
const MARK = /[-_/:.|#]/;

/**
 * What of a column's value may give the label away: the value as it is, or parts of an id such as "neg_0012": its
 * letters, what stands before its first mark, what stands after its last.
 */
export const ASPECTS = ["value", "start", "end", "letters"] as const;
export type Aspect = (typeof ASPECTS)[number];

/** @returns undefined where the value has no such part; then the column is no list of ids */
export function aspectOf(value: string, aspect: Aspect): string | undefined {
  if (aspect === "value") return value;
  if (value.length > LONGEST_ID || /\s/.test(value)) return undefined;
  if (aspect === "letters") return /\d/.test(value) ? value.replace(/\d+/g, "0") : undefined;
  if (!MARK.test(value)) return undefined;
  const parts = value.split(MARK);
  return aspect === "start" ? parts[0] : parts.at(-1);
}
