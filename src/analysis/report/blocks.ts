import type { FigureSpec } from "../../figure/figureSpec.ts";
import type { Provenance } from "../../figure/tableText.ts";

/** A figure of a report. */
export interface FigureBlock {
  kind: "figure";
  /** Unique in the report; the beginning of the names of its files. */
  name: string;
  spec: FigureSpec;
  /** The runs that it is drawn from, each with the commit of its results. */
  source: string;
  /** The same for every row of the table's file. */
  provenance: Provenance;
}

/** One part of a report, independent of the format that it is written in. */
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3; text: string }
  | { kind: "text"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "table"; caption: string; header: string[]; rows: string[][] }
  | FigureBlock;
