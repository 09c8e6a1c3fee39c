/** Formats milliseconds with three significant digits, or as an integer from 100 on; never in exponential notation. */
export const millisecondsText = (milliseconds: number): string =>
  milliseconds < 100 ? milliseconds.toPrecision(3) : Math.round(milliseconds).toString();
