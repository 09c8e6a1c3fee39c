import type { Block } from "./blocks.ts";
import { escapeHtml } from "./escapeHtml.ts";

/** Draws differences with their intervals and a vertical line at 0, as an HTML figure with SVG. */
export function forestFigure({ caption, rows }: Extract<Block, { kind: "forest" }>): string {
  const most = Math.max(1, ...rows.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  const left = 230;
  const right = 620;
  const line = 24;
  const height = rows.length * line + 34;
  const x = (value: number): number => Math.round((left + ((value + most) / (2 * most)) * (right - left)) * 10) / 10;
  const marks = rows.map(({ label, value, low, high }, i) => {
    const y = 14 + i * line;
    return `<text x="0" y="${y + 4}" fill="currentColor" font-size="13">${escapeHtml(label)}</text><line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="currentColor" stroke-width="2"/><circle cx="${x(value)}" cy="${y}" r="4" fill="currentColor"/>`;
  });
  const ticks = [-most, 0, most].map(
    (tick) =>
      `<text x="${x(tick)}" y="${height - 6}" text-anchor="middle" fill="currentColor" font-size="12">${tick.toFixed(1).replace("-", "−")}</text>`,
  );
  return `<figure><figcaption>${escapeHtml(caption)}</figcaption><svg role="img" aria-label="${escapeHtml(caption)}" viewBox="0 0 660 ${height}" width="660" height="${height}"><line x1="${x(0)}" x2="${x(0)}" y1="0" y2="${height - 22}" stroke="currentColor" stroke-dasharray="3 3"/>${marks.join("")}${ticks.join("")}</svg></figure>`;
}

const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 2"];
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a6a00"];

/**
 * Draws curves with their intervals as an HTML figure with SVG. Each has its own colour and dash pattern, and is moved
 * sideways by 3 pixels from the one before, so that intervals do not hide each other.
 */
export function lineFigure({ caption, x: xName, y: yName, lines: curves }: Extract<Block, { kind: "lines" }>): string {
  const all = curves.flatMap(({ points }) => points);
  const ticks = [...new Set(all.map(({ x }) => x))].sort((a, b) => a - b);
  const low = Math.min(...all.flatMap((p) => [p.y, p.low ?? p.y]));
  const high = Math.max(...all.flatMap((p) => [p.y, p.high ?? p.y]));
  const [left, right, top, bottom] = [60, 480, 12, 250];
  const span = Math.log(ticks.at(-1)! / ticks[0]!) || 1;
  const px = (value: number, curve: number): number =>
    Math.round(
      10 * (left + (Math.log(value / ticks[0]!) / span) * (right - left) + 3 * (curve - (curves.length - 1) / 2)),
    ) / 10;
  const py = (value: number): number =>
    Math.round(10 * (bottom - ((value - low) / (high - low || 1)) * (bottom - top))) / 10;
  const drawn = curves.map(({ label, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const dash = DASHES[i % DASHES.length]!;
    const y = top + 10 + 20 * i;
    const whiskers = points
      .map((p) =>
        p.low === undefined || p.high === undefined
          ? ""
          : `<line x1="${px(p.x, i)}" x2="${px(p.x, i)}" y1="${py(p.low)}" y2="${py(p.high)}" stroke="${colour}"/>`,
      )
      .join("");
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}" points="${points.map((p) => `${px(p.x, i)},${py(p.y)}`).join(" ")}"/>${whiskers}${points.map((p) => `<circle cx="${px(p.x, i)}" cy="${py(p.y)}" r="3" fill="${colour}"/>`).join("")}<line x1="${right + 20}" x2="${right + 48}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/><text x="${right + 54}" y="${y + 4}" fill="currentColor" font-size="12">${escapeHtml(label)}</text>`;
  });
  const marks = [
    ...ticks.map(
      (tick) =>
        `<text x="${px(tick, (curves.length - 1) / 2)}" y="${bottom + 18}" text-anchor="middle" fill="currentColor" font-size="12">${tick}</text>`,
    ),
    ...[low, (low + high) / 2, high].map(
      (tick) =>
        `<text x="${left - 14}" y="${py(tick) + 4}" text-anchor="end" fill="currentColor" font-size="12">${tick.toFixed(1)}</text>`,
    ),
  ];
  return `<figure><figcaption>${escapeHtml(caption)}</figcaption><svg role="img" aria-label="${escapeHtml(caption)}" viewBox="0 0 760 290" width="760" height="290">${drawn.join("")}${marks.join("")}<text x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle" fill="currentColor" font-size="12">${escapeHtml(xName)}</text><text x="4" y="${top + 2}" fill="currentColor" font-size="12">${escapeHtml(yName)}</text></svg></figure>`;
}
