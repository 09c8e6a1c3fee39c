import type { Labels } from "../protocol/pageLabels.ts";
import type { OffsetExample, Offsets } from "../protocol/results/offsets.ts";
import type { BarsPlot, FigureSpec, HeatmapPlot, IntervalsPlot, TableSpec } from "./figureSpec.ts";
import { robustScale } from "./palette.ts";
import type { TableData } from "./tableText.ts";
import { fill } from "./valueText.ts";

const BINS = 30;
const sci = (x: number): string => x.toPrecision(3);

/** The offsets of a run, by the name under which they are compared. */
export interface NamedOffsets {
  name: string;
  result: Offsets;
}

/** Test texts, one row per text and one cell per token. */
export function heatmapFigure(examples: readonly OffsetExample[], labels: Labels): FigureSpec<HeatmapPlot> {
  return {
    id: "heatmap",
    title: labels.heatmapTitle,
    note: labels.heatmapNote,
    description: fill(labels.heatmapOf, examples.length),
    plot: {
      kind: "heatmap",
      x: labels.place,
      y: labels.text,
      unit: labels.l2,
      rows: examples.map(({ norm }) => norm),
      scale: robustScale(examples.flatMap(({ norm }) => norm)),
    },
    table: () => ({
      columns: [
        { name: labels.text },
        { name: labels.target },
        { name: labels.place },
        { name: labels.token },
        { name: labels.offsetNorm, unit: "L2", show: sci },
      ],
      rows: examples.flatMap(({ target, pieces, norm }, row) =>
        pieces.map((piece, place) => [row + 1, target, place + 1, piece, norm[place]]),
      ),
    }),
  };
}

/** The paper's Table 2 by both ways of counting, for some runs. */
export function tableTwoFigure(runs: readonly NamedOffsets[], labels: Labels): FigureSpec<IntervalsPlot> {
  const rows = (way: "official" | "valid"): { label: string; value: number }[] =>
    runs.map(({ name, result }) => ({ label: name, value: result[way].meanAbs }));
  const { valid, official } = runs[0]!.result;
  return {
    id: "table2",
    title: labels.tableTwo,
    note: fill(labels.tableTwoNote, valid.tokens, official.tokens),
    description: runs
      .map(({ name, result }) => `${name}: ${sci(result.official.meanAbs)} / ${sci(result.valid.meanAbs)}`)
      .join("; "),
    plot: {
      kind: "intervals",
      x: labels.meanAbs,
      zero: true,
      groups: [
        { name: labels.official, rows: rows("official") },
        { name: labels.validOnly, rows: rows("valid") },
      ],
    },
    table: () => sizeTable(runs, labels),
  };
}

/** The table with a row for each run and way of counting. */
function sizeTable(runs: readonly NamedOffsets[], labels: Labels): TableData {
  const ways = [
    ["official", labels.official],
    ["valid", labels.validOnly],
  ] as const;
  return {
    columns: [
      { name: labels.run },
      { name: labels.counted },
      { name: labels.tokens },
      { name: labels.meanAbs, show: sci },
      { name: labels.meanL2, show: sci },
      { name: labels.meanRatio, show: sci },
      { name: labels.embeddingL2, show: sci },
    ],
    rows: runs.flatMap(({ name, result }) =>
      ways.map(([way, label]) => {
        const { tokens, meanAbs, meanL2, meanRatio, embeddingMeanL2 } = result[way];
        return [name, label, tokens, meanAbs, meanL2, meanRatio, embeddingMeanL2];
      }),
    ),
  };
}

/**
 * How many offsets have which norm: of the whole vocabulary and of the tokens seen in training, or of DePT's places.
 * Undefined where no norm is stored.
 */
