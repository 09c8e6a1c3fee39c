import { afterPaint } from "../afterPaint.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { bestSoFarFigure } from "../../src/figure/sweep/bestSoFarFigure.ts";
import { importances } from "../../src/figure/sweep/importance.ts";
import { importanceFigure } from "../../src/figure/sweep/importanceFigure.ts";
import { judgedSweep, sweepMeasure, type JudgedSweep, type SweepMeasure } from "../../src/figure/sweep/judgedSweep.ts";
import { parallelFigure } from "../../src/figure/sweep/parallelFigure.ts";
import { settingFigure } from "../../src/figure/sweep/settingFigure.ts";
import { isSweep, shownSettings } from "../../src/figure/sweep/sweepFigures.ts";
import type { VariedSetting } from "../../src/figure/sweep/variedSettings.ts";
import { fill } from "../../src/figure/valueText.ts";
import type { SweepResults } from "../../src/protocol/hostToPage.ts";
import type { ValueRange } from "../chart/brushes.ts";
import { ParallelChart } from "../chart/parallelChart.ts";
import { SwappedChart } from "../chart/swappedChart.ts";
import type { Theme } from "../theme.ts";
import { button } from "../ui.ts";
import { CompareHeatmap } from "./compareHeatmap.ts";
import { rememberedSelect } from "./rememberedSelect.ts";
import { specFigure } from "./specFigure.ts";

/** Time in ms after the last change of a range at which other figures follow it. */
const FOLLOW_MS = 120;

type Ids = ReadonlySet<string> | undefined;

/**
 * The figures of the compared runs as a sweep; undefined where they do not differ in settings, or cannot be judged.
 * @param onSelect told of the runs that are selected by ranges, or of none
 */
export function compareSweep(
  results: SweepResults | undefined,
  context: FigureContext,
  onSelect: (ids: Ids) => void,
): CompareSweep | undefined {
  const sweep = results && judgedSweep(results);
  return sweep === undefined || !isSweep(sweep) ? undefined : new CompareSweep(sweep, context, onSelect);
}

/** Settings and results of the compared runs: ranges on parallel axes select runs, which stand out in the others. */
export class CompareSweep {
  readonly element = el("div", "", "tab");
  private readonly figures: Figure[];
  private readonly parallel: ParallelChart;
  private readonly said = el("p", "", "detail");
  private readonly settings: readonly VariedSetting[];
  private setting: { chart: SwappedChart; figure: Figure } | undefined;
  private best: { chart: SwappedChart; figure: Figure } | undefined;
  private selected: Ids;
  private following: ReturnType<typeof setTimeout> | undefined;
  private readonly endOthers: () => void;

  constructor(
    private readonly sweep: JudgedSweep,
    private readonly context: FigureContext,
    private readonly onSelect: (ids: Ids) => void,
  ) {
    this.settings = shownSettings(sweep);
    this.said.setAttribute("role", "status");
    const { labels, theme } = context;
    const spec = parallelFigure(sweep, this.settings, labels);
    this.parallel = new ParallelChart(
      spec.plot!,
      {
        from: (axis) => fill(labels.rangeFrom, axis),
        to: (axis) => fill(labels.rangeTo, axis),
        onSelect: (ids) => {
          this.select(ids);
        },
      },
      theme(),
    );
    this.parallel.describe(spec.description);
    const { id, title, note, table } = spec;
    this.figures = [
      new Figure(
        {
          id,
          title,
          note: `${note} ${labels.brushNote}`,
          drawing: this.parallel,
          data: table,
          extra: [this.selectionTools()],
          wide: true,
        },
        context,
      ),
    ];
    this.element.append(...this.figures.map(({ element }) => element));
    this.tell();
    this.endOthers = afterPaint(this.element, this.others());
  }

  /** The other figures come once the first are painted, one by one: the importance of settings takes a while. */
  private others(): (() => void)[] {
    const { sweep, settings, context } = this;
    const { labels } = context;
    const add = (figure: Figure): void => {
      this.figures.push(figure);
      this.element.append(figure.element);
    };
    const heatmap = (): void => {
      add(new CompareHeatmap(sweep, settings, context).figure);
    };
    return [
      () => {
        this.setting = this.swapped("setting", () => this.settingSpec, [this.settingTools()]);
        add(this.setting.figure);
      },
      ...(settings.length < 2 ? [] : [heatmap]),
      () => {
        add(specFigure(importanceFigure(sweep, importances(sweep), labels), context));
      },
      () => {
        this.best = this.swapped("best-so-far", () => bestSoFarFigure(sweep, this.selected, labels), []);
        add(this.best.figure);
      },
    ];
  }

