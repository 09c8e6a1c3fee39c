import type { ChartDataset } from "chart.js";
import type { Theme } from "../theme.ts";

const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const POINT_STYLES = ["circle", "triangle", "rect", "rectRot", "star", "crossRot"] as const;

/**
 * Colour, dash and shape of series number `index`: told apart without colour too, and by their combination far beyond
 * the number of colours.
 */
export function seriesStyle(
  theme: Theme,
  index: number,
): Pick<
  ChartDataset<"line">,
  | "borderColor"
  | "backgroundColor"
  | "pointBorderColor"
  | "pointBackgroundColor"
  | "borderDash"
  | "pointStyle"
  | "borderWidth"
> {
  const count = theme.series.length;
  const colour = theme.series[index % count] ?? theme.foreground;
  return {
    borderColor: colour,
    backgroundColor: colour,
    pointBorderColor: colour,
    pointBackgroundColor: colour,
    borderWidth: 1.5,
    borderDash: [...(DASHES[Math.floor(index / count + index) % DASHES.length] ?? [])],
    pointStyle: POINT_STYLES[index % POINT_STYLES.length] ?? "circle",
  };
}

/** Colours of a theme that tell series apart. */
const COLOURS = 6;

/**
 * Places in the cycle of styles: each run has its own by its id, so that it looks the same in every figure; where two
 * would share a colour while others are free, the later id takes the next.
 */
export function stableStyles(ids: readonly string[], places = 24): Map<string, number> {
  const taken = new Map<string, number>();
  const used = new Set<number>();
  const colours = new Set<number>();
  for (const id of [...ids].sort()) {
    const from = hash(id) % places;
    const order = Array.from({ length: places }, (_, i) => (from + i) % places);
    const place =
      order.find((each) => !used.has(each) && (colours.size >= COLOURS || !colours.has(each % COLOURS))) ??
      order.find((each) => !used.has(each)) ??
      from;
    used.add(place);
    colours.add(place % COLOURS);
    taken.set(id, place);
  }
  return taken;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

export function axisStyle(theme: Theme): {
  ticks: { color: string; font: { family: string; size: number }; maxTicksLimit: number };
  grid: { color: string; lineWidth: number };
  border: { color: string };
} {
  return {
    ticks: { color: theme.foreground, font: fontOf(theme), maxTicksLimit: 7 },
    grid: { color: theme.grid, lineWidth: 0.5 },
    border: { color: theme.grid },
  };
}

export const axisTitle = (
  theme: Theme,
  text: string,
): { display: boolean; text: string; color: string; font: { family: string; size: number } } => ({
  display: text !== "",
  text,
  color: theme.foreground,
  font: fontOf(theme),
});

export const fontOf = (theme: Theme): { family: string; size: number } => ({
  family: theme.font,
  size: Math.max(9, theme.fontSize - 2),
});