export function normFigure({ vocabulary, places }: Offsets, labels: Labels): FigureSpec<BarsPlot> | undefined {
  const values = vocabulary?.norm ?? places;
  if (values === undefined || values.length === 0) return undefined;
  const seen = vocabulary === undefined ? [] : vocabulary.norm.filter((_, id) => (vocabulary.count[id] ?? 0) > 0);
  const high = values.reduce((a, b) => Math.max(a, b));
  const low = values.reduce((a, b) => Math.min(a, b));
  const width = (high - low) / BINS || 1;
  const count = (from: readonly number[]): number[] => {
    const bins = Array.from({ length: BINS }, () => 0);
    for (const value of from) {
      const at = Math.min(BINS - 1, Math.floor((value - low) / width));
      bins[at] = (bins[at] ?? 0) + 1;
    }
    return bins;
  };
  const names = Array.from({ length: BINS }, (_, i) => sci(low + (i + 0.5) * width));
  const series = [
    { name: vocabulary === undefined ? labels.places : labels.wholeVocabulary, values: count(values) },
    ...(seen.length > 0 ? [{ name: labels.seenTokens, values: count(seen) }] : []),
  ];
  return {
    id: "histogram",
    title: labels.histogramTitle,
    note: fill(labels.histogramNote, values.length),
    description: fill(labels.histogramOf, values.length, sci(low), sci(high)),
    plot: { kind: "bars", x: labels.offsetNorm, y: labels.count, labels: names, series },
    table: () => ({
      columns: [
        { name: labels.from, show: sci },
        { name: labels.to, show: sci },
        ...series.map(({ name }) => ({ name })),
      ],
      rows: names.map((_, i) => [low + i * width, low + (i + 1) * width, ...series.map(({ values: own }) => own[i])]),
    }),
  };
}

/** The tokens with the largest offsets and their nearest words; a table alone. Undefined where none are stored. */
export function neighboursFigure({ tokens }: Offsets, labels: Labels): TableSpec | undefined {
  if (tokens.length === 0) return undefined;
  const named = (list: readonly { text: string; cosine: number }[]): string =>
    list.map(({ text, cosine }) => `${text} (${cosine.toFixed(2)})`).join(", ");
  return {
    id: "neighbours",
    title: labels.neighboursTitle,
    note: fill(labels.neighboursNote, tokens.length),
    description: labels.neighboursTitle,
    table: () => ({
      columns: [
        { name: labels.token },
        { name: "id" },
        { name: labels.offsetNorm, unit: "L2", show: sci },
        { name: labels.ratio, show: sci },
        { name: labels.activeUnits },
        { name: labels.frequency },
        { name: labels.before },
        { name: labels.after },
      ],
      rows: tokens.map(({ text, id, norm, ratio, active, count, before, after }) => [
        text,
        id,
        norm,
        ratio,
        active,
        count,
        named(before),
        named(after),
      ]),
    }),
  };
}

/** Hidden units, rank and specificity in numbers; a table alone. Undefined where none are stored. */
export function unitsFigure({ units, geometry, specificity, prompt }: Offsets, labels: Labels): TableSpec | undefined {
  const rows: (readonly [string, number])[] = [
    ...(units === undefined
      ? []
      : ([
          [labels.hiddenUnits, units.total],
          [labels.deadUnits, units.dead],
          [labels.tokensOff, units.off],
        ] as const)),
    ...(geometry === undefined
      ? []
      : ([
          [labels.effectiveRank, geometry.effectiveRank],
          [labels.rank, geometry.rank],
          [labels.leastDistance, geometry.leastDistance],
        ] as const)),
    ...(specificity === undefined ? [] : ([[labels.specificityOf, specificity]] as const)),
    ...(prompt === undefined ? [] : ([[labels.promptL2, prompt.meanL2]] as const)),
  ];
  if (rows.length === 0) return undefined;
  return {
    id: "units",
    title: labels.unitsTitle,
    note: labels.unitsNote,
    description: labels.unitsTitle,
    table: () => ({ columns: [{ name: labels.measure }, { name: labels.value }], rows }),
  };
}