  /** The ranges on the axes, for the figures of other runs. */
  ranges(): ValueRange[] {
    return this.parallel.ranges();
  }

  /** Sets ranges that figures of other runs had. */
  restore(ranges: readonly ValueRange[]): void {
    this.parallel.restore(ranges);
  }

  paint(theme: Theme): void {
    for (const figure of this.figures) figure.paint(theme);
  }

  destroy(): void {
    clearTimeout(this.following);
    this.endOthers();
    for (const figure of this.figures) figure.destroy();
  }

  /** A figure whose plot is another when the selection or a choice is. */
  private swapped(
    id: string,
    spec: () => ReturnType<typeof settingFigure>,
    extra: readonly HTMLElement[],
  ): { chart: SwappedChart; figure: Figure } {
    const { title, note, plot, description } = spec();
    const chart = new SwappedChart(plot!, this.context.theme);
    chart.show(plot!, description);
    return {
      chart,
      figure: new Figure({ id, title, note, drawing: chart, data: () => spec().table(), extra }, this.context),
    };
  }

  private get settingSpec(): ReturnType<typeof settingFigure> {
    const { sweep, settings, context, selected } = this;
    const wanted = context.state.choices["sweepSetting"];
    const setting = settings.find(({ key }) => key === wanted) ?? settings[0]!;
    return settingFigure(sweep, { setting, measure: chosenMeasure(sweep, context), chosen: selected }, context.labels);
  }

  private settingTools(): HTMLElement {
    const { labels, state } = this.context;
    const tools = el("div", "", "actions");
    const draw = (): void => {
      const { plot, description, note, title } = this.settingSpec;
      this.setting?.chart.show(plot!, description);
      this.setting?.figure.refresh(note, title);
    };
    tools.append(
      rememberedSelect(
        {
          label: labels.setting,
          key: "sweepSetting",
          value: this.settings.find(({ key }) => key === state.choices["sweepSetting"])?.key ?? this.settings[0]!.key,
          choices: this.settings.map(({ key }) => ({ value: key, text: key })),
        },
        this.context,
        draw,
      ),
      measureSelect(this.sweep, this.context, draw),
    );
    return tools;
  }

  private selectionTools(): HTMLElement {
    const tools = el("div", "", "actions");
    tools.append(
      this.said,
      button(this.context.labels.clearRanges, () => {
        this.parallel.clear();
      }),
    );
    return tools;
  }

  private select(ids: Ids): void {
    this.selected = ids;
    this.tell();
    clearTimeout(this.following);
    this.following = setTimeout(() => {
      this.follow();
    }, FOLLOW_MS);
  }

  private follow(): void {
    const { labels } = this.context;
    // Figures that are still to come are made with the selection.
    if (this.setting !== undefined) {
      const { plot, description, note, title } = this.settingSpec;
      this.setting.chart.show(plot!, description);
      this.setting.figure.refresh(note, title);
    }
    if (this.best !== undefined) {
      const { plot, description } = bestSoFarFigure(this.sweep, this.selected, labels);
      this.best.chart.show(plot!, description);
    }
    this.onSelect(this.selected);
  }

  private tell(): void {
    const { labels } = this.context;
    const all = this.sweep.runs.length;
    this.said.textContent =
      this.selected === undefined ? fill(labels.noneSelected, all) : fill(labels.selectedOf, this.selected.size, all);
  }
}

/** The measure that figures of a sweep show; validation chooses whichever it is. */
export const chosenMeasure = (sweep: JudgedSweep, { state, labels }: FigureContext): SweepMeasure =>
  sweepMeasure(sweep, state.choices["sweepMeasure"] === "test" ? "test" : "validation", labels);

/** A drop-down of the measures of both splits. */
function measureSelect(sweep: JudgedSweep, context: FigureContext, onChange: () => void): HTMLElement {
  const choices = (["validation", "test"] as const).map((split) => ({
    value: split,
    text: sweepMeasure(sweep, split, context.labels).name,
  }));
  const { split } = chosenMeasure(sweep, context);
  return rememberedSelect(
    { label: context.labels.metric, key: "sweepMeasure", value: split, choices },
    context,
    onChange,
  );
}
