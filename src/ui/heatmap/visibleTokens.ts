import type { PlacedToken } from "../../heatmap/placedTokens.ts";
import type { DocumentRow } from "../../heatmap/rowTexts.ts";
import type { RowTokens } from "../../heatmap/rowTokens.ts";
import type { Viewport } from "../../heatmap/viewport.ts";

/** A visible row and its tokens, as far as they are read. */
export interface ShownRow {
  row: DocumentRow;
  tokens: RowTokens;
}

/**
 * Returns the tokens of rows that are in a viewport's columns, at their lines of the document. The iterable computes
 * each token once, when an iteration first reaches it, however often it is iterated.
 */
export function visibleTokens(shown: readonly ShownRow[], viewport: Viewport): Iterable<PlacedToken> {
  const computed: PlacedToken[] = [];
  let rowNumber = 0;
  let tokenNumber = 0;
  const next = (): PlacedToken | undefined => {
    for (; rowNumber < shown.length; rowNumber++, tokenNumber = 0) {
      const { row, tokens } = shown[rowNumber]!;
      const rowTokens = tokens.placedTokens();
      while (tokenNumber < rowTokens.length) {
        const token = rowTokens[tokenNumber++]!;
        const line = token.line + row.line;
        if (!viewport.includes(line, token)) continue;
        const placed = { ...token, line };
        computed.push(placed);
        return placed;
      }
    }
    return undefined;
  };
  return {
    *[Symbol.iterator]() {
      for (let i = 0; ; i++) {
        const token = computed[i] ?? next();
        if (token === undefined) return;
        yield token;
      }
    },
  };
}
