/** Characters that stand for all: those of ASCII, and one of each kind of letter, mark, number and sign. */
const SAMPLE = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ..."éÉªʰǅ日かカ한б\u0301\u0903\u20dd²Ⅷ٣–«»€©∑\u00a0\u2028\u200d\ue000",
];
/** A repetition whose counts differ by this takes a text apart in many ways; one of less is a part of such. */
const MANY = 16;
/** Divisions of which each is tried before something that fails. */
const TOO_MANY = 2;
/** The largest count of a repetition: each division takes as many steps. */
const MOST_TIMES = 100;
const DEEPEST = 40;

/**
 * Of each character of the sample: how many repetitions, one behind the other, a run of it can be divided among. `own`
 * of them are inside the innermost part that may be left out, and `outer` before it.
 */
interface Counts {
  outer: readonly number[];
  own: readonly number[];
}
const ZERO: readonly number[] = SAMPLE.map(() => 0);
const NONE: Counts = { outer: ZERO, own: ZERO };
const sum = ({ outer, own }: Counts): number[] => outer.map((count, i) => count + own[i]!);
const mostOf = (one: readonly number[], other: readonly number[]): number[] =>
  one.map((count, i) => Math.max(count, other[i]!));

/** A part of a pattern: what may follow on it is told by the counts before it. */
interface Part {
  /** Whether it can match nothing. */
  isEmpty: boolean;
  /** Whether it matches each character of the sample, in a text of which it may be a part. */
  accepts: readonly boolean[];
  /** Whether it repeats a part, or has a choice that is more than a set of characters: it is not repeated itself. */
  isMixed: boolean;
  /** Whether it has a repetition. */
  repeats?: boolean;
  /** Whether it is a single character. */
  isOne?: boolean;
  /** The counts behind it. @throws Divides where it fails in a text that others before it divide in many ways */
  after: (before: Counts) => Counts;
}
class Divides extends Error {}

/**
 * A part that may fail. Where a run was divided twice before, each division is tried; but where it may be left out,
 * only those that it had a part in.
 */
function demand({ outer, own }: Counts): void {
  if (own.some((count, i) => count > 0 && count + outer[i]! >= TOO_MANY)) throw new Divides();
}
const anyOf = (parts: readonly Part[]): boolean[] => SAMPLE.map((_, i) => parts.some(({ accepts }) => accepts[i]));
/** What comes before a part that matches something no longer counts for characters that it does not match. */
const kept = ({ outer, own }: Counts, accepts: readonly boolean[]): Counts => ({
  outer: outer.map((count, i) => (accepts[i]! ? count : 0)),
  own: own.map((count, i) => (accepts[i]! ? count : 0)),
});

/** A single character, such as [^\s] or \p{L}; what JavaScript does not know accepts all. */
function one(source: string, flags: string): Part {
  const forms = [source, source.replace(/\\([pP])\{(?:Is)?(\w+)\}/g, "\\$1{Script=$2}")];
  const test = forms.flatMap((form) => {
    try {
      return [new RegExp(`^(?:${form})$`, `su${flags}`)];
    } catch {
      return [];
    }
  })[0];
  const accepts = SAMPLE.map((character) => test?.test(character) ?? true);
  return { ...part({ isEmpty: false, accepts, isMixed: false }), isOne: true };
}

/** A part that fails where it does not match. @param own looks into it */
const part = ({ isEmpty, accepts, isMixed, repeats = false }: Omit<Part, "after">, own?: () => void): Part => ({
  isEmpty,
  accepts,
  isMixed,
  repeats,
  after: (before) => {
    if (!isEmpty) demand(before);
    own?.();
    return isEmpty ? before : kept(before, accepts);
  },
});

/** A place, or what is looked for around one, by each division before it: it matches nothing, and may fail. */
const place = (inside?: Part): Part => ({
  isEmpty: true,
  accepts: SAMPLE.map(() => false),
  isMixed: inside?.isMixed ?? false,
  repeats: inside?.repeats === true,
  after: (before) => {
    demand(before);
    inside?.after({ outer: sum(before), own: ZERO });
    return before;
  },
});

