import { el, section } from "./dom.ts";
import type { ExperimentDraft, SetupHostMessage, SetupLabels, SetupPageMessage } from "./setupMessages.ts";
import { BudgetPart } from "./setupBudget.ts";
import { DataPart } from "./setupData.ts";
import { bytes, duration, fill } from "./text.ts";
import { button, select, textField } from "./ui.ts";

export interface SetupContext { post: (message: SetupPageMessage) => void; save: (draft: ExperimentDraft) => void }
type Started = Extract<SetupHostMessage, { type: "start" }>;

/** Typing is told on after a moment of rest (ms). */
const REST = 400;

/** The whole form of a new experiment: what is typed goes to the host, what it finds out comes back into its place. */
export class SetupForm {
  private draft: ExperimentDraft;
  private readonly labels: SetupLabels;
  private readonly data: DataPart;
  private readonly budget: BudgetPart;
  private readonly forecast = el("p", "", "detail");
  private readonly passes = el("p", "", "detail");
  private readonly problem = el("p", "", "problem");
  private timer: number | undefined;
  private rows = 0;
  private complete = false;

  constructor(root: HTMLElement, { draft, labels, title }: Started, private readonly context: SetupContext) {
    this.draft = draft;
    this.labels = labels;
    const change = (part: Partial<ExperimentDraft>, rest = REST): void => { this.change(part, rest); };
    this.data = new DataPart(labels, draft, { title, change, choose: () => { context.post({ type: "chooseData" }); } });
    this.budget = new BudgetPart(labels, draft.budget, (budget) => { change({ budget }); });
    this.forecast.setAttribute("role", "status");
    this.problem.setAttribute("role", "alert");
    root.replaceChildren(el("h1", labels.title), this.data.element, this.backbone(), this.training(), this.end());
    context.save(draft);
    context.post({ type: "draft", draft });
  }

  handle(message: Exclude<SetupHostMessage, Started>): void {
    switch (message.type) {
      case "inspection": {
        this.data.show(message.result, message.error);
        this.rows = message.result?.rows ?? 0;
        this.complete = message.result !== undefined && message.result.problem === undefined;
        this.showPasses();
        return;
      }
      case "sizes": this.budget.show(message.result, message.error); return;
      case "forecast": this.showForecast(message); return;
      case "written": this.problem.textContent = message.error ?? ""; return;
    }
  }

  private change(part: Partial<ExperimentDraft>, rest: number): void {
    this.draft = { ...this.draft, ...part };
    this.problem.textContent = "";
    this.context.save(this.draft);
    this.showPasses();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => { this.context.post({ type: "draft", draft: this.draft }); }, rest);
  }

  private showPasses(): void { this.passes.textContent = this.rows > 0 ? fill(this.labels.passes, Number(((this.draft.steps * 32) / Math.max(1, 0.8 * this.rows)).toPrecision(2)).toLocaleString()) : ""; }

  private showForecast({ result, error, working }: Extract<SetupHostMessage, { type: "forecast" }>): void {
    const { labels } = this;
    if (working) this.forecast.textContent = labels.measuring;
    else if (result === undefined) this.forecast.textContent = error ?? labels.forecastNone;
    else this.forecast.textContent = [fill(labels.forecastText, duration(result.seconds), result.secondsPerStep < 1 ? `${Math.round(1000 * result.secondsPerStep)} ms` : `${result.secondsPerStep.toFixed(1)} s`, bytes(result.memory)), ...(result.memory > result.freeMemory ? [fill(labels.memoryShort, bytes(result.freeMemory))] : [])].join(". ");
  }

  private backbone(): HTMLElement {
    const { labels, draft } = this, part = section(labels.backbone), own = draft.backbone !== "tiny-t5";
    const choices = [{ value: "embedded", text: labels.embedded }, ...(own ? [{ value: "own", text: draft.backbone }] : []), { value: "folder", text: labels.folder }, { value: "hub", text: labels.hub }];
    part.append(select(labels.backbone, choices, { value: own ? "own" : "embedded", onChange: (value) => { if (value === "embedded" || value === "folder" || value === "hub") this.context.post({ type: "chooseBackbone", how: value }); } }), this.budget.element);
    return part;
  }

  private training(): HTMLElement {
    const { labels, draft } = this, part = section(labels.training), wrong = el("p", "", "problem"), row = el("div", "", "fields");
    row.append(
      textField(labels.name, draft.name, (name) => { wrong.textContent = name.trim() === "" ? labels.required : ""; if (name.trim() !== "") this.change({ name: name.trim() }, REST); }),
      textField(labels.steps, String(draft.steps), (text) => { const steps = Number(text.replace(/[ ,]/g, "")), valid = Number.isInteger(steps) && steps > 0; wrong.textContent = valid ? "" : labels.wholeNumber; if (valid) this.change({ steps }, REST); }));
    part.append(row, wrong, this.passes);
    return part;
  }

  private end(): HTMLElement {
    const { labels } = this, part = section(labels.forecast), actions = el("div", "", "actions");
    const write = (train: boolean) => () => {
      if (!this.complete) { this.problem.textContent = labels.incomplete; return; }
      clearTimeout(this.timer);
      this.context.post({ type: "write", draft: this.draft, train });
    };
    actions.append(button(labels.train, write(true), "primary"), button(labels.write, write(false)));
    this.forecast.textContent = labels.forecastNone;
    part.append(this.forecast, this.problem, actions);
    return part;
  }
}
