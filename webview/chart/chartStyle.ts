import type { ChartDataset } from "chart.js";
import type { Theme } from "../theme.ts";

const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const POINT_STYLES = ["circle", "triangle", "rect", "rectRot", "star", "crossRot"] as const;

/**
 * Colour, dash and point shape of series number `index`. Series differ without colour too, and there are many more
 * combinations than colours.
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

/** The number of colours that a theme has for series. */
const COLOURS = 6;

/**
 * Assigns each run an index in the cycle of styles, from its id, so that it looks the same in every figure. Where two
 * would share a colour while others are free, the later id gets the next free one.
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

/** Colours and fonts of an axis, as chart.js options. */
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

/** The title of an axis, as chart.js options. */
export const axisTitle = (
  theme: Theme,
  text: string,
): { display: boolean; text: string; color: string; font: { family: string; size: number } } => ({
  display: text !== "",
  text,
  color: theme.foreground,
  font: fontOf(theme),
});

/** The theme's font, smaller than in the editor, as chart.js options. */
export const fontOf = (theme: Theme): { family: string; size: number } => ({
  family: theme.font,
  size: Math.max(9, theme.fontSize - 2),
});
