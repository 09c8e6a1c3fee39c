import type { ChartDataset } from "chart.js";
import { styleAt } from "../../src/figure/seriesStyle.ts";
import type { Theme } from "../theme.ts";

/** The style of series number `index` in the theme's colours, as chart.js options. */
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
  const { colour: at, dash, shape } = styleAt(index);
  const colour = theme.series[at] ?? theme.foreground;
  return {
    borderColor: colour,
    backgroundColor: colour,
    pointBorderColor: colour,
    pointBackgroundColor: colour,
    borderWidth: 1.5,
    borderDash: [...dash],
    pointStyle: shape,
  };
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
