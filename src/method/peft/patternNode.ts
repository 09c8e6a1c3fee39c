/** A part of a regular expression, as a tree. */
export type PatternNode =
  | { kind: "one"; accepts: (character: string) => boolean }
  | { kind: "sequence"; parts: readonly PatternNode[] }
  | { kind: "choice"; options: readonly PatternNode[] }
  | { kind: "repeat"; part: PatternNode; least: number; most: number }
  | { kind: "at"; holds: (text: string, place: number) => boolean }
  | { kind: "look"; part: PatternNode; isBehind: boolean; isNegated: boolean };

/** The work that a matcher may still do; shared by all patterns of a file, which may be hostile. */
export interface PatternBudget {
  left: number;
}

/** The pattern asks for more work than is given to a file. */
export class PatternTooCostly extends Error {}

type Places = ReadonlySet<number>;

/**
 * The places where a match that begins at one of the given places can end. Sets of places, not backtracking: the work
 * is at most the size of the pattern times its repetitions times the square of the text's length. Which match a
 * backtracking engine would find first is not said; whether there is one is the same.
 */
export function endsOf(node: PatternNode, text: string, starts: Places, budget: PatternBudget): Places {
  budget.left -= 1 + starts.size;
  if (budget.left < 0) throw new PatternTooCostly();
  if (starts.size === 0) return starts;
  switch (node.kind) {
    case "one":
      return new Set([...starts].filter((at) => at < text.length && node.accepts(text[at]!)).map((at) => at + 1));
    case "sequence":
      return sequenceEnds(node.parts, text, starts, budget);
    case "choice":
      return new Set(node.options.flatMap((option) => [...endsOf(option, text, starts, budget)]));
    case "repeat":
      return repeatedEnds(node, text, starts, budget);
    case "at":
      return new Set([...starts].filter((at) => node.holds(text, at)));
    case "look":
      return new Set([...starts].filter((at) => isSeen(node, text, at, budget) !== node.isNegated));
  }
}

function sequenceEnds(parts: readonly PatternNode[], text: string, starts: Places, budget: PatternBudget): Places {
  let places = starts;
  for (const part of parts) {
    if (places.size === 0) break;
    places = endsOf(part, text, places, budget);
  }
  return places;
}

function repeatedEnds(
  { part, least, most }: Extract<PatternNode, { kind: "repeat" }>,
  text: string,
  starts: Places,
  budget: PatternBudget,
): Places {
  let at = starts;
  for (let count = 0; count < least && at.size > 0; count++) at = endsOf(part, text, at, budget);
  const reached = new Set(at);
  let fresh: Places = at;
  for (let count = least; count < most && fresh.size > 0; count++) {
    fresh = new Set([...endsOf(part, text, fresh, budget)].filter((place) => !reached.has(place)));
    for (const place of fresh) reached.add(place);
  }
  return reached;
}

function isSeen(
  { part, isBehind }: Extract<PatternNode, { kind: "look" }>,
  text: string,
  at: number,
  budget: PatternBudget,
): boolean {
  if (!isBehind) return endsOf(part, text, new Set([at]), budget).size > 0;
  const before = Array.from({ length: at + 1 }, (_, place) => place);
  return before.some((place) => endsOf(part, text, new Set([place]), budget).has(at));
}
