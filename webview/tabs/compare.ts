import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import type { HostMessage, RunChoice, RunCurves } from "../../src/protocol/hostToPage.ts";
import type { RunComparison } from "../../src/protocol/results/comparison.ts";
import type { Theme } from "../theme.ts";
import type { ValueRange } from "../chart/brushes.ts";
import { fill } from "../../src/figure/valueText.ts";
import { shortNames } from "../shortNames.ts";
import { button, select } from "../ui.ts";
import { CompareCurves } from "./compareCurves.ts";
import { compareSweep, type CompareSweep } from "./compareSweep.ts";
import { statisticsFigures, type ComparisonTexts } from "./compareStatistics.ts";
import { RunPicker } from "./runPicker.ts";

/** More runs than these have no column of their own. */
const MOST_COLUMNS = 24;
/** The most values of a setting that are listed. */
const MOST_VALUES = 20;

/** @param none what stands for runs without the setting */
function distinct(values: readonly string[], none: string): string {
  const all = [...new Set(values)].map((value) => (value === "" ? none : value));
  return `${all.slice(0, MOST_VALUES).join(", ")}${all.length > MOST_VALUES ? ", …" : ""}`;
}

type Compared = Extract<HostMessage, { type: "compared" }>;

/**
 * Compares any number of runs: the differences of their settings, their curves, their results over seeds, and each run
 * with the first.
 */
export class CompareTab {
  readonly element = el("div", "", "tab");
  private readonly picker: RunPicker;
  private readonly said = el("p", "", "detail");
  private readonly wait = el("div", "", "actions");
  private readonly box = el("div", "", "tab");
  private readonly statistics = el("div", "", "tab");
  private figures: Figure[] = [];
  private statisticsFigures: Figure[] = [];
  private curves: CompareCurves | undefined;
  private sweep: CompareSweep | undefined;
  private ranges: readonly ValueRange[] = [];
  private compared: Compared | undefined;
  private result: RunComparison | undefined;
  private correlation = false;
  private stale = false;
  private visible = false;

  constructor(private readonly context: FigureContext) {
    const { labels, state } = context;
    this.picker = new RunPicker(context, (ids) => {
      state.chosen = ids;
      context.save();
      this.ask();
    });
    this.said.setAttribute("role", "status");
    this.said.textContent = labels.chooseRuns;
    this.element.append(this.picker.element, this.said, this.wait, this.box, this.statistics);
  }

  runs(runs: readonly RunChoice[]): void {
    this.picker.update(runs, this.context.state.chosen);
  }

  choose(ids: readonly string[]): void {
    this.context.state.chosen = [...ids];
    this.context.save();
    this.picker.choose(ids);
    this.ask();
  }

  show(visible: boolean): void {
    const first = visible && !this.visible && this.compared === undefined;
    this.visible = visible;
    if (first) this.ask();
    else this.render();
  }

  compare(message: Compared): void {
    if (!this.isAsked(message.ids)) return;
    const names = shortNames(message.runs.map(({ name }) => name));
    this.compared = { ...message, runs: message.runs.map((run, i) => ({ ...run, name: names[i] ?? run.name })) };
    this.result = undefined;
    this.stale = true;
    this.render();
  }

  showStatistics({ ids, result, correlation, error }: Extract<HostMessage, { type: "statistics" }>): void {
    if (!this.isAsked(ids)) return;
    this.result = result;
    this.correlation = correlation === true;
    this.tell(
      error === undefined ? "" : fill(this.context.labels.comparisonFailed, error),
      error === undefined ? undefined : "again",
    );
    this.renderStatistics();
  }

  /** Appends new points of a run that is training. */
  curve(run: RunCurves): void {
    const known = this.compared?.runs.find(({ id }) => id === run.id);
    if (known === undefined) return;
    const first = run.points[0];
    if (first !== undefined) while ((known.points.at(-1)?.[0] ?? -1) >= first[0]) known.points.pop();
    for (const point of run.points) known.points.push(point);
    known.clock = [...(known.clock ?? []).slice(0, known.points.length - run.points.length), ...(run.clock ?? [])];
    if (run.validation.length > 0) known.validation = run.validation;
    this.curves?.draw();
  }

  paint(theme: Theme): void {
    for (const figure of [...this.figures, ...this.statisticsFigures]) figure.paint(theme);
    this.sweep?.paint(theme);
  }

