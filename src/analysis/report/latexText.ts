import { beforeText, escapeLatex } from "../../base/text/escapeLatex.ts";

/** What pdflatex prints with its usual fonts: ASCII, Latin-1's letters, quotes and dashes. */
const PRINTED = /[ -~À-ÖØ-öø-ÿ–—‘’“”…]/;

/** Signs that its first text encoding has in another place; those of T1 are bitmaps in a small TeX Live. */
const ELSEWHERE = /[<>|]/;

/**
 * A text as pdflatex prints it. Signs that its usual fonts lack, such as those of tokens in other scripts, are named by
 * their number.
 */
export const latexText = (text: string): string =>
  beforeText(text) +
  [...text.replace(/\s/g, " ")]
    .map((sign) => {
      if (ELSEWHERE.test(sign)) return `$${sign}$`;
      const escaped = escapeLatex(sign);
      if (escaped !== sign || PRINTED.test(sign)) return escaped;
      return `\\texttt{U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}}`;
    })
    .join("");
