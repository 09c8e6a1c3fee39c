/** Formats a time in seconds that is known to about two digits: "40 ms", "1.3 s" or "25 s". */
export function secondsText(seconds: number): string {
  if (seconds < 0.995) return `${Number(Math.max(1, 1000 * seconds).toPrecision(2))} ms`;
  return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
