import { el } from "../dom.ts";
import { Figure, type Drawing, type FigureContext } from "../figure.ts";
import { Heatmap } from "../heatmap.ts";
import type { FigureSpec, HeatmapPlot } from "../../src/figure/figureSpec.ts";
import { sweepMeasure, type JudgedSweep } from "../../src/figure/sweep/judgedSweep.ts";
import { settingsHeatmap, shownMethod, type HeatmapAsked } from "../../src/figure/sweep/settingsHeatmap.ts";
import { methodSetting, valueText, type VariedSetting } from "../../src/figure/sweep/variedSettings.ts";
import { fill } from "../../src/figure/valueText.ts";
import { cssColourOf } from "../../src/figure/palette.ts";
import type { Theme } from "../theme.ts";
import { rememberedSelect } from "./rememberedSelect.ts";

const COLOURS = 8;

/** A heatmap of two settings, which the user chooses, with the measure and the method that it shows. */
export class CompareHeatmap implements Drawing {
  readonly element = el("div");
  readonly figure: Figure;
  private readonly legend = el("div", "", "colourbar");
  private readonly selects = new Map<string, HTMLElement & { value?: string }>();
  private sides: { down: string; across: string };
  private map: Heatmap;

  /** @param settings at least two */
  constructor(
    private readonly sweep: JudgedSweep,
    private readonly settings: readonly VariedSetting[],
    private readonly context: FigureContext,
  ) {
    this.map = this.make();
    const { down, across } = this.asked;
    this.sides = { down: down.key, across: across.key };
    const { title, note } = this.spec;
    this.figure = new Figure(
      {
        id: "settings-heatmap",
        title,
        note,
        drawing: this,
        data: () => this.spec.table(),
        extra: [this.tools(), this.legend],
      },
      context,
    );
    this.showAsked();
  }

  paint(theme: Theme): void {
    this.map.paint(theme);
  }
  picture(): HTMLCanvasElement {
    return this.map.picture();
  }
  destroy(): void {
    this.map.destroy();
  }

  private get asked(): HeatmapAsked {
    const { sweep, settings, context } = this;
    const { choices } = context.state;
    const methods = methodSetting(sweep.settings);
    // The two that matter most, the method aside.
    const order = [...settings.filter((each) => each !== methods), ...settings.filter((each) => each === methods)];
    const find = (key: string | undefined): VariedSetting | undefined => settings.find((each) => each.key === key);
    const down = find(choices["sweepDown"]) ?? order[0]!;
    const wanted = find(choices["sweepAcross"]);
    const across = wanted !== undefined && wanted !== down ? wanted : order.find((each) => each !== down)!;
    const split = choices["sweepCells"] === "test" ? "test" : "validation";
    return { across, down, measure: sweepMeasure(sweep, split, context.labels), method: choices["sweepMethod"] };
  }

  private get spec(): FigureSpec<HeatmapPlot> {
    return settingsHeatmap(this.sweep, this.asked, this.context.labels);
  }

  private make(): Heatmap {
    const { labels } = this.context;
    const { plot, description, table } = this.spec;
    const { rows } = table();
    const { names } = plot!;
    const { show, factor } = this.asked.measure;
    const map = new Heatmap(
      plot!,
      {
        cell: (row, column, value) =>
          fill(
            labels.cellOfSettings,
            names?.y[row] ?? "",
            names?.x[column] ?? "",
            show(value / factor),
            String(rows[row * (names?.x.length ?? 0) + column]?.[3] ?? ""),
          ),
      },
      this.context.theme(),
    );
    map.describe(description);
    this.element.replaceChildren(map.element);
    const [low, high] = plot!.scale;
    this.legend.replaceChildren(
      el("span", show(low / factor)),
      ...Array.from({ length: COLOURS }, (_, i) => {
        const cell = el("span", "", "swatch");
        cell.style.backgroundColor = cssColourOf(Math.round((255 * i) / (COLOURS - 1)));
        return cell;
      }),
      el("span", `${show(high / factor)} ${this.asked.measure.name}`),
    );
    return map;
  }

  /** A setting that is chosen for one side while it is on the other changes sides with the setting that was there. */
  private swapSides(): void {
    const { state, save } = this.context;
    const { choices } = state;
    const { sides } = this;
    const down = choices["sweepDown"] ?? sides.down;
    const across = choices["sweepAcross"] ?? sides.across;
    const isTwice = down === across;
    const swapped = down === sides.down ? { down: sides.across, across } : { down, across: sides.down };
    this.sides = isTwice ? swapped : { down, across };
    if (isTwice) {
      state.choices = { ...choices, sweepDown: swapped.down, sweepAcross: swapped.across };
      save();
    }
  }

  /** The drop-downs say what is shown, and the method chooses nothing while it is on a side. */
  private showAsked(): void {
    this.swapSides();
    const { down, across } = this.asked;
    for (const [key, value] of [
      ["sweepDown", down.key],
      ["sweepAcross", across.key],
    ] as const) {
      const select = this.selects.get(key);
      if (select !== undefined && select.value !== value) select.value = value;
    }
    this.selects.get("sweepMethod")?.toggleAttribute("disabled", shownMethod(this.sweep, this.asked) === undefined);
  }

  private readonly draw = (): void => {
    this.showAsked();
    this.map.destroy();
    this.map = this.make();
    const { note, title } = this.spec;
    this.figure.refresh(note, title);
  };

  private tools(): HTMLElement {
    const { labels } = this.context;
    const { asked, sweep, settings, draw } = this;
    const tools = el("div", "", "actions");
    const select = (label: string, key: string, value: string, choices: readonly { value: string; text: string }[]) => {
      const element = rememberedSelect({ label, key, value, choices }, this.context, draw);
      this.selects.set(key, element);
      return element;
    };
    const keys = settings.map(({ key }) => ({ value: key, text: key }));
    const splits = (["validation", "test"] as const).map((split) => ({
      value: split,
      text: sweepMeasure(sweep, split, labels).name,
    }));
    const methods = methodSetting(sweep.settings);
    tools.append(
      select(labels.down, "sweepDown", asked.down.key, keys),
      select(labels.across, "sweepAcross", asked.across.key, keys),
      select(labels.metric, "sweepCells", asked.measure.split, splits),
      ...(methods === undefined
        ? []
        : [
            select(
              labels.method,
              "sweepMethod",
              String(shownMethod(sweep, asked) ?? methods.values[0]),
              methods.values.map((value) => ({ value: String(value), text: valueText(value) })),
            ),
          ]),
    );
    return tools;
  }
}
