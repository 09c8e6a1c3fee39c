/** Digits that tell every fp32 from every other. */
const MOST_DIGITS = 9;

/** The decimal with the fewest digits that is this number once it is stored as fp32: 1e-5 for 9.999999747378752e-6. */
export function shortestDecimal(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits < MOST_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(MOST_DIGITS));
}
