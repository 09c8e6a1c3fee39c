/** A report before it is written in any form. */
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3; text: string }
  | { kind: "text"; text: string }
  | { kind: "table"; caption: string; header: string[]; rows: string[][] }
  /** curves with intervals, x on a logarithmic scale */
  | {
      kind: "lines";
      caption: string;
      x: string;
      y: string;
      lines: { label: string; points: { x: number; y: number; low?: number; high?: number }[] }[];
    }
  /** differences with their intervals, in percentage points */
  | { kind: "forest"; caption: string; rows: { label: string; value: number; low: number; high: number }[] };