  private isAsked(ids: readonly string[]): boolean {
    return JSON.stringify(ids) === JSON.stringify(this.context.state.chosen);
  }

  private ask(): void {
    const {
      state: { chosen },
      labels,
      post,
    } = this.context;
    this.compared = undefined;
    this.result = undefined;
    this.stale = true;
    this.render();
    this.tell(chosen.length === 0 ? labels.chooseRuns : labels.comparing, chosen.length === 0 ? undefined : "cancel");
    if (chosen.length > 0) post({ type: "compare", ids: [...chosen] });
  }

  /** Shows the state of the comparison, with a button to cancel it or to compare again. */
  private tell(text: string, way: "cancel" | "again" | undefined): void {
    const { labels, post } = this.context;
    this.said.textContent = text;
    // A comparison of no runs ends the worker that compares.
    const cancel = (): void => {
      post({ type: "compare", ids: [] });
      this.tell(labels.comparisonStopped, "again");
    };
    this.wait.replaceChildren(
      ...(way === undefined
        ? []
        : [
            way === "cancel"
              ? button(labels.cancel, cancel)
              : button(labels.tryAgain, () => {
                  this.ask();
                }),
          ]),
    );
  }

  private render(): void {
    if (!this.visible || !this.stale) return;
    this.stale = false;
    for (const figure of this.figures) figure.destroy();
    this.figures = [];
    this.curves = undefined;
    // Ranges outlast the figures while others come, without the runs in between too.
    if (this.sweep !== undefined) this.ranges = this.sweep.ranges();
    this.sweep?.destroy();
    this.sweep = undefined;
    this.renderStatistics();
    if (this.compared === undefined) {
      this.box.replaceChildren();
      return;
    }
    const curves = new CompareCurves(this.compared, this.context);
    this.curves = curves;
    this.sweep = compareSweep(this.compared.sweep, this.context, (ids) => {
      curves.select(ids);
    });
    this.sweep?.restore(this.ranges);
    this.figures = [this.differingFigure(this.compared), curves.figure];
    this.box.replaceChildren(
      ...this.diffTools(this.compared),
      ...(this.sweep === undefined ? [] : [this.sweep.element]),
      ...this.figures.map(({ element }) => element),
    );
  }

  /** The settings that differ, a column for each run; of many runs the values that each setting has. */
  private differingFigure({ runs, differing }: Compared): Figure {
    const { labels } = this.context;
    const isMany = runs.length > MOST_COLUMNS;
    return new Figure(
      {
        id: "differing",
        wide: true,
        title: labels.differingTitle,
        note: differing.length === 0 ? labels.nothingDiffers : fill(labels.differingNote, differing.length),
        data: () => ({
          columns: [
            { name: labels.setting },
            ...(isMany ? [{ name: labels.values }] : runs.map(({ name }) => ({ name }))),
          ],
          rows: differing.map(({ key, values }) => [key, ...(isMany ? [distinct(values, labels.none)] : values)]),
        }),
      },
      this.context,
    );
  }

  /** Two drop-downs of runs, and a button that opens their code side by side in the editor. */
  private diffTools({ runs }: Compared): HTMLElement[] {
    const committed = runs.filter(({ commit }) => commit !== undefined);
    const { labels, post } = this.context;
    if (committed.length < 2) return runs.length < 2 ? [] : [el("p", labels.noCommits, "detail")];
    let [from, to] = [committed[0]!.id, committed[1]!.id];
    const tools = el("div", "", "actions");
    const choices = committed.map(({ id, name }) => ({ value: id, text: name }));
    tools.append(
      select(labels.codeOf, choices, {
        value: from,
        onChange: (value) => {
          from = value;
        },
      }),
      select(labels.against, choices, {
        value: to,
        onChange: (value) => {
          to = value;
        },
      }),
      button(labels.compareCode, () => {
        post({ type: "diff", from, to });
      }),
    );
    return [tools];
  }

  private renderStatistics(): void {
    for (const figure of this.statisticsFigures) figure.destroy();
    this.statisticsFigures =
      this.result === undefined || this.compared === undefined || !this.visible
        ? []
        : statisticsFigures(this.result, this.textsOf(this.compared), this.context);
    this.statistics.replaceChildren(...this.statisticsFigures.map(({ element }) => element));
  }

  private textsOf({ runs }: Compared): ComparisonTexts {
    return { correlation: this.correlation, nameOf: (id) => runs.find((run) => run.id === id)?.name ?? id };
  }
}
