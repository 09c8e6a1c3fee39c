/** The longest regular expression that is checked, in characters; the longest of known tokenizers has some 300. */
const LONGEST = 2000;
const REPEATS = /^(?:[*+]|\{\d*,\d*\}|\{\d+\})/;

/** Whether a group contains a repetition or a choice. */
interface Group {
  repeats: boolean;
  chooses: boolean;
}

/** The index after a class such as [^\]a-z]. A bracket as its first character is literal. */
function classEnd(pattern: string, from: number): number {
  let depth = 0;
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "[") depth++;
    else if (pattern[at] === "]" && at > from + (pattern[from + 1] === "^" ? 2 : 1) && --depth === 0) return at + 1;
  }
  return pattern.length;
}

/**
 * Whether the time to match a tokenizer's regular expression grows about linearly with the text: none of its repeated
 * groups contains a repetition or a choice. The native matcher ends the whole process when it backtracks for too long.
 */
export function isSafePattern(pattern: string): boolean {
  if (pattern.length > LONGEST) return false;
  const open: Group[] = [{ repeats: false, chooses: false }];
  let closed: Group | undefined;
  for (let at = 0; at < pattern.length;) {
    const sign = pattern[at]!;
    const inside = open.at(-1)!;
    const repeat = REPEATS.exec(pattern.slice(at))?.[0];
    if (repeat !== undefined) {
      if (closed?.repeats === true || closed?.chooses === true) return false;
      inside.repeats = true;
      // A second sign makes the repetition lazy or possessive; that is no nested repetition.
      at += repeat.length;
      if (REPEATS.test(pattern.slice(at)) && pattern[at] !== "+") return false;
      if (pattern[at] === "?" || pattern[at] === "+") at++;
      closed = undefined;
      continue;
    }
    if (sign === "(") open.push({ repeats: false, chooses: false });
    if (sign === "|") inside.chooses = true;
    closed = sign === ")" && open.length > 1 ? open.pop() : undefined;
    if (closed !== undefined) {
      const outer = open.at(-1)!;
      outer.repeats ||= closed.repeats;
    }
    if (sign === "\\") at += 2;
    else at = sign === "[" ? classEnd(pattern, at) : at + 1;
  }
  return true;
}
