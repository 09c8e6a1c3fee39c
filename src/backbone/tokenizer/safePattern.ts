/** Letters of a regular expression; the longest that tokenizers come with has some 300. */
const LONGEST = 2000;
const REPEATS = /^(?:[*+]|\{\d*,\d*\}|\{\d+\})/;

/** What a group has inside: a repetition, a choice. */
interface Group {
  repeats: boolean;
  chooses: boolean;
}

/** The index behind a class such as [^\]a-z], whose first sign may be a bracket that stands for itself. */
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
 * Whether a regular expression of a tokenizer can be matched in a time that grows with the text and no faster by much:
 * none of its repeated groups has a repetition or a choice inside. The native matcher ends the whole process where it
 * has tried for too long.
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
      // A second sign makes it lazy or possessive; a repetition of a repetition is neither.
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
