import type { RowTokens } from "./rowTokens.ts";

/** Number of tokens that the cache keeps. */
const MOST_TOKENS = 250_000;

/** Least-recently-used cache of rows' tokens, by the row's text. It never drops a row that is visible. */
export class RowTokensCache {
  private readonly rows = new Map<string, RowTokens>();
  private pinned = new Set<string>();

  constructor(private readonly mostTokens = MOST_TOKENS) {}

  get(text: string): RowTokens | undefined {
    const cached = this.rows.get(text);
    if (cached !== undefined) {
      this.rows.delete(text);
      this.rows.set(text, cached);
    }
    return cached;
  }

  add(text: string, tokens: RowTokens): RowTokens {
    this.rows.set(text, tokens);
    return tokens;
  }

  /** Replaces the set of visible rows, which `trim` does not drop. */
  pin(texts: Iterable<string>): void {
    this.pinned = new Set(texts);
  }

  /** Drops rows, least recently used first, until the cache is within its size. */
  trim(): void {
    let size = [...this.rows.values()].reduce((sum, each) => sum + each.size, 0);
    for (const [text, tokens] of this.rows) {
      if (size <= this.mostTokens) return;
      if (this.pinned.has(text)) continue;
      this.rows.delete(text);
      size -= tokens.size;
    }
  }

  clear(): void {
    this.rows.clear();
  }
}
