import { dataTable } from "./dataTable.ts";
import { el } from "./dom.ts";
import type { Labels } from "../src/protocol/pageLabels.ts";
import type { PageMessage } from "../src/protocol/pageToHost.ts";
import type { PageState } from "./pageState.ts";
import { tableToCsv, tableToLatex, tableToMarkdown, type Provenance, type TableData } from "../src/figure/tableText.ts";
import type { Theme } from "./theme.ts";
import { button, checkbox } from "./ui.ts";

/** The values and functions that all figures of the page share. */
export interface FigureContext {
  labels: Labels;
  state: PageState;
  post: (message: PageMessage) => void;
  save: () => void;
  provenance: () => Provenance;
  theme: () => Theme;
}

/** The picture of a figure: a chart or a heatmap. */
export interface Drawing {
  element: HTMLElement;
  paint: (theme: Theme) => void;
  picture: () => HTMLCanvasElement;
  destroy: () => void;
}

/** The content of a figure. */
export interface FigureOptions {
  id: string;
  title: string;
  /** The note below the picture: units, kind of interval, number of examples. */
  note: string;
  /** The picture; without one, the table is shown as the figure. */
  drawing?: Drawing | undefined;
  data: () => TableData;
  /** The numbers for a file, where they are more than the table shows. */
  numbers?: (() => TableData) | undefined;
  extra?: readonly HTMLElement[];
  /** Whether it has the full width of the page. */
  wide?: boolean;
}

/** A picture with its note, its table, and buttons that save or copy them. */
export class Figure {
  readonly element = el("section", "", "figure");
  private readonly heading: HTMLElement;
  private readonly note: HTMLElement;
  private readonly table = el("div");
  private readonly source = el("span", "", "detail");

  constructor(
    private readonly options: FigureOptions,
    private readonly context: FigureContext,
  ) {
    const { title, note, drawing, extra = [] } = options;
    if (options.wide === true) this.element.classList.add("wide");
    this.note = el("p", note, "detail");
    const tools = el("div", "", "tools");
    tools.append(...(drawing === undefined ? [] : this.pictureTools(drawing)), ...this.tableTools(), this.source);
    this.heading = el("h2", title);
    this.element.append(
      this.heading,
      ...extra,
      ...(drawing === undefined ? [] : [drawing.element]),
      this.note,
      this.table,
      tools,
    );
    this.refresh();
  }

  /** Rewrites the table, if it is open, and note and title where they are others. */
  refresh(note: string = this.options.note, title: string = this.title): void {
    if (this.title !== title) this.heading.textContent = title;
    if (this.note.textContent !== note) this.note.textContent = note;
    const { run, commit } = this.context.provenance();
    const source = commit === "" ? run : `${run} @ ${commit.slice(0, 7)}`;
    if (this.source.textContent !== source) this.source.textContent = source;
    if (!this.isOpen) {
      this.table.replaceChildren();
      return;
    }
    // The new table keeps the scroll position and the keyboard focus of the old one.
    const before = this.table.querySelector(".scroll");
    const top = before?.scrollTop ?? 0;
    const focused = before?.contains(document.activeElement) === true;
    this.table.replaceChildren(dataTable(this.title, this.options.data()));
    const after = this.table.querySelector<HTMLElement>(".scroll");
    if (after === null) return;
    after.scrollTop = top;
    if (focused) after.focus();
  }

  paint(theme: Theme): void {
    this.options.drawing?.paint(theme);
  }
  destroy(): void {
    this.options.drawing?.destroy();
  }

  private get isOpen(): boolean {
    return this.options.drawing === undefined || this.context.state.tables[this.options.id] === true;
  }
  private get title(): string {
    return this.heading.textContent;
  }
  private get caption(): string {
    const { run, commit } = this.context.provenance();
    return `${this.title}. ${this.note.textContent} (${[run, commit.slice(0, 10)].filter((part) => part !== "").join(", ")})`;
  }
  private get fileName(): string {
    return `${this.context.provenance().run}-${this.options.id}`;
  }

  private pictureTools(drawing: Drawing): HTMLElement[] {
    const { labels, state, save } = this.context;
    const { id } = this.options;
    return [
      checkbox(labels.asTable, this.isOpen, (open) => {
        state.tables = { ...state.tables, [id]: open };
        save();
        this.refresh();
      }),
      this.tool("PNG", labels.savePicture, () => {
        this.savePicture(drawing);
      }),
    ];
  }

  private tableTools(): HTMLElement[] {
    const { labels } = this.context;
    const { data } = this.options;
    return [
      this.tool("CSV", labels.saveTable, () => {
        this.saveTable();
      }),
      this.tool("Markdown", labels.copyMarkdown, () => {
        this.copy(tableToMarkdown(data(), this.caption));
      }),
      this.tool("LaTeX", labels.copyLatex, () => {
        this.copy(tableToLatex(data(), this.caption));
      }),
    ];
  }

  /** A button that is labelled with a format; its accessible name also says the action and the figure. */
  private tool(format: string, action: string, onPress: () => void): HTMLElement {
    return button(format, onPress, "secondary", `${format}, ${action}: ${this.options.title}`);
  }

  private savePicture(drawing: Drawing): void {
    const data = drawing.picture().toDataURL("image/png");
    this.context.post({
      type: "save",
      name: `${this.fileName}.png`,
      format: "png",
      data: data.slice(data.indexOf(",") + 1),
    });
  }

  private saveTable(): void {
    this.context.post({
      type: "save",
      name: `${this.fileName}.csv`,
      format: "csv",
      data: tableToCsv((this.options.numbers ?? this.options.data)(), this.context.provenance()),
    });
  }
  private copy(text: string): void {
    this.context.post({ type: "copy", text });
  }
}
