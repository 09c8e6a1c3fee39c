import type { RowTokens } from "./rowTokens.ts";

/** Tokens that are kept. */
const MOST = 250_000;

/**
 * The records whose tokens are known, by their text. The longest unused are let go first, and never one that is in
 * sight.
 */
export class RowTokensCache {
  private readonly records = new Map<string, RowTokens>();
  private pinned = new Set<string>();

  constructor(private readonly most = MOST) {}

  get(text: string): RowTokens | undefined {
    const known = this.records.get(text);
    if (known !== undefined) {
      this.records.delete(text);
      this.records.set(text, known);
    }
    return known;
  }

  add(text: string, tokens: RowTokens): RowTokens {
    this.records.set(text, tokens);
    return tokens;
  }

  /** What is in sight now. */
  pin(texts: Iterable<string>): void {
    this.pinned = new Set(texts);
  }

  /** Lets go of what is too much. */
  trim(): void {
    let size = [...this.records.values()].reduce((sum, each) => sum + each.size, 0);
    for (const [text, its] of this.records) {
      if (size <= this.most) return;
      if (this.pinned.has(text)) continue;
      this.records.delete(text);
      size -= its.size;
    }
  }

  clear(): void {
    this.records.clear();
  }
}
