/** The letters that papers use for sizes. */
const LETTERS: Readonly<Record<string, string>> = { promptLength: "m", bottleneck: "r", rank: "r" };

/**
 * A method's sizes behind its count of parameters, as " (m = 20, r = 39)"; a size without a letter has its name.
 * @param sizes undefined or empty where there are none to say
 * @param sign what stands between a size and its value
 * @returns "" without sizes
 */
export function sizesText(sizes: Readonly<Record<string, number>> | undefined, sign: string): string {
  const each = Object.entries(sizes ?? {}).map(([name, value]) => {
    const letter = Object.hasOwn(LETTERS, name) ? LETTERS[name] : undefined;
    return `${letter ?? name}${sign}${value}`;
  });
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}
