import { drawnAxis, heatmapAxes, tickName, valuesOf, type DrawnAxis } from "../../figure/axisTicks.ts";
import {
  DODGE,
  type BarsPlot,
  type HeatmapPlot,
  type IntervalsPlot,
  type LineSeries,
  type LinesPlot,
  type ParallelPlot,
  type Plot,
  type Point,
} from "../../figure/figureSpec.ts";
import { placedAxes } from "../../figure/parallelPlaces.ts";
import { colourOf, levelOf } from "../../figure/palette.ts";
import { COLOURS, styleAt, type Shape } from "../../figure/seriesStyle.ts";
import { latexText } from "./latexText.ts";

const MARKS: Record<Shape, string> = {
  circle: "*",
  triangle: "triangle*",
  rect: "square*",
  rectRot: "diamond*",
  star: "asterisk",
  crossRot: "x",
};

const defined = COLOURS.map(({ name, light }) => `\\definecolor{adept${name}}{HTML}{${light.slice(1).toUpperCase()}}`);
const colour = (index: number): string => `adept${COLOURS[styleAt(index).colour]!.name}`;
const list = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
/** A tick or label in braces, since a comma would end it. */
const text = (value: string): string => `{${latexText(value)}}`;

const picture = (options: readonly string[], lines: readonly string[]): string =>
  [
    ...defined,
    "\\begin{tikzpicture}",
    `\\begin{axis}[width=14cm,${options.join(",")}]`,
    ...lines,
    "\\end{axis}",
    "\\end{tikzpicture}",
    "",
  ].join("\n");

/**
 * Whether TeX can draw an axis by logarithms. Of ends that are nearly the same, such as parameters of one budget, a
 * unit of the logarithm is longer than its longest dimension; there a linear axis looks the same.
 */
const isDrawnByLogarithms = ({ isLogarithmic, low, high }: DrawnAxis): boolean => isLogarithmic && high / low > 1.1;

/** Ends, ticks and title of an axis. */
const axisOptions = (name: "x" | "y", axis: DrawnAxis): string[] => [
  `${name}label=${text(axis.title)}`,
  `${name}min=${axis.low}`,
  `${name}max=${axis.high}`,
  ...(isDrawnByLogarithms(axis) ? [`${name}mode=log`] : []),
  `${name}tick=${list(axis.ticks)}`,
  `${name}ticklabels=${list(axis.ticks.map((_, i) => text(tickName(axis, i))))}`,
  ...(name === "x" && axis.names !== undefined ? ["x tick label style={rotate=35,anchor=east}"] : []),
];
const SHARED = [
  "grid=major",
  "grid style={black!15}",
  "legend style={at={(0.5,1.03)},anchor=south,draw=none}",
  "legend columns=3",
];

/** A point as pgfplots reads it, with its whisker along an axis. */
function coordinate({ x, y, low, high }: Point, along: "x" | "y"): string {
  if (low === undefined || high === undefined || !Number.isFinite(high - low)) return `(${x},${y})`;
  const value = along === "y" ? y : x;
  const pair = (size: number): string => (along === "y" ? `(0,${Math.max(0, size)})` : `(${Math.max(0, size)},0)`);
  return `(${x},${y}) += ${pair(high - value)} -= ${pair(value - low)}`;
}

/** Single values as small dots, which the legend does not name. */
const dotsOf = (dots: readonly string[], style: number): string[] =>
  dots.length === 0
    ? []
    : [
        `\\addplot[only marks,mark=*,mark size=1pt,${colour(style)},opacity=0.6,forget plot] coordinates {${dots.join(" ")}};`,
      ];

