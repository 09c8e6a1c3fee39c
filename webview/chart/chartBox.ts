import type { Chart } from "chart.js";
import { el } from "../dom.ts";

/** A sized box with a canvas and a description for screen readers. */
export class ChartBox {
  readonly element = el("div", "", "chart");
  readonly canvas = document.createElement("canvas");

  constructor(size: "normal" | "small" = "normal") {
    if (size === "small") this.element.classList.add("small");
    this.canvas.setAttribute("role", "img");
    this.element.append(this.canvas);
  }

  /** @param label what the figure shows, for screen readers */
  describe(label: string): void {
    this.canvas.setAttribute("aria-label", label);
  }
}

/** A copy of a chart at twice the resolution, on an opaque background. */
export function picture(chart: Chart, background: string): HTMLCanvasElement {
  const before = chart.options.devicePixelRatio;
  chart.options.devicePixelRatio = 2;
  chart.resize();
  chart.draw();
  const copy = opaque(chart.canvas, background);
  if (before === undefined) delete chart.options.devicePixelRatio;
  else chart.options.devicePixelRatio = before;
  chart.resize();
  chart.draw();
  return copy;
}

/** A copy of a canvas on an opaque background. */
export function opaque(canvas: HTMLCanvasElement, background: string): HTMLCanvasElement {
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const ctx = copy.getContext("2d");
  if (ctx === null) throw new Error("no 2d canvas");
  ctx.fillStyle = background;
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.drawImage(canvas, 0, 0);
  return copy;
}
