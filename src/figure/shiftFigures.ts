import type { Labels } from "../protocol/pageLabels.ts";
import type { PositionShift, Shifted } from "../protocol/results/positionShift.ts";
import type { FigureSpec, LineSeries, LinesPlot, Point, TableSpec } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";
import { fill, percent, pValueText, signedPoints } from "./valueText.ts";

/** One way to measure what a shift changes. */
export interface ShiftMeasure {
  id: string;
  text: string;
  of: (each: Shifted) => Omit<Point, "x"> | undefined;
}

/** All ways to measure what a shift changes; the first is the share right, in percentage points. */
export function shiftMeasures(labels: Labels): [ShiftMeasure, ...ShiftMeasure[]] {
  return [
    {
      id: "right",
      text: labels.pointsAgainst,
      of: ({ versus: { right } }) => ({
        y: 100 * right.difference,
        low: 100 * right.interval[0],
        high: 100 * right.interval[1],
      }),
    },
    { id: "flips", text: `${labels.flips} (%)`, of: ({ versus }) => ({ y: 100 * versus.flips }) },
    {
      id: "offset",
      text: labels.offsetChange,
      of: ({ offsetChange }) => (offsetChange === undefined ? undefined : { y: offsetChange }),
    },
    { id: "encoder", text: labels.encoderChange, of: ({ encoderChange }) => ({ y: encoderChange }) },
    { id: "kl", text: `KL (${labels.nats})`, of: ({ kl }) => ({ y: kl }) },
    { id: "logit", text: labels.logitChange, of: ({ maxLogit }) => ({ y: maxLogit }) },
  ];
}

/** Another run whose shifts are drawn beside the run's own, such as prompt tuning as the control. */
export interface Beside {
  name: string;
  result: PositionShift;
}

/** One measure over the shift, a line for each test. */
export function shiftFigure(
  { cases, isCausal }: PositionShift,
  { measure, beside }: { measure: ShiftMeasure; beside?: Beside | undefined },
  labels: Labels,
): FigureSpec<LinesPlot> {
  const tests = [...new Set(cases.map(({ test }) => test))];
  const linesOf = (all: readonly Shifted[], suffix: string, from: number): LineSeries[] =>
    tests.map((test, i) => ({
      name: `${test}${suffix}`,
      style: from + i,
      look: "marked",
      points: all
        .filter((each) => each.test === test)
        .flatMap((each) => {
          const value = measure.of(each);
          return value === undefined ? [] : [{ x: each.k, ...value }];
        }),
    }));
  const sizeOf = (each: Shifted): number => measure.of(each)?.y ?? 0;
  const worst = [...cases].sort((a, b) => Math.abs(sizeOf(b)) - Math.abs(sizeOf(a)))[0];
  return {
    id: "shift",
    title: labels.shiftTitle,
    note: [
      labels.shiftNote,
      ...(isCausal === true ? [labels.shiftCausalNote] : []),
      fill(labels.bootstrapNote, cases[0]?.versus.n ?? 0),
    ].join(" "),
    description:
      worst === undefined
        ? labels.positionShift
        : fill(labels.worstShift, measure.text, sizeOf(worst).toPrecision(3), worst.label),
    plot: {
      kind: "lines",
      x: {
        title: labels.shiftBy,
        scale: "logarithmic",
        ticks: [...new Set(cases.map(({ k }) => k))].sort((a, b) => a - b),
      },
      y: { title: measure.text, scale: "linear" },
      dodge: true,
      series: [
        ...linesOf(cases, "", 0),
        ...(beside === undefined ? [] : linesOf(beside.result.cases, ` · ${beside.name}`, tests.length)),
      ],
    },
    table: () =>
      shiftTable([{ name: "", cases }, ...(beside ? [{ name: beside.name, ...beside.result }] : [])], labels),
  };
}

function shiftTable(all: readonly { name: string; cases: readonly Shifted[] }[], labels: Labels): TableData {
  const show = (x: number): string => signedPoints(x / 100);
  const hasOthers = all.length > 1;
  return {
    columns: [
      ...(hasOthers ? [{ name: labels.run }] : []),
      { name: labels.shift },
      { name: labels.test },
      { name: "k" },
      { name: labels.offsetChange },
      { name: labels.encoderChange },
      { name: "KL", unit: labels.nats },
      { name: labels.logitChange },
      { name: labels.flips, show: percent },
      { name: labels.difference, unit: labels.pointsUnit, show },
      { name: labels.low, unit: labels.pointsUnit, show },
      { name: labels.high, unit: labels.pointsUnit, show },
      { name: labels.pHolm, show: pValueText },
    ],
    rows: all.flatMap(({ name, cases }) =>
      cases.map(({ label, test, k, offsetChange, encoderChange, kl, maxLogit, versus, holmP }) => [
        ...(hasOthers ? [name === "" ? labels.thisRun : name] : []),
        label,
        test,
        k,
        offsetChange,
        encoderChange,
        kl,
        maxLogit,
        versus.flips,
        100 * versus.right.difference,
        100 * versus.right.interval[0],
        100 * versus.right.interval[1],
        holmP,
      ]),
    ),
  };
}

/** The properties that must hold exactly: T0, T5 and T6; a table alone. */
export function propertiesFigure({ properties: p }: PositionShift, labels: Labels): TableSpec {
  const exact = (x: number): string => (x === 0 ? labels.exactly : x.toPrecision(2));
  const rows = [
    [labels.t0Places, p.acrossPlaces],
    [labels.t0Tokens, p.acrossTokens],
    [labels.t6, p.withinType],
    [labels.promptRows, p.promptChange],
    [labels.t5Padding, p.padding],
    [labels.t5Value, p.padValue],
  ] as const;
  return {
    id: "properties",
    title: labels.propertiesTitle,
    note: fill(labels.propertiesNote, p.tokens, p.places),
    description: labels.propertiesTitle,
    table: () => ({ columns: [{ name: labels.property }, { name: labels.largest, show: exact }], rows }),
  };
}
