import { el } from "../dom.ts";
import type { FigureContext } from "../figure.ts";
import type { RunChoice } from "../../src/protocol/hostToPage.ts";
import { fill } from "../../src/figure/valueText.ts";
import { button, textField } from "../ui.ts";

const MOST_SHOWN = 200;

/**
 * The list of runs to compare. It can be searched; runs are ticked one by one or a whole experiment at once, and the
 * one ticked first is the reference.
 */
export class RunPicker {
  readonly element = el("section", "", "picker");
  private readonly list = el("ul");
  private readonly count = el("p", "", "detail");
  private runs: readonly RunChoice[] = [];
  private chosen: string[] = [];
  private wanted = "";

  constructor(
    private readonly context: FigureContext,
    private readonly onChange: (ids: string[]) => void,
  ) {
    const { labels } = context;
    const tools = el("div", "", "actions");
    tools.append(
      textField(labels.searchRuns, "", (text) => {
        this.wanted = text.trim().toLowerCase();
        this.draw();
      }),
      button(labels.chooseShown, () => {
        this.set([
          ...new Set([
            ...this.chosen,
            ...this.shown()
              .slice(0, MOST_SHOWN)
              .map(({ id }) => id),
          ]),
        ]);
      }),
      button(labels.chooseNone, () => {
        this.set([]);
      }),
    );
    this.list.tabIndex = 0;
    this.list.setAttribute("aria-label", labels.runsToCompare);
    this.element.append(el("h2", labels.runsToCompare), tools, this.list, this.count);
  }

  update(runs: readonly RunChoice[], chosen: readonly string[]): void {
    const before = JSON.stringify([this.runs, this.chosen]);
    this.runs = runs;
    this.chosen = [...chosen];
    if (JSON.stringify([runs, chosen]) !== before) this.draw();
  }

  choose(ids: readonly string[]): void {
    this.chosen = [...ids];
    this.draw();
  }

  private shown(): RunChoice[] {
    return this.runs.filter(({ name, id, method, task, experiment }) =>
      `${name} ${id} ${method} ${task} ${experiment}`.toLowerCase().includes(this.wanted),
    );
  }

  private set(ids: string[]): void {
    this.chosen = ids;
    this.draw();
    this.onChange(ids);
  }

  private draw(): void {
    const { labels } = this.context;
    const found = this.shown();
    const focused = this.list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["id"]
      : undefined;
    this.list.replaceChildren(...found.slice(0, MOST_SHOWN).map((run) => this.row(run)));
    this.count.textContent = fill(
      found.length > MOST_SHOWN ? labels.runsShownOf : labels.runsChosen,
      this.chosen.length,
      found.length,
      MOST_SHOWN,
    );
    if (focused !== undefined) this.list.querySelector<HTMLElement>(`[data-id="${focused}"]`)?.focus();
  }

  private row({ id, name, method, value, status }: RunChoice): HTMLElement {
    const line = el("li");
    const label = el("label");
    const box = el("input");
    box.type = "checkbox";
    box.checked = this.chosen.includes(id);
    box.dataset["id"] = id;
    box.addEventListener("change", () => {
      this.set(box.checked ? [...this.chosen, id] : this.chosen.filter((each) => each !== id));
    });
    label.append(
      box,
      el("span", name),
      el("span", [method, value, status].filter((part) => part !== "").join(" · "), "detail"),
    );
    line.append(label);
    return line;
  }
}
