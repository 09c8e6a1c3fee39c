import { BarChart } from "../chart/barChart.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { colourBar, Heatmap } from "../heatmap.ts";
import { IntervalChart } from "../chart/intervalChart.ts";
import type { Peer } from "../../src/protocol/hostToPage.ts";
import { cssColourOf, inkOn, levelOf } from "../palette.ts";
import type { TableData } from "../tableText.ts";
import { fill } from "../text.ts";
import { textField } from "../ui.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { OffsetExample, Offsets } from "../../src/protocol/results/offsets.ts";

const BINS = 30;
const sci = (x: number): string => x.toPrecision(3);

export function offsetsSpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["offsets", context.labels.offsets]],
    figures: (_, given, peers) => {
      const result = given as Offsets;
      return [
        ...heatFigure(result, context),
        tableTwo(result, peers, context),
        ...histogram(result, context),
        ...neighbourTable(result, context),
        ...unitTable(result, context),
      ];
    },
  };
}

/** Test texts, piece by piece; a click or Enter on a row writes that text out in its colours. */
function heatFigure({ examples }: Offsets, context: FigureContext): Figure[] {
  if (examples.length === 0) return [];
  const { labels } = context;
  const box = el("div");
  const text = el("div", "", "pieces");
  const legend = el("div");
  let shown = [...examples];
  let map: Heatmap | undefined;
  const spell = (row: number): void => {
    const example = shown[row];
    if (example !== undefined && map !== undefined) text.replaceChildren(...spelled(example, map.scale));
  };
  const draw = (): void => {
    map?.destroy();
    const columns = Math.max(1, ...shown.map(({ norm }) => norm.length));
    const values = new Float32Array(shown.length * columns).fill(NaN);
    for (const [row, { norm }] of shown.entries()) values.set(norm, row * columns);
    map = new Heatmap(
      { rows: shown.length, columns, values },
      {
        x: labels.place,
        y: labels.text,
        onPick: spell,
        cell: (row, column, value) =>
          fill(labels.cell, shown[row]?.pieces[column] ?? "", value.toPrecision(3), column + 1, row + 1),
      },
      context.theme(),
    );
    map.describe(fill(labels.heatmapOf, shown.length));
    box.replaceChildren(map.element);
    legend.replaceChildren(colourBar(map.scale, labels.l2));
    spell(0);
  };
  const filter = textField(labels.filterTexts, "", (wanted) => {
    const found = examples.filter(({ pieces, target }) =>
      `${pieces.join("")} ${target}`.toLowerCase().includes(wanted.trim().toLowerCase()),
    );
    shown = found.length > 0 ? found : [...examples];
    draw();
  });
  draw();
  const drawing = {
    element: box,
    paint: (): void => {
      map?.paint(context.theme());
    },
    picture: () => map!.picture(),
    destroy: () => {
      map?.destroy();
    },
  };
  const data = (): TableData => ({
    columns: [
      { name: labels.text },
      { name: labels.target },
      { name: labels.place },
      { name: labels.token },
      { name: labels.offsetNorm, unit: "L2", show: sci },
    ],
    rows: shown.flatMap(({ target, pieces, norm }, row) =>
      pieces.map((piece, place) => [row + 1, target, place + 1, piece, norm[place]]),
    ),
  });
  return [
    new Figure(
      {
        id: "heatmap",
        title: labels.heatmapTitle,
        note: labels.heatmapNote,
        drawing,
        data,
        extra: [filter, legend, text],
      },
      context,
    ),
  ];
}

/** A text in the colours of its offsets, its pieces apart. */
function spelled({ pieces, norm, target }: OffsetExample, scale: readonly [number, number]): HTMLElement[] {
  const marks = pieces.map((piece, place) => {
    const level = levelOf(norm[place] ?? 0, scale);
    const mark = el("span", piece === "" ? "·" : piece, "piece");
    mark.style.backgroundColor = cssColourOf(level);
    mark.style.color = inkOn(level);
    mark.title = `${(norm[place] ?? 0).toPrecision(3)}`;
    return mark;
  });
  return [...marks, el("span", ` → ${target}`, "detail")];
}

/** "Table 2" by both ways of counting, this run beside others of its experiment. */
function tableTwo(result: Offsets, peers: readonly Peer[], context: FigureContext): Figure {
  const { labels } = context;
  const { run } = context.provenance();
  const all = [
    { id: run, name: labels.thisRun, result },
    ...peers.map(({ id, name, result: other }) => ({ id, name, result: other as Offsets })),
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
  const data = (): TableData => ({
    columns: [
      { name: labels.run },
      { name: labels.counted },
      { name: labels.tokens },
      { name: labels.meanAbs, show: sci },
      { name: labels.meanL2, show: sci },
      { name: labels.meanRatio, show: sci },
      { name: labels.embeddingL2, show: sci },
    ],
    rows: all.flatMap(({ name, result: each }) =>
      (
        [
          ["official", labels.official],
          ["valid", labels.validOnly],
        ] as const
      ).map(([way, label]) => [
        name,
        label,
        each[way].tokens,
        each[way].meanAbs,
        each[way].meanL2,
        each[way].meanRatio,
        each[way].embeddingMeanL2,
      ]),
    ),
  });
  return new Figure(
    {
      id: "table2",
      title: labels.tableTwo,
      note: fill(labels.tableTwoNote, result.valid.tokens, result.official.tokens),
      drawing: chart,
      data,
    },
    context,
  );
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
