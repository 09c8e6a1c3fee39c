import type { ParallelLine } from "../../src/figure/figureSpec.ts";
import { apart, type PlacedAxis } from "../../src/figure/parallelPlaces.ts";
import type { Theme } from "../theme.ts";
import type { Brushes } from "./brushes.ts";

const TOP = 44;
const BOTTOM = 48;
const LEFT = 24;
const RIGHT = 74;
const TICK = 4;
/** The height of a tick's text. */
const LINE = 14;
const BRUSH = 7;
const FAINT = 0.25;

/** Where axes and places lie, in pixels. */
export interface ParallelFrame {
  width: number;
  height: number;
  /** Pixels between two axes. */
  step: number;
  x: (axis: number) => number;
  y: (place: number) => number;
  placeAt: (y: number) => number;
}

export function frameOf({ width, height }: { width: number; height: number }, axes: number): ParallelFrame {
  const step = (width - LEFT - RIGHT) / Math.max(1, axes - 1);
  const inner = height - TOP - BOTTOM;
  return {
    width,
    height,
    step,
    x: (axis) => LEFT + axis * step,
    y: (place) => TOP + (1 - place) * inner,
    placeAt: (y) => 1 - (y - TOP) / inner,
  };
}

/** What is drawn: lines with their places, one after the other, and which of them are selected. */
export interface ParallelPicture {
  frame: ParallelFrame;
  axes: readonly PlacedAxis[];
  places: Float64Array;
  lines: readonly ParallelLine[];
  selected: readonly boolean[];
  brushes: Brushes;
}

/** Draws lines that share a look as one path. */
function strokeLines(ctx: CanvasRenderingContext2D, picture: ParallelPicture, fits: (line: number) => boolean): void {
  const { frame, axes, places, lines } = picture;
  const n = axes.length;
  ctx.beginPath();
  for (let line = 0; line < lines.length; line++) {
    if (!fits(line)) continue;
    ctx.moveTo(frame.x(0), frame.y(places[line * n]!));
    for (let axis = 1; axis < n; axis++) ctx.lineTo(frame.x(axis), frame.y(places[line * n + axis]!));
  }
  ctx.stroke();
}

function drawLines(ctx: CanvasRenderingContext2D, picture: ParallelPicture, theme: Theme): void {
  const { lines, selected, brushes } = picture;
  const [top = theme.foreground, best = theme.foreground] = theme.series;
  const isBrushed = !brushes.isEmpty;
  const stroke = (colour: string, width: number, fits: (line: number) => boolean): void => {
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    strokeLines(ctx, picture, fits);
  };
  ctx.globalAlpha = isBrushed ? FAINT : 1;
  stroke(theme.grid, 0.6, (line) => !selected[line] || (!isBrushed && lines[line]!.rank === "other"));
  ctx.globalAlpha = 1;
  if (isBrushed) stroke(theme.foreground, 0.8, (line) => selected[line]! && lines[line]!.rank === "other");
  stroke(top, 1.2, (line) => selected[line]! && lines[line]!.rank === "top");
  stroke(best, 3, (line) => selected[line]! && lines[line]!.rank === "best");
}

function cut(ctx: CanvasRenderingContext2D, text: string, most: number): string {
  if (ctx.measureText(text).width <= most) return text;
  let kept = text;
  while (kept.length > 1 && ctx.measureText(`${kept}…`).width > most) kept = kept.slice(0, -1);
  return `${kept}…`;
}

/** A text on a background of its own, over the lines. */
function label(ctx: CanvasRenderingContext2D, text: string, at: { x: number; y: number }, theme: Theme): void {
  ctx.lineWidth = 3;
  ctx.strokeStyle = theme.background;
  ctx.strokeText(text, at.x, at.y);
  ctx.fillStyle = theme.foreground;
  ctx.fillText(text, at.x, at.y);
}

function drawAxis(
  ctx: CanvasRenderingContext2D,
  { title, ticks }: PlacedAxis,
  at: { axis: number; frame: ParallelFrame; isLast: boolean },
  theme: Theme,
): void {
  const { axis, frame, isLast } = at;
  const x = frame.x(axis);
  ctx.strokeStyle = theme.foreground;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x, frame.y(0));
  ctx.lineTo(x, frame.y(1));
  for (const tick of ticks) {
    ctx.moveTo(x - TICK, frame.y(tick.at));
    ctx.lineTo(x, frame.y(tick.at));
  }
  ctx.stroke();
  ctx.lineJoin = "round";
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const tick of apart(ticks, LINE / (frame.y(0) - frame.y(1))))
    label(ctx, cut(ctx, tick.text, (isLast ? RIGHT : frame.step) - 10), { x: x + TICK, y: frame.y(tick.at) }, theme);
  // Titles of neighbours are on two heights, so that each has the room of two.
  if (axis > 0) ctx.textAlign = isLast ? "right" : "center";
  const room = { x: isLast ? frame.width - 4 : Math.max(2, axis > 0 ? x : 2), y: axis % 2 === 0 ? 10 : 26 };
  label(ctx, cut(ctx, title, 2 * frame.step - 8), room, theme);
}

/** Draws lines, axes and ranges; the canvas' font is set. */
export function drawParallel(ctx: CanvasRenderingContext2D, picture: ParallelPicture, theme: Theme): void {
  const { frame, axes, brushes } = picture;
  ctx.clearRect(0, 0, frame.width, frame.height);
  drawLines(ctx, picture, theme);
  for (const [axis, each] of axes.entries()) {
    const range = brushes.of(axis);
    if (range !== undefined) {
      const [top, bottom] = [frame.y(range[1]), frame.y(range[0])];
      ctx.fillStyle = theme.series[0] ?? theme.foreground;
      ctx.globalAlpha = FAINT;
      ctx.fillRect(frame.x(axis) - BRUSH, top, 2 * BRUSH, bottom - top);
      ctx.globalAlpha = 1;
      ctx.strokeStyle = theme.foreground;
      ctx.lineWidth = 1;
      ctx.strokeRect(frame.x(axis) - BRUSH, top, 2 * BRUSH, bottom - top);
    }
    drawAxis(ctx, each, { axis, frame, isLast: axis === axes.length - 1 }, theme);
  }
}
