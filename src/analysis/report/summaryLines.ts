/** Lines of a report's first page: of what was found, and of what was not. */
export interface SummaryLines {
  found: string[];
  not: string[];
}

/** So many of a list are named; where one more alone is left, it is named, too. */
const NAMED = 4;

/** The first few of a list, and how many more there are. */
export const some = (texts: readonly string[]): string =>
  texts.length <= NAMED + 1
    ? texts.join("; ")
    : `${texts.slice(0, NAMED).join("; ")}; and ${texts.length - NAMED} more`;

export const merged = (all: readonly SummaryLines[]): SummaryLines => ({
  found: all.flatMap(({ found }) => found),
  not: all.flatMap(({ not }) => not),
});
