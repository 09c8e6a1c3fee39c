const ACCENTS: Readonly<Record<string, string>> = {
  a: "á",
  e: "é",
  i: "í",
  o: "ó",
  u: "ú",
  y: "ý",
  c: "ç",
  n: "ñ",
  A: "Á",
  E: "É",
  I: "Í",
  O: "Ó",
  U: "Ú",
  C: "Ç",
  N: "Ñ",
};

/**
 * A text as a pseudo-language has it: bracketed, accented, a third longer; places to be filled, links and icons stay.
 */
export function pseudo(text: string): string {
  const accented = text.replace(
    /(\{\d\}|\$\([\w~-]+\)|\]\([^)]*\))|[a-zA-Z]/g,
    (match, kept?: string) => kept ?? ACCENTS[match] ?? match,
  );
  return `⟦${accented}${" ·".repeat(Math.ceil(text.length / 6))}⟧`;
}