function lineSeries({ name, style, look, points, dots = [] }: LineSeries): string[] {
  const { dash, shape } = styleAt(style);
  const hasMarks = look === "marked" || look === "marks";
  const pattern = dash.map((length, i) => `${i % 2 === 0 ? "on" : "off"} ${length / 2}pt`).join(" ");
  const options = [
    colour(style),
    look === "marks" ? "only marks" : "thick",
    hasMarks ? `mark=${MARKS[shape]}` : "mark=none",
    "mark options={solid}",
    ...(pattern === "" ? [] : [`dash pattern=${pattern}`]),
    ...(hasMarks ? ["error bars/.cd,y dir=both,y explicit"] : []),
  ];
  const known = points.filter((point): point is Point & { low: number; high: number } => point.low !== undefined);
  const edge = [
    ...known.map(({ x, high }) => `(${x},${high})`),
    ...known.reverse().map(({ x, low }) => `(${x},${low})`),
  ];
  return [
    ...dotsOf(
      dots.map((dot) => coordinate(dot, "y")),
      style,
    ),
    ...(look === "band" && known.length > 0
      ? [
          `\\addplot[draw=none,fill=${colour(style)},fill opacity=0.2,forget plot] coordinates {${edge.join(" ")}} -- cycle;`,
        ]
      : []),
    `\\addplot[${options.join(",")}] coordinates {${points.map((point) => coordinate(point, "y")).join(" ")}};`,
    `\\addlegendentry${text(name)}`,
  ];
}

function linesPlot(plot: LinesPlot): string {
  const values = valuesOf(plot);
  const [x, y] = [drawnAxis(plot.x, values.x), drawnAxis(plot.y, values.y)];
  const most = plot.dodge === true ? DODGE ** (plot.series.length / 2) : 1;
  const ends = plot.dodge === true ? { ...x, low: x.low / most, high: x.high * most } : x;
  const series = plot.series.flatMap((each, i) => {
    const shift = plot.dodge === true ? DODGE ** (i - (plot.series.length - 1) / 2) : 1;
    const points = each.points
      .filter((point) => Number.isFinite(point.y) && (!y.isLogarithmic || point.y > 0))
      .map((point) => ({
        ...point,
        x: point.x * shift,
        low: point.low === undefined || !y.isLogarithmic ? point.low : Math.max(point.low, y.low),
      }));
    return points.length === 0 ? [] : lineSeries({ ...each, points });
  });
  return picture([...axisOptions("x", ends), ...axisOptions("y", y), "height=7cm", ...SHARED], series);
}

function intervalsPlot({ x, zero, groups }: IntervalsPlot): string {
  const labels = [...new Set(groups.flatMap(({ rows }) => rows.map(({ label }) => label)))];
  const values = groups.flatMap(({ rows }) =>
    rows.flatMap(({ value, low, high, dots = [] }) => [value, low ?? value, high ?? value, ...dots]),
  );
  const axis = drawnAxis({ title: x, scale: "linear" }, zero ? [...values, 0] : values);
  const options = [
    ...axisOptions("x", axis),
    "ymin=-0.6",
    `ymax=${labels.length - 0.4}`,
    "y dir=reverse",
    `ytick=${list(labels.map((_, i) => i))}`,
    `yticklabels=${list(labels.map(text))}`,
    `height=${2.2 + 0.6 * labels.length}cm`,
    ...SHARED,
    ...(zero
      ? ["extra x ticks={0}", "extra x tick labels={}", "extra x tick style={grid=major,grid style={black}}"]
      : []),
  ];
  const lines = groups.flatMap(({ name, rows: all }, i) => {
    const rows = all.filter(({ value }) => Number.isFinite(value));
    const at = (label: string): number => labels.indexOf(label);
    const points = rows.map(({ label, value, low, high }) => coordinate({ x: value, y: at(label), low, high }, "x"));
    const dots = rows.flatMap(({ label, dots: own = [] }) => own.map((dot) => `(${dot},${at(label)})`));
    return [
      ...dotsOf(dots, i),
      `\\addplot[only marks,mark=${MARKS[styleAt(i).shape]},${colour(i)},error bars/.cd,x dir=both,x explicit] coordinates {${points.join(" ")}};`,
      ...(groups.length > 1 ? [`\\addlegendentry${text(name)}`] : []),
    ];
  });
  return picture(options, lines);
}

