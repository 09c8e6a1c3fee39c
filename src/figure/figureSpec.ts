import type { TableData } from "./tableText.ts";

/** How an axis maps values to places. */
export type Scale = "linear" | "logarithmic";

/** A numeric axis. */
export interface Axis {
  title: string;
  scale: Scale;
  /** The values that have a tick; without them the drawer chooses. */
  ticks?: readonly number[];
  /** The least end of an axis that begins at 0, such as the number of planned steps. */
  end?: number;
}

/** A point of a series, with its interval along the value axis where it has one. */
export interface Point {
  x: number;
  y: number;
  low?: number | undefined;
  high?: number | undefined;
}

/** Points that belong together. */
export interface LineSeries {
  name: string;
  /** Its index in the cycle of styles. */
  style: number;
  points: readonly Point[];
  /** Single values, such as one for each run, drawn as small dots behind the points. */
  dots?: readonly Point[];
  /** A line; a line with a mark and whiskers at each point; marks and whiskers alone; a line within a filled band. */
  look: "line" | "marked" | "marks" | "band";
}

/** Points at the same x that are drawn side by side differ from the next series' by this factor. */
export const DODGE = 1.03;

/** Values over a numeric axis: curves, and scatters. */
export interface LinesPlot {
  kind: "lines";
  x: Axis;
  y: Axis;
  series: readonly LineSeries[];
  /** Whether points of several series at the same x are drawn side by side. */
  dodge?: boolean;
}

/** One value with its interval, where it has one. */
export interface IntervalRow {
  label: string;
  value: number;
  low?: number | undefined;
  high?: number | undefined;
  /** Single values, such as one for each seed, drawn as small dots behind the value. */
  dots?: readonly number[];
}

/** Values with their intervals, one row for each label; rows of one group share a colour and a shape. */
export interface IntervalsPlot {
  kind: "intervals";
  x: string;
  /** Whether the axis includes zero, as for differences. */
  zero: boolean;
  groups: readonly { name: string; rows: readonly IntervalRow[] }[];
}

/** A histogram, or bars by name; bars of several series are side by side. */
export interface BarsPlot {
  kind: "bars";
  x: string;
  y: string;
  labels: readonly string[];
  series: readonly { name: string; values: readonly number[] }[];
}

/** Coloured cells; a row may be shorter than others, and NaN is no cell. */
export interface HeatmapPlot {
  kind: "heatmap";
  x: string;
  y: string;
  /** What the colours mean. */
  unit: string;
  rows: readonly (readonly number[])[];
  /** The values at the two ends of the colours; what lies outside has the colour of the nearer end. */
  scale: readonly [low: number, high: number];
  /** The names of its columns and rows; without them they are numbered from 1. */
  names?: { x: readonly string[]; y: readonly string[] };
}

/** An axis of parallel coordinates: of numbers, or of names from the low end to the high one. */
export type ParallelAxis = Axis | { title: string; names: readonly string[] };

/** A line across all axes; undefined where it has no value on one. */
export interface ParallelLine {
  id: string;
  name: string;
  values: readonly (number | string | undefined)[];
  /** How it stands out. */
  rank: "best" | "top" | "other";
}

/** Parallel coordinates: axes beside each other, and lines across them, of which later ones lie over earlier ones. */
export interface ParallelPlot {
  kind: "parallel";
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  /** What stands where a line has no value. */
  none: string;
}

/** What a drawer draws. */
export type Plot = LinesPlot | IntervalsPlot | BarsPlot | HeatmapPlot | ParallelPlot;

/**
 * One figure of the page and of a report, independent of who draws it: its texts, what is drawn, and its numbers as a
 * table. Without a plot the table is the figure.
 */
export interface FigureSpec<P extends Plot = Plot> {
  /** Unique among the figures of a run. */
  id: string;
  title: string;
  /** Units, kind of interval, number of examples. */
  note: string;
  /** What the picture shows, in words. */
  description: string;
  plot?: P | undefined;
  table: () => TableData;
  /** The numbers for a file, where the table that is shown has them as texts, or not all that are drawn. */
  numbers?: (() => TableData) | undefined;
}

/** A figure that is a table alone. */
export type TableSpec = FigureSpec<never>;
