import { BarChart } from "../chart/barChart.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { IntervalChart } from "../chart/intervalChart.ts";
import type { Peer } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../tableText.ts";
import { fill } from "../text.ts";
import { offsetHeatmapFigure } from "./offsetHeatmap.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";

const BINS = 30;
const sci = (x: number): string => x.toPrecision(3);

/** The offsets tab. */
export function offsetsSpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["offsets", context.labels.offsets]],
    figures: (_, given, peers) => {
      const result = given as Offsets;
      return [
        ...(result.examples.length === 0 ? [] : [offsetHeatmapFigure(result.examples, context)]),
        tableTwo(result, peers, context),
        ...histogram(result, context),
        ...neighbourTable(result, context),
        ...unitTable(result, context),
      ];
    },
  };
}

/** The paper's Table 2 by both ways of counting, for this run and others of its experiment. */
function tableTwo(result: Offsets, peers: readonly Peer[], context: FigureContext): Figure {
  const { labels } = context;
  const all: NamedOffsets[] = [
    { name: labels.thisRun, result },
    ...peers.map(({ name, result: other }) => ({ name, result: other as Offsets })),
  ];
  const rows = (way: "official" | "valid"): { label: string; value: number }[] =>
    all.map(({ name, result: each }) => ({ label: name, value: each[way].meanAbs }));
  const chart = new IntervalChart(
    [
      { name: labels.official, rows: rows("official") },
      { name: labels.validOnly, rows: rows("valid") },
    ],
    { xTitle: labels.meanAbs, zero: true },
    context.theme(),
  );
  chart.describe(
    all
      .map(
        ({ name, result: { official, valid } }) =>
          `${name}: ${official.meanAbs.toPrecision(3)} / ${valid.meanAbs.toPrecision(3)}`,
      )
      .join("; "),
  );
  return new Figure(
    {
      id: "table2",
      title: labels.tableTwo,
      note: fill(labels.tableTwoNote, result.valid.tokens, result.official.tokens),
      drawing: chart,
      data: () => sizeTable(all, context),
    },
    context,
  );
}

interface NamedOffsets {
  name: string;
  result: Offsets;
}

/** The table with a row for each run and way of counting. */
function sizeTable(runs: readonly NamedOffsets[], { labels }: FigureContext): TableData {
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

function histogram({ vocabulary, places }: Offsets, context: FigureContext): Figure[] {
  const { labels } = context;
  const values = vocabulary?.norm ?? places;
  if (values === undefined || values.length === 0) return [];
  const seen = vocabulary === undefined ? [] : vocabulary.norm.filter((_, id) => (vocabulary.count[id] ?? 0) > 0);
  const high = Math.max(...values);
  const low = Math.min(...values);
  const width = (high - low) / BINS || 1;
  const count = (from: readonly number[]): number[] => {
    const bins = Array.from({ length: BINS }, () => 0);
    for (const value of from) {
      const at = Math.min(BINS - 1, Math.floor((value - low) / width));
      bins[at] = (bins[at] ?? 0) + 1;
    }
    return bins;
  };
  const names = Array.from({ length: BINS }, (_, i) => (low + (i + 0.5) * width).toPrecision(3));
  const series = [
    { name: vocabulary === undefined ? labels.places : labels.wholeVocabulary, values: count(values) },
    ...(seen.length > 0 ? [{ name: labels.seenTokens, values: count(seen) }] : []),
  ];
  const chart = new BarChart({ labels: names, series }, { x: labels.offsetNorm, y: labels.count }, context.theme());
  chart.describe(fill(labels.histogramOf, values.length, low.toPrecision(3), high.toPrecision(3)));
  const data = (): TableData => ({
    columns: [
      { name: labels.from, show: sci },
      { name: labels.to, show: sci },
      ...series.map(({ name }) => ({ name })),
    ],
    rows: names.map((_, i) => [low + i * width, low + (i + 1) * width, ...series.map(({ values: own }) => own[i])]),
  });
  return [
    new Figure(
      {
        id: "histogram",
        title: labels.histogramTitle,
        note: fill(labels.histogramNote, values.length),
        drawing: chart,
        data,
      },
      context,
    ),
  ];
}

function neighbourTable({ tokens }: Offsets, context: FigureContext): Figure[] {
  if (tokens.length === 0) return [];
  const { labels } = context;
  const named = (list: readonly { text: string; cosine: number }[]): string =>
    list.map(({ text, cosine }) => `${text} (${cosine.toFixed(2)})`).join(", ");
  const data = (): TableData => ({
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
  });
  return [
    new Figure(
      {
        id: "neighbours",
        wide: true,
        title: labels.neighboursTitle,
        note: fill(labels.neighboursNote, tokens.length),
        data,
      },
      context,
    ),
  ];
}

function unitTable({ units, geometry, specificity, prompt }: Offsets, context: FigureContext): Figure[] {
  const { labels } = context;
  const rows: (readonly [string, string | number | undefined])[] = [
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
  return rows.length === 0
    ? []
    : [
        new Figure(
          {
            id: "units",
            title: labels.unitsTitle,
            note: labels.unitsNote,
            data: () => ({ columns: [{ name: labels.measure }, { name: labels.value }], rows }),
          },
          context,
        ),
      ];
}
