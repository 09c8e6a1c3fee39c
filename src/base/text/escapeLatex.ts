/** Signs that LaTeX reads as commands, and signs that its default fonts lack, as it spells them. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "%": "\\%",
  "#": "\\#",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "−": "$-$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
  "·": "$\\cdot$",
};

/** What stands before a text that a command before it, such as the end of a row, would take for its argument. */
export const beforeText = (text: string): string => (/^\s*[[*]/.test(text) ? "{}" : "");

/** A text as LaTeX prints it: none of its signs is a command. */
export const escapeLatex = (text: string): string =>
  text.replace(/[\\{}$&%#_^~−±×≥≤·]/g, (sign) => SPELLINGS[sign] ?? sign);
