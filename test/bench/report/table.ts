import type { BenchRow } from "./benchRow.ts";
import type { Figures } from "./figures.ts";

/** A number with three significant digits, without an exponent. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

function shown(figures: Figures | undefined): string {
  if (figures === undefined) return "";
  const { median, least, n } = figures;
  return n === 1 ? short(median) : `${short(median)} (least ${short(least)}, n = ${n})`;
}

function ratioText(ratio: BenchRow["ratio"]): string {
  if (ratio === undefined) return "";
  const { median, low, high } = ratio;
  return low === undefined || high === undefined
    ? median.toFixed(2)
    : `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

function memoryText(memory: BenchRow["memory"]): string {
  const megabytes = (each: number | undefined): string => (each === undefined ? "" : each.toFixed(0));
  const { ours, peer } = memory ?? {};
  return peer === undefined ? megabytes(ours) : `${megabytes(ours)} / ${megabytes(peer)}`;
}

/** Rows as a Markdown table; columns that no row fills are left out. */
export function toTable(rows: readonly BenchRow[]): string {
  const columns: readonly (readonly [string, (row: BenchRow) => string])[] = [
    ["bench", (row) => row.bench],
    ["case", (row) => row.case],
    ["unit", (row) => row.unit],
    ["ours, median", (row) => shown(row.ours)],
    ["peer", (row) => row.peer?.name ?? ""],
    ["peer, median", (row) => shown(row.peer?.figures)],
    ["times as good", (row) => ratioText(row.ratio)],
    ["MB, ours / peer", (row) => memoryText(row.memory)],
    ["note", (row) => row.note ?? ""],
  ];
  const used = columns.filter(([, text]) => rows.some((row) => text(row) !== ""));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [
    line(used.map(([name]) => name)),
    `|${used.map(() => "---|").join("")}`,
    ...rows.map((row) => line(used.map(([, text]) => text(row)))),
  ].join("\n");
}
