/** The letters that papers use for sizes. */
const LETTERS: Readonly<Record<string, string>> = { promptLength: "m", bottleneck: "r", rank: "r" };

/**
 * Text of a method's sizes, appended to its number of parameters: " (m = 20, r = 39)". A size without a letter appears
 * with its name.
 * @param sizes undefined or empty where there are no sizes
 * @param sign the text between a size's letter and its value
 * @returns "" without sizes
 */
export function sizesText(sizes: Readonly<Record<string, number>> | undefined, sign: string): string {
  const each = Object.entries(sizes ?? {}).map(([name, value]) => {
    const letter = Object.hasOwn(LETTERS, name) ? LETTERS[name] : undefined;
    return `${letter ?? name}${sign}${value}`;
  });
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}