/** Whether a text of several such sequences is cut into them in more than one way: by parts that may be left out. */
function isLoose(parts: readonly Part[]): boolean {
  const own = parts.filter(({ accepts }) => accepts.includes(true));
  const share = (one: Part, other: Part): boolean => one.accepts.some((accepts, i) => accepts && other.accepts[i]);
  return (
    (own.length > 1 && own.every(({ isEmpty }) => isEmpty)) ||
    own.some((each) => each.isEmpty && own.some((other) => other !== each && share(each, other)))
  );
}
const sequence = (parts: readonly Part[]): Part => (parts.length === 1 ? parts[0]! : sequenceOf(parts));
const sequenceOf = (parts: readonly Part[]): Part => ({
  isEmpty: parts.every(({ isEmpty }) => isEmpty),
  accepts: anyOf(parts),
  isMixed: parts.some(({ isMixed }) => isMixed) || isLoose(parts),
  repeats: parts.some(({ repeats }) => repeats),
  after: (before) => parts.reduce((counts, each) => each.after(counts), before),
});
/** Whether each character of the sample is matched by one option at most, which is a single one. */
const isSet = (options: readonly Part[]): boolean =>
  options.every(({ isOne }) => isOne === true) &&
  SAMPLE.every((_, i) => options.filter(({ accepts }) => accepts[i]).length < 2);
const choice = (options: readonly Part[]): Part => ({
  isEmpty: options.some(({ isEmpty }) => isEmpty),
  accepts: anyOf(options),
  isMixed: !isSet(options),
  repeats: options.some(({ repeats }) => repeats),
  isOne: isSet(options),
  after: (before) =>
    options
      .map((option) => option.after(before))
      .reduce((a, b) => ({ outer: mostOf(a.outer, b.outer), own: mostOf(a.own, b.own) })),
});

/**
 * A part without a way back into it: an atomic group, a possessive repetition. It divides nothing itself, but is gone
 * through again by each division before it.
 */
const closed = (inside: Part): Part => {
  const whole = part(inside, () => {
    inside.after(NONE);
  });
  return {
    ...whole,
    after: (before) => {
      const { outer, own } = whole.after(before);
      const again = (count: number, i: number): boolean => inside.accepts[i]! && count + outer[i]! >= 1;
      return { outer, own: own.map((count, i) => (inside.repeats === true && again(count, i) ? count + 1 : count)) };
    },
  };
};

/** A part that is matched once or not at all. */
const optional = (inside: Part): Part => ({
  isEmpty: true,
  accepts: inside.accepts,
  isMixed: inside.isMixed,
  repeats: inside.repeats === true,
  after: (before) => {
    const all = mostOf(sum(before), sum(inside.after({ outer: sum(before), own: ZERO })));
    const added = (i: number): number => (inside.accepts[i]! ? 1 / MANY : 0);
    return { outer: before.outer, own: all.map((count, i) => count - before.outer[i]! + added(i)) };
  },
});

/** A part that is matched several times. @param ways how many divisions that adds */
const several = (inside: Part, least: number, ways: number): Part => ({
  isEmpty: inside.isEmpty || least === 0,
  accepts: inside.accepts,
  isMixed: true,
  repeats: true,
  after: (before) => {
    const isEmpty = inside.isEmpty || least === 0;
    if (!isEmpty) demand(before);
    inside.after(NONE);
    const { outer, own } = isEmpty ? before : kept(before, inside.accepts);
    return { outer, own: own.map((count, i) => (inside.accepts[i]! ? count + ways : count)) };
  },
});

/** Reads a pattern of Oniguruma from left to right, as far as its divisions need it. */
class Reader {
  private at = 0;
  private depth = 0;
  private flags = "";

  constructor(private readonly pattern: string) {}

  whole(): Part {
    const options: Part[] = [];
    // A bracket without a partner is the library's to refuse.
    do options.push(this.options());
    while (this.at++ < this.pattern.length);
    return sequence(options);
  }

