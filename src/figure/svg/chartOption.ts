import type { EChartsCoreOption } from "echarts/core";
import { COLOURS, INK, styleAt, type Shape } from "../seriesStyle.ts";
import { tickName, tickText, type DrawnAxis } from "../axisTicks.ts";

/** A chart as ECharts' option, with its size in pixels. */
export interface Chart {
  option: EChartsCoreOption;
  width: number;
  height: number;
}

export const WIDTH = 680;
/** About how wide a text is in the widest of usual fonts, in pixels. */
export const textWidth = (text: string): number => 7.4 * text.length;
export const FONT = { color: INK.text, fontSize: 12, fontFamily: "sans-serif" };

/** ECharts' names of shapes; those that it has not are paths. */
const SYMBOLS: Record<Shape, string> = {
  circle: "circle",
  triangle: "triangle",
  rect: "rect",
  rectRot: "diamond",
  star: "path://M-1,0L1,0M0,-1L0,1M-0.7,-0.7L0.7,0.7M-0.7,0.7L0.7,-0.7",
  crossRot: "path://M-1,-1L1,1M-1,1L1,-1",
};

/** The colour, dashes and symbol of series number `index`. */
export function lookOf(index: number): { colour: string; dash: "solid" | number[]; symbol: string } {
  const { colour, dash, shape } = styleAt(index);
  return {
    colour: COLOURS[colour]!.light,
    dash: dash.length === 0 ? "solid" : [...dash],
    symbol: SYMBOLS[shape],
  };
}

/** A numeric axis. Logarithmic values are placed by their logarithm, see `placeOn`. */
export const valueAxis = (axis: DrawnAxis, gap: number): { axisLabel: object } & Record<string, unknown> => ({
  type: "value",
  min: placeOn(axis, axis.low),
  max: placeOn(axis, axis.high),
  name: axis.title,
  nameLocation: "middle",
  nameGap: gap,
  nameTextStyle: FONT,
  axisLine: { show: true, onZero: false, lineStyle: { color: INK.grid } },
  axisTick: { show: true, customValues: axis.ticks.map((tick) => placeOn(axis, tick)), lineStyle: { color: INK.grid } },
  axisLabel: {
    ...FONT,
    customValues: axis.ticks.map((tick) => placeOn(axis, tick)),
    formatter: (place: number) => {
      const at = axis.ticks.findIndex((tick) => Math.abs(placeOn(axis, tick) - place) < 1e-9);
      return at < 0 ? tickText(place) : tickName(axis, at);
    },
  },
  splitLine: { show: true, lineStyle: { color: INK.grid, width: 0.5 } },
});

/** An axis of names. */
export const nameAxis = (names: readonly string[], more: object): object => ({
  type: "category",
  data: [...names],
  axisLine: { lineStyle: { color: INK.grid } },
  axisTick: { show: false },
  splitLine: { show: false },
  nameTextStyle: FONT,
  ...more,
});

/** Where on a drawn axis a value lies. */
export const placeOn = ({ isLogarithmic }: DrawnAxis, value: number): number =>
  isLogarithmic ? Math.log10(value) : value;

/** A legend below the title's place; of one series there is none. */
export const legendOf = (names: readonly string[]): object =>
  names.length < 2 ? { show: false } : { show: true, top: 0, data: [...names], textStyle: FONT, itemWidth: 34 };

/** About how many lines a legend takes. */
export const legendHeight = (names: readonly string[]): number =>
  names.length < 2 ? 0 : 22 * Math.ceil(names.reduce((sum, name) => sum + 60 + textWidth(name), 0) / WIDTH);
