import type { ParallelPlot } from "../../src/figure/figureSpec.ts";
import { nearest, placedAxes, type PlacedAxis } from "../../src/figure/parallelPlaces.ts";
import { valueText } from "../../src/figure/sweep/variedSettings.ts";
import { el } from "../dom.ts";
import type { Drawing } from "../figure.ts";
import type { Theme } from "../theme.ts";
import { Brushes, edgesOf, ENDS, nextEdge, rangeOf, type ValueRange } from "./brushes.ts";
import { ChartBox, opaque } from "./chartBox.ts";
import { fontOf } from "./chartStyle.ts";
import { drawParallel, frameOf, type ParallelFrame } from "./parallelPaint.ts";
import { RangeHandle } from "./rangeHandle.ts";

/** Texts of the handles of an axis, and what is told of a selection. */
export interface ParallelTexts {
  from: (axis: string) => string;
  to: (axis: string) => string;
  /** Ids of the selected runs; undefined where no axis has a range. */
  onSelect: (ids: ReadonlySet<string> | undefined) => void;
}

/** A pointer this many pixels from an axis means it. */
const NEAR = 24;
/** A pointer that moves fewer pixels has pressed, not dragged. */
const STILL = 4;
const NAME_OF_RANGE = ["from", "to"] as const;

/**
 * Parallel coordinates on a canvas. A range is dragged along an axis, or its two ends are moved by the keyboard; the
 * runs that lie in every range are selected.
 */