  private take(expression: RegExp): RegExpExecArray | undefined {
    const found = expression.exec(this.pattern.slice(this.at)) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }

  private options(): Part {
    if (++this.depth > DEEPEST) throw new Divides();
    const { flags } = this;
    const options = [this.parts()];
    while (this.take(/^\|/)) options.push(this.parts());
    this.depth--;
    this.flags = flags;
    return options.length === 1 ? options[0]! : choice(options);
  }

  private parts(): Part {
    const parts: Part[] = [];
    while (this.at < this.pattern.length && !/[|)]/.test(this.pattern[this.at]!)) parts.push(this.counted(this.atom()));
    return sequence(parts);
  }

  private counted(inside: Part): Part {
    const sign = this.take(/^(?:([*+?])([+?]?)|\{(?=,?\d)(\d*)(,?)(\d*)\}([+?]?))/);
    if (sign === undefined) return inside;
    const [, letter, second, from = "0", comma, to = "", behind] = sign;
    const least = letter === undefined ? Number(from) : Number(letter === "+");
    const upTo = comma === "" ? least : Number(to === "" ? Infinity : to);
    if (Number(from) > MOST_TIMES || Number(to) > MOST_TIMES) throw new Divides();
    const largest = letter === undefined ? upTo : { "*": Infinity, "+": Infinity, "?": 1 }[letter]!;
    if (second === "+") return closed(this.again(inside, least, 0));
    if (letter === "?" || (largest === 1 && behind !== "+")) return least === 1 ? inside : optional(inside);
    // Behind braces, a plus repeats the repetition.
    const ways = behind === "+" ? 1 : Math.min(1, (largest - least) / MANY);
    return this.again(inside, least, behind === "+" && largest !== least ? TOO_MANY : ways);
  }

  /** A repetition; one that is repeated again is refused, and a part that divides a text itself. */
  private again(inside: Part, least: number, ways: number): Part {
    if (inside.isMixed || /^(?:[*+]|\{\d*,\d*\}|\{\d+\})/.test(this.pattern.slice(this.at))) throw new Divides();
    return several(inside, least, ways);
  }

  private atom(): Part {
    const text = this.pattern;
    if (this.take(/^\(\?#[^)]*\)?/)) return place();
    const flags = this.take(/^\(\?([a-z]*)(-[a-z]*)?\)/);
    if (flags !== undefined) {
      if (flags[1]!.includes("i")) this.flags = "i";
      return sequence([]);
    }
    if (text[this.at] === "(") return this.group();
    if (this.take(/^(?:[\^$]|\\[bBAzZGKy])/)) return place();
    const from = this.at;
    if (text[from] === "[") this.at = classEnd(text, from);
    else this.take(/^(?:\\[pPxkg]\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[^]|[^])/u);
    return one(text.slice(from, this.at), this.flags);
  }

  private group(): Part {
    const opened = this.take(/^\((?:\?(?:(<?[=!])|(>|~)|P?<\w+>|'\w+'|([a-z]*)(?:-[a-z]*)?:))?/)!;
    const [, look, atomic, flags] = opened;
    const outer = this.flags;
    if (flags?.includes("i") === true) this.flags = "i";
    const inside = this.options();
    this.flags = outer;
    this.take(/^\)/);
    if (look?.startsWith("<") === true && inside.repeats === true) throw new Divides();
    if (look !== undefined) return place(inside);
    return atomic === undefined ? inside : closed(inside);
  }
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
 * Whether a matcher that backtracks may take more than about linear time: a repeated part has a repetition or a choice
 * of more than characters, or a run of one character is divided among two or more repetitions (or many optional parts)
 * before something that may fail, and each division is tried from each place of the run, or a repetition is looked for
 * before a place, which takes the whole text there.
 */
export function dividesText(pattern: string): boolean {
  try {
    new Reader(pattern).whole().after(NONE);
    return false;
  } catch (error) {
    if (error instanceof Divides) return true;
    throw error;
  }
}
