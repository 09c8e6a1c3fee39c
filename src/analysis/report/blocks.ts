/** One part of a report, independent of the format that it is written in. */
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3; text: string }
  | { kind: "text"; text: string }
  | { kind: "table"; caption: string; header: string[]; rows: string[][] }
  /** Curves with intervals, x on a logarithmic scale. */
  | {
      kind: "lines";
      caption: string;
      x: string;
      y: string;
      lines: { label: string; points: { x: number; y: number; low?: number; high?: number }[] }[];
    }
  /** Differences with their intervals, in percentage points. */
  | { kind: "forest"; caption: string; rows: { label: string; value: number; low: number; high: number }[] };
