/** Fills in the places {0}, {1}, ... of a text. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ""));
}

/** A share as a percentage, with a true minus sign; "n/a" where it is not finite. */
export const percent = (value: number, digits = 1): string =>
  Number.isFinite(value) ? `${(100 * value).toFixed(digits).replace("-", "−")} %` : "n/a";
/** A share as percentage points, with its sign. */
export const signedPoints = (value: number): string =>
  `${value > 0 ? "+" : ""}${(100 * value).toFixed(1).replace("-", "−")}`;
/** A p-value with three decimals. */
export const pValueText = (value: number): string => (value < 0.001 ? "< 0.001" : value.toFixed(3));
/** The text with its first letter in upper case. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
