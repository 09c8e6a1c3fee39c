const NUMBER = /^([+-]?)(\d+|\d+[.,]\d*|[.,]\d+)$/;
const EXPONENT = /^[+-]?(\d+\.?\d*|\.\d+)e[+-]?\d{1,3}$/;
/** A comma before three digits may part thousands, so that 1,000 is not 1. */
const THOUSANDS = /,\d{3}$/;
const QUOTES = /["'`´‘’‚‛“”„‟‹›«»]/g;
/** What stands for a space in labels, and what nobody sees. */
const GAPS = /[\s_\-‐‑‒–—]+|\p{Cf}/gu;
const ENDS = /^[.,;:!?]+|[.,;:!?]+$/g;

/** A number without what does not change it: sign +, zeros at both ends. */
function plainNumber(text: string): string | undefined {
  if (EXPONENT.test(text)) return plainNumber(String(Number(text))) ?? String(Number(text));
  const [, sign, digits] = NUMBER.exec(text) ?? [];
  if (digits === undefined || THOUSANDS.test(digits)) return undefined;
  const [whole = "", part = ""] = digits.split(/[.,]/);
  const [before, after] = [whole.replace(/^0+(?=\d)/, "") || "0", part.replace(/0+$/, "")];
  const value = after === "" ? before : `${before}.${after}`;
  return sign === "-" && value !== "0" ? `-${value}` : value;
}

/**
 * A label without what differs where two files write the same one in two ways: the form of a number, case, white space
 * and the marks that stand for it, Unicode form, quotes, a mark at its end. Labels of which this is equal look alike.
 */
export function labelForm(label: string): string {
  const text = label
    .normalize("NFKC")
    .replace(QUOTES, "")
    .replace(/\p{Cf}/gu, "")
    .trim()
    .toLowerCase();
  const number = plainNumber(text);
  if (number !== undefined) return number;
  const bare = text.replace(ENDS, "").replace(GAPS, "");
  // "straße" is written "STRASSE" in capitals.
  return bare === "" ? text : bare.toUpperCase().toLowerCase();
}
