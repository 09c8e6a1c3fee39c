/** What stands before the number that a worked solution of GSM8K ends with. */
export const SOLVED = "####";
/** A calculator's note in a worked solution of GSM8K (Cobbe et al. 2021), such as <<16-3-4=9>>. */
const CALCULATION = /<<[^<>]*>>/g;
const NUMBER = /[-\u2212]?(?:\d+(?:,\d{3})+|\d+)(?:\.\d+)?|[-\u2212]?\.\d+/g;

/** A worked solution as a reader sees it, without the calculator's notes. */
export const withoutCalculations = (text: string): string => text.replace(CALCULATION, "");

/** Equal numbers in one form: no thousands separators, no zeros that say nothing. */
function canonical(number: string): string {
  const [whole = "", fraction = ""] = number.replace(/[-\u2212,]/g, "").split(".");
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  const rest = fraction.replace(/0+$/, "");
  const size = rest === "" ? digits : `${digits}.${rest}`;
  return /^[-\u2212]/.test(number) && size !== "0" ? `-${size}` : size;
}

/**
 * The number that a solution of GSM8K ends with: the first one after its last "####", else the last one of the text.
 * @returns digits with a sign and a point where it has them; undefined where there is no number
 */
export function finalNumber(solution: string): string | undefined {
  const text = withoutCalculations(solution);
  const mark = text.lastIndexOf(SOLVED);
  const found = text.slice(mark < 0 ? 0 : mark + SOLVED.length).match(NUMBER);
  const number = mark < 0 ? found?.at(-1) : found?.[0];
  return number === undefined ? undefined : canonical(number);
}