function barsPlot({ x, y, labels, series }: BarsPlot): string {
  const axis = { ...drawnAxis({ title: y, scale: "linear" }, [0, ...series.flatMap(({ values }) => values)]), low: 0 };
  const ticks = labels.flatMap((label, i) => (i % 4 === 0 ? [{ label, i }] : []));
  const width = 0.8 / series.length;
  const options = [
    `xlabel=${text(x)}`,
    `xtick=${list(ticks.map(({ i }) => i))}`,
    `xticklabels=${list(ticks.map(({ label }) => text(label)))}`,
    "xmin=-1",
    `xmax=${labels.length}`,
    ...axisOptions("y", axis),
    "height=6.5cm",
    `ybar=0pt,bar width=${width}`,
    ...SHARED,
  ];
  const lines = series.flatMap(({ name, values }, i) => [
    `\\addplot[${colour(i)},fill=${i % 2 === 0 ? colour(i) : "none"}] coordinates {${values.map((value, at) => `(${at},${value})`).join(" ")}};`,
    ...(series.length > 1 ? [`\\addlegendentry${text(name)}`] : []),
  ]);
  return picture(options, lines);
}

function heatmapPlot(plot: HeatmapPlot): string {
  const { unit, rows, scale } = plot;
  const cells = rows.flatMap((row, at) =>
    row.flatMap((value, place) => {
      if (Number.isNaN(value)) return [];
      const [red, green, blue] = colourOf(levelOf(value, scale));
      return `\\fill[fill={rgb,255:red,${red};green,${green};blue,${blue}}] (axis cs:${place + 0.5},${at + 0.5}) rectangle (axis cs:${place + 1.5},${at + 1.5});`;
    }),
  );
  const { across, down } = heatmapAxes(plot);
  const options = [
    ...axisOptions("x", across),
    ...axisOptions("y", down),
    "y dir=reverse",
    `height=${3 + 0.4 * rows.length}cm`,
    "colorbar",
    "colormap/viridis",
    `colorbar style={title=${text(unit)}}`,
    `point meta min=${scale[0]}`,
    `point meta max=${scale[1] > scale[0] ? scale[1] : scale[0] + 1}`,
  ];
  return picture(options, cells);
}

const RANKS = { other: "black!25,very thin", top: `${colour(0)},thin`, best: `${colour(1)},very thick` };

/** Axes beside each other at whole numbers; places along them from 0 to 1. */
function parallelPlot(plot: ParallelPlot): string {
  const axes = placedAxes(plot);
  const options = [
    "xmin=-0.2",
    `xmax=${axes.length - 0.3}`,
    "ymin=-0.12",
    "ymax=1.02",
    "axis line style={draw=none}",
    "ytick=\\empty",
    "tick style={draw=none}",
    `xtick=${list(axes.map((_, i) => i))}`,
    `xticklabels=${list(axes.map(({ title }) => text(title)))}`,
    "x tick label style={rotate=25,anchor=east}",
    "height=9cm",
  ];
  const lines = plot.lines.map(({ values, rank }) => {
    const points = axes.map(({ placeOf }, i) => `(${i},${Number(placeOf(values[i]).toPrecision(6))})`);
    return `\\addplot[${RANKS[rank]},mark=none] coordinates {${points.join(" ")}};`;
  });
  const marks = axes.flatMap(({ ticks }, i) => [
    `\\draw (axis cs:${i},0) -- (axis cs:${i},1);`,
    ...ticks.map(
      (tick) =>
        `\\node[anchor=west,font=\\tiny,inner sep=1pt] at (axis cs:${i},${Number(tick.at.toPrecision(6))}) ${text(tick.text)};`,
    ),
  ]);
  return picture(options, [...lines, ...marks]);
}

/** Draws a plot for LaTeX's package pgfplots. */
export function pgfplot(plot: Plot): string {
  switch (plot.kind) {
    case "lines":
      return linesPlot(plot);
    case "intervals":
      return intervalsPlot(plot);
    case "bars":
      return barsPlot(plot);
    case "heatmap":
      return heatmapPlot(plot);
    case "parallel":
      return parallelPlot(plot);
  }
}
