import type { OffsetExample } from "../../src/protocol/results/offsets.ts";
import { heatmapFigure } from "../../src/figure/offsetFigures.ts";
import { el } from "../dom.ts";
import { Figure, type Drawing, type FigureContext } from "../figure.ts";
import { colourBar, Heatmap } from "../heatmap.ts";
import { cssColourOf, inkOn, levelOf } from "../../src/figure/palette.ts";
import type { TableData } from "../../src/figure/tableText.ts";
import { fill } from "../../src/figure/valueText.ts";
import { textField } from "../ui.ts";

/**
 * The heatmap of test texts, one row per text and one cell per token; a click or Enter on a row shows that text in its
 * colours.
 */
export function offsetHeatmapFigure(examples: readonly OffsetExample[], context: FigureContext): Figure {
  const { id, title, note } = heatmapFigure(examples, context.labels);
  const heatmap = new OffsetHeatmap(examples, context);
  return new Figure(
    {
      id,
      title,
      note,
      drawing: heatmap,
      data: () => heatmap.table(),
      extra: [heatmap.filter, heatmap.legend, heatmap.text],
    },
    context,
  );
}

/** The heatmap of the texts that the filter selects, its legend, and the text that the user picked. */
class OffsetHeatmap implements Drawing {
  readonly element = el("div");
  readonly text = el("div", "", "pieces");
  readonly legend = el("div");
  readonly filter: HTMLElement;
  private shown: readonly OffsetExample[];
  private map: Heatmap;

  /** @param examples at least one */
  constructor(
    private readonly examples: readonly OffsetExample[],
    private readonly context: FigureContext,
  ) {
    this.shown = examples;
    this.filter = textField(context.labels.filterTexts, "", (wanted) => {
      this.show(wanted.trim().toLowerCase());
    });
    this.map = this.draw();
  }

  paint(): void {
    this.map.paint(this.context.theme());
  }

  picture(): HTMLCanvasElement {
    return this.map.picture();
  }

  destroy(): void {
    this.map.destroy();
  }

  table(): TableData {
    return heatmapFigure(this.shown, this.context.labels).table();
  }

  /** Shows the texts that contain the words, or all where none does. */
  private show(wanted: string): void {
    const found = this.examples.filter(({ pieces, target }) =>
      `${pieces.join("")} ${target}`.toLowerCase().includes(wanted),
    );
    this.shown = found.length > 0 ? found : this.examples;
    this.map.destroy();
    this.map = this.draw();
  }

  private draw(): Heatmap {
    const { shown, context } = this;
    const { labels } = context;
    const { plot, description } = heatmapFigure(shown, labels);
    const map = new Heatmap(
      plot!,
      {
        onPick: (row) => {
          this.spell(row, map.scale);
        },
        cell: (row, column, value) =>
          fill(labels.cell, shown[row]?.pieces[column] ?? "", value.toPrecision(3), column + 1, row + 1),
      },
      context.theme(),
    );
    map.describe(description);
    this.element.replaceChildren(map.element);
    this.legend.replaceChildren(colourBar(map.scale, plot!.unit));
    this.spell(0, map.scale);
    return map;
  }

  private spell(row: number, scale: readonly [number, number]): void {
    const example = this.shown[row];
    if (example !== undefined) this.text.replaceChildren(...spelled(example, scale));
  }
}

/** A text as separate tokens in the colours of their offsets. */
function spelled({ pieces, norm, target }: OffsetExample, scale: readonly [number, number]): HTMLElement[] {
  const marks = pieces.map((piece, place) => {
    const level = levelOf(norm[place] ?? 0, scale);
    const mark = el("span", piece === "" ? "·" : piece, "piece");
    mark.style.backgroundColor = cssColourOf(level);
    mark.style.color = inkOn(level);
    mark.title = (norm[place] ?? 0).toPrecision(3);
    return mark;
  });
  return [...marks, el("span", ` → ${target}`, "detail")];
}
