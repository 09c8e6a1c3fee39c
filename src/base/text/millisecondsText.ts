/** Milliseconds as a person reads them: three digits, and never a power of ten. */
export const millisecondsText = (milliseconds: number): string =>
  milliseconds < 100 ? milliseconds.toPrecision(3) : Math.round(milliseconds).toString();
