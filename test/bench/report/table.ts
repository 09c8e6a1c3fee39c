import type { BenchRow } from "./benchRow.ts";
import type { Figures } from "./figures.ts";

/** Three digits that matter, without an exponent. */
const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
const shown = (figures: Figures | undefined): string =>
  figures === undefined
    ? ""
    : figures.n === 1
      ? short(figures.median)
      : `${short(figures.median)} (least ${short(figures.least)}, n = ${figures.n})`;

function ratioText(ratio: BenchRow["ratio"]): string {
  if (ratio === undefined) return "";
  const { median, low, high } = ratio;
  return low === undefined || high === undefined
    ? median.toFixed(2)
    : `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
}

function memoryText(memory: BenchRow["memory"]): string {
  const parts = [memory?.ours, memory?.peer].map((each) => (each === undefined ? "" : each.toFixed(0)));
  return parts.every((part) => part === "") ? "" : parts[1] === "" ? parts[0]! : parts.join(" / ");
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
