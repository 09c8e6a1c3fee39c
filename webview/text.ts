/** Fills in the places {0}, {1}, ... of a text. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ""));
}

/** A share as a percentage, with a true minus sign. */
export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits).replace("-", "−")} %`;
/** A share as percentage points, with its sign. */
export const signedPoints = (value: number): string =>
  `${value > 0 ? "+" : ""}${(100 * value).toFixed(1).replace("-", "−")}`;
/** A p-value with three decimals. */
export const pValueText = (value: number): string => (value < 0.001 ? "< 0.001" : value.toFixed(3));
/** The text with its first letter in upper case. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Seconds as text in seconds, minutes or hours, never 0. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Bytes as text in MB or GB (powers of 1000). */
export function bytes(count: number): string {
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}
