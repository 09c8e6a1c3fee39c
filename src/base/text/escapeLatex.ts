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

/** A text as LaTeX prints it: none of its signs is a command. */
export const escapeLatex = (text: string): string =>
  text.replace(/[\\{}$&%#_^~−±×≥≤·]/g, (sign) => SPELLINGS[sign] ?? sign);