export class ParallelChart implements Drawing {
  readonly element = el("div", "", "parallel");
  private readonly box = new ChartBox();
  private readonly axes: readonly PlacedAxis[];
  private readonly places: Float64Array;
  private readonly edges: readonly (readonly number[])[];
  private readonly handles: readonly (readonly [RangeHandle, RangeHandle])[];
  private readonly brushes = new Brushes();
  private readonly sizes = new ResizeObserver(() => {
    this.draw();
  });
  private selected: boolean[];
  private asked: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly plot: ParallelPlot,
    private readonly texts: ParallelTexts,
    private theme: Theme,
  ) {
    this.axes = placedAxes(plot);
    const { axes } = this;
    this.places = Float64Array.from(
      plot.lines.flatMap(({ values }) => axes.map(({ placeOf }, i) => placeOf(values[i]))),
    );
    this.selected = plot.lines.map(() => true);
    this.edges = axes.map((_, axis) => edgesOf(plot.lines.map((__, line) => this.places[line * axes.length + axis]!)));
    this.handles = axes.map(({ title }, axis) => [this.handle(axis, 0, title), this.handle(axis, 1, title)]);
    this.box.element.append(...this.handles.flat().map(({ element }) => element));
    this.element.append(this.box.element);
    this.sizes.observe(this.box.element);
    this.listen();
  }

  describe(label: string): void {
    this.box.describe(label);
  }
  picture(): HTMLCanvasElement {
    return opaque(this.box.canvas, this.theme.background);
  }
  paint(theme: Theme): void {
    this.theme = theme;
    this.draw();
  }
  destroy(): void {
    this.sizes.disconnect();
    clearTimeout(this.asked);
  }

  /** Takes all ranges away. */
  clear(): void {
    this.brushes.clear();
    this.select();
  }

  /** The ranges, by the values in them. */
  ranges(): ValueRange[] {
    const { axes, places, plot, brushes } = this;
    return axes.flatMap(({ title }, axis) => {
      const range = brushes.of(axis);
      if (range === undefined) return [];
      const isIn = (line: number): boolean => {
        const place = places[line * axes.length + axis]!;
        return place >= range[0] && place <= range[1];
      };
      return [{ axis: title, inside: plot.lines.filter((_, i) => isIn(i)).map(({ values }) => values[axis]) }];
    });
  }

  /** Sets ranges that another chart had; those of axes that are no more, or without their values, are left out. */
  restore(ranges: readonly ValueRange[]): void {
    for (const [axis, { title, placeOf }] of this.axes.entries()) {
      const found = ranges.find((each) => each.axis === title);
      const own = this.plot.lines.map(({ values }) => values[axis]);
      const range = found && rangeOf(found.inside, placeOf, own);
      if (range !== undefined) this.brushes.set(axis, ...range);
    }
    if (!this.brushes.isEmpty) this.select();
  }

  private handle(axis: number, which: 0 | 1, title: string): RangeHandle {
    const move = (place: number): void => {
      const range = [...(this.brushes.of(axis) ?? ENDS)] as [number, number];
      range[which] = place;
      // An end that is moved past the other takes it along.
      if (range[0] > range[1]) range[1 - which] = place;
      this.brushes.set(axis, ...range);
      this.select();
    };
    return new RangeHandle(this.texts[NAME_OF_RANGE[which]](title), {
      step: (up) => {
        move(nextEdge(this.edges[axis]!, (this.brushes.of(axis) ?? ENDS)[which], up));
      },
      end: (up) => {
        move(ENDS[up ? 1 : 0]);
      },
      clear: () => {
        this.brushes.clear(axis);
        this.select();
      },
    });
  }

  private get frame(): ParallelFrame {
    const { clientWidth, clientHeight } = this.box.element;
    return frameOf({ width: clientWidth, height: clientHeight }, this.axes.length);
  }

  private listen(): void {
    const { canvas } = this.box;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const { x, placeAt } = this.frame;
      const axis = nearest(
        this.axes.map((_, i) => x(i)),
        event.offsetX,
        NEAR,
      );
      if (axis === undefined) return;
      canvas.setPointerCapture(event.pointerId);
      const from = event.offsetY;
      const move = ({ offsetY }: PointerEvent): void => {
        if (Math.abs(offsetY - from) < STILL) this.brushes.clear(axis);
        else this.brushes.set(axis, placeAt(from), placeAt(offsetY));
        this.select();
      };
      const end = (last: PointerEvent): void => {
        move(last);
        canvas.removeEventListener("pointermove", move);
        canvas.removeEventListener("pointerup", end);
        canvas.removeEventListener("pointercancel", end);
      };
      canvas.addEventListener("pointermove", move);
      canvas.addEventListener("pointerup", end);
      canvas.addEventListener("pointercancel", end);
    });
  }

  /** Finds the runs in all ranges, and draws them: several moves that a browser tells at once are one. */
  private select(): void {
    const { plot, axes, brushes } = this;
    this.asked ??= setTimeout(() => {
      this.asked = undefined;
      this.selected = plot.lines.map((_, line) => brushes.has(this.places, line * axes.length));
      this.draw();
      this.texts.onSelect(
        brushes.isEmpty ? undefined : new Set(plot.lines.filter((_, i) => this.selected[i]).map(({ id }) => id)),
      );
    });
  }

  private draw(): void {
    const { canvas } = this.box;
    const { frame, theme, axes, places, brushes, plot, selected } = this;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(frame.width * ratio), Math.round(frame.height * ratio)];
    if (width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      canvas.style.width = `${frame.width}px`;
      canvas.style.height = `${frame.height}px`;
    }
    const ctx = canvas.getContext("2d");
    if (ctx === null) throw new Error("no 2d canvas");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { family, size } = fontOf(theme);
    ctx.font = `${size}px ${family}`;
    drawParallel(ctx, { frame, axes, places, lines: plot.lines, selected, brushes }, theme);
    for (const [axis, pair] of this.handles.entries())
      for (const which of [0, 1] as const) {
        const place = (brushes.of(axis) ?? ENDS)[which];
        pair[which].put({ left: frame.x(axis), top: frame.y(place) }, place, this.valueAt(axis, place, which));
      }
  }

  /** The value of the first run within the end of a range, in words. */
  private valueAt(axis: number, place: number, which: 0 | 1): string {
    const { axes, places, plot } = this;
    const inside = plot.lines
      .map((line, i) => ({ value: line.values[axis], at: places[i * axes.length + axis]! }))
      .filter(({ at }) => (which === 0 ? at >= place : at <= place));
    const first = inside.reduce<(typeof inside)[number] | undefined>(
      (best, each) => (best === undefined || (which === 0 ? each.at < best.at : each.at > best.at) ? each : best),
      undefined,
    );
    return first?.value === undefined ? plot.none : valueText(first.value);
  }
}
