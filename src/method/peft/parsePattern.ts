import type { PatternNode } from "./patternNode.ts";

/** What a pattern has that is not read, or that Python refuses too. */
export class PatternUnreadable extends Error {}

const LONGEST = 4000;
const DEEPEST = 40;
const MOST_REPEATS = 1000;

const isWord = (character: string | undefined): boolean => character !== undefined && /[A-Za-z0-9_]/.test(character);
const CLASSES: Readonly<Record<string, (character: string) => boolean>> = {
  d: (c) => /[0-9]/.test(c),
  D: (c) => !/[0-9]/.test(c),
  w: isWord,
  W: (c) => !isWord(c),
  s: (c) => /\s/.test(c),
  S: (c) => !/\s/.test(c),
};
const isBoundary = (text: string, at: number): boolean => isWord(text[at - 1]) !== isWord(text[at]);
const PLACES: Readonly<Record<string, (text: string, at: number) => boolean>> = {
  A: (_, at) => at === 0,
  Z: (text, at) => at === text.length,
  b: isBoundary,
  B: (text, at) => !isBoundary(text, at),
};

/** A sign of repetition; other braces are characters. */
const REPETITION = /^(?:[*+?]|\{(?:[0-9]+|[0-9]*,[0-9]*)\})/;

/** Reads a pattern of Python's `re` from left to right. */
class PatternReader {
  private at = 0;
  private depth = 0;

  constructor(private readonly pattern: string) {}

  whole(): PatternNode {
    const node = this.choice();
    if (this.at < this.pattern.length) this.refuse();
    return node;
  }

  private refuse(): never {
    throw new PatternUnreadable(this.pattern.slice(this.at, this.at + 10) || "the end");
  }

  private take(text: string): boolean {
    const isNext = this.pattern.startsWith(text, this.at);
    if (isNext) this.at += text.length;
    return isNext;
  }

  private takeMatch(expression: RegExp): RegExpExecArray | null {
    const found = expression.exec(this.pattern.slice(this.at));
    if (found !== null) this.at += found[0].length;
    return found;
  }

  private choice(): PatternNode {
    if (++this.depth > DEEPEST) this.refuse();
    const options = [this.sequence()];
    while (this.take("|")) options.push(this.sequence());
    this.depth -= 1;
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.at < this.pattern.length && !/^[|)]/.test(this.pattern[this.at]!)) parts.push(this.repeated());
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  private repeated(): PatternNode {
    const part = this.atom();
    const range = this.range();
    if (range === undefined) return part;
    if (part.kind === "at") this.refuse();
    // A lazy repetition has the same matches as a greedy one. A possessive one has fewer: its second sign is refused.
    this.take("?");
    return { kind: "repeat", part, ...range };
  }

  private range(): { least: number; most: number } | undefined {
    if (this.take("*")) return { least: 0, most: Infinity };
    if (this.take("+")) return { least: 1, most: Infinity };
    if (this.take("?")) return { least: 0, most: 1 };
    const exact = this.takeMatch(/^\{([0-9]{1,9})\}/);
    const found = exact ?? this.takeMatch(/^\{([0-9]{0,9}),([0-9]{0,9})\}/);
    if (found === null) return undefined;
    const least = Number(found[1]);
    const upper = found[2] === "" ? Infinity : Number(found[2]);
    const most = exact === null ? upper : least;
    if (least > MOST_REPEATS || (most !== Infinity && most > MOST_REPEATS) || most < least) this.refuse();
    return { least, most };
  }

  private atom(): PatternNode {
    if (this.take("(")) return this.group();
    if (this.take("[")) return this.set();
    if (this.take("\\")) return this.escape();
    if (this.take(".")) return { kind: "one", accepts: (c) => c !== "\n" };
    if (this.take("^")) return { kind: "at", holds: PLACES["A"]! };
    if (this.take("$"))
      return {
        kind: "at",
        holds: (text, at) => at === text.length || (at === text.length - 1 && text[at] === "\n"),
      };
    if (REPETITION.test(this.pattern.slice(this.at))) this.refuse();
    const own = this.pattern[this.at++]!;
    return { kind: "one", accepts: (c) => c === own };
  }

  private group(): PatternNode {
    const look = this.takeMatch(/^\?(<?)([=!])/);
    if (look === null && !this.take("?:") && this.takeMatch(/^\?P<[A-Za-z_][A-Za-z0-9_]*>/) === null)
      if (this.pattern[this.at] === "?") this.refuse();
    const part = this.choice();
    if (!this.take(")")) this.refuse();
    return look === null
      ? { kind: "sequence", parts: [part] }
      : { kind: "look", part, isBehind: look[1] === "<", isNegated: look[2] === "!" };
  }

  private escape(): PatternNode {
    const own = this.pattern[this.at];
    if (own === undefined) this.refuse();
    const place = Object.hasOwn(PLACES, own) ? PLACES[own] : undefined;
    if (place !== undefined) {
      this.at += 1;
      return { kind: "at", holds: place };
    }
    return { kind: "one", accepts: this.escaped() };
  }

  /** What the character after a backslash stands for, in a set or outside of one. */
  private escaped(): (character: string) => boolean {
    const own = this.pattern[this.at];
    // Of letters and digits, those that are left are references, codes of characters, or errors in Python.
    if (own === undefined || (/[A-Za-z0-9]/.test(own) && !Object.hasOwn(CLASSES, own))) this.refuse();
    this.at += 1;
    return CLASSES[own] ?? ((c) => c === own);
  }

  private set(): PatternNode {
    const isNegated = this.take("^");
    const accepts: ((character: string) => boolean)[] = [];
    do accepts.push(this.member());
    while (this.at < this.pattern.length && this.pattern[this.at] !== "]");
    if (!this.take("]")) this.refuse();
    return { kind: "one", accepts: (c) => accepts.some((each) => each(c)) !== isNegated };
  }

  private member(): (character: string) => boolean {
    const isEscaped = this.take("\\");
    if (isEscaped && Object.hasOwn(CLASSES, this.pattern[this.at] ?? "")) {
      if (this.pattern[this.at + 1] === "-" && this.pattern[this.at + 2] !== "]") this.refuse();
      return this.escaped();
    }
    const low = this.literal(isEscaped);
    if (this.pattern[this.at] !== "-" || this.pattern[this.at + 1] === "]") return (c) => c === low;
    this.at += 1;
    const high = this.literal(this.take("\\"));
    if (high < low) this.refuse();
    return (c) => c >= low && c <= high;
  }

  /** One character of a set that stands for itself. */
  private literal(isEscaped: boolean): string {
    const own = this.pattern[this.at];
    if (own === undefined || (isEscaped && /[A-Za-z0-9]/.test(own))) this.refuse();
    this.at += 1;
    return own;
  }
}

/**
 * Reads a regular expression as Python's `re` does, for names of modules (ASCII). Refused are references to groups,
 * atomic groups, possessive repetitions, conditions, flags and codes of characters: nothing that names of modules need.
 * @throws PatternUnreadable with the place where reading ended
 */
export function parsePattern(pattern: string): PatternNode {
  if (pattern.length > LONGEST) throw new PatternUnreadable(`${LONGEST} characters are read`);
  return new PatternReader(pattern).whole();
}
