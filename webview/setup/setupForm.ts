import { el, section } from "../dom.ts";
import type { ExperimentDraft, SetupHostMessage } from "../../src/protocol/hostToSetup.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import type { SetupPageMessage } from "../../src/protocol/setupToHost.ts";
import { LongWait } from "../longWait.ts";
import type { ShownInspection } from "../../src/protocol/setupQuestions.ts";
import { filledDraft, fittedDraft } from "../../src/protocol/fittedDraft.ts";
import { BackbonePart } from "./setupBackbone.ts";
import { BudgetPart } from "./setupBudget.ts";
import { DataPart } from "./setupData.ts";
import { TrainingPart } from "./setupTraining.ts";
import { fill } from "../../src/figure/valueText.ts";
import { bytes, duration } from "../text.ts";
import { button } from "../ui.ts";

/** How the form posts messages to the host, and saves its draft in the page's state. */
export interface SetupContext {
  post: (message: SetupPageMessage) => void;
  save: (draft: ExperimentDraft) => void;
}
type Started = Extract<SetupHostMessage, { type: "start" }>;

/** Milliseconds after the last keystroke until the draft is posted. */
const REST = 400;
/** Changes of these fields need a new inspection of the data. */
const INSPECTED: readonly (keyof ExperimentDraft)[] = [
  "task",
  "backbone",
  "prompt",
  "maxSourceLength",
  "maxTargetLength",
];
/**
 * The number of the last inspection. All forms share it, so that an answer to an earlier form is not taken for one to
 * this form.
 */
let asks = 0;

/** The form of a new experiment: edits are posted to the host, which answers with sizes, inspection and forecast. */
export class SetupForm {
  private draft: ExperimentDraft;
  private readonly labels: SetupLabels;
  private readonly data: DataPart;
  private readonly budget: BudgetPart;
  private readonly backbone: BackbonePart;
  private readonly training: TrainingPart;
  private readonly forecast = el("p", "", "detail");
  private readonly measuring: LongWait;
  private readonly stopped: LongWait;
  private readonly problem = el("p", "", "problem");
  private readonly checking = el("p", "", "detail");
  private timer: number | undefined;
  private asked = ++asks;
  /** The last finished inspection, and whether the data can be trained on. */
  private looked: { asked: number; usable: boolean } | undefined;
  /** The button that was pressed during the inspection: `train` says whether it also starts training. */
  private pressed: { train: boolean } | undefined;

  constructor(
    root: HTMLElement,
    { draft, labels, limits, title, downloaded }: Started,
    private readonly context: SetupContext,
  ) {
    this.draft = draft;
    this.labels = labels;
    const change = (part: Partial<ExperimentDraft>, rest = REST): void => {
      this.change(part, rest);
    };
    this.data = new DataPart(labels, draft, {
      title,
      draft: () => this.draft,
      fit: (found) => {
        this.fit(found);
      },
      change,
      choose: () => {
        this.postDraft();
        context.post({ type: "chooseData" });
      },
      reread: () => {
        this.look("reread");
      },
    });
    this.budget = new BudgetPart(labels, draft.budget, (budget) => {
      change({ budget });
    });
    this.backbone = new BackbonePart(labels, { draft, downloaded }, this.budget.element, (choice) => {
      this.postDraft();
      context.post({ type: "chooseBackbone", ...choice });
    });
    this.training = new TrainingPart(draft, { labels, limits, change });
    this.measuring = new LongWait(labels.stopMeasuring, () => {
      context.post({ type: "forecast", measure: false });
    });
    this.stopped = new LongWait(labels.measureAgain, () => {
      context.post({ type: "forecast", measure: true });
    });
    this.forecast.setAttribute("role", "status");
    this.checking.setAttribute("aria-live", "polite");
    this.problem.setAttribute("role", "alert");
    root.replaceChildren(
      el("h1", labels.title),
      this.data.element,
      this.backbone.element,
      this.training.element,
      this.end(),
    );
    context.save(draft);
    this.look("draft");
  }

  /**
   * Posts the draft for inspection.
   * @param type "reread": again in a new process, since the last inspection took too long
   */
  private look(type: "draft" | "reread"): void {
    if (type === "reread") this.asked = ++asks;
    if (this.looked?.asked !== this.asked) this.data.wait.begin();
    this.context.post({ type, draft: this.draft, asked: this.asked });
  }

  handle(message: Exclude<SetupHostMessage, Started>): void {
    switch (message.type) {
      case "inspection":
        this.showLook(message);
        return;
      case "sizes":
        this.budget.show(message.result, message.error);
        return;
      case "forecast":
        this.showForecast(message);
        return;
      case "recommended":
        this.backbone.recommend(message);
        return;
      case "unusable":
        this.backbone.refuse(message);
        return;
      case "written":
        this.problem.textContent = message.error ?? "";
        return;
      case "refused":
        this.problem.textContent = message.error;
        this.data.show(undefined, message.error);
        return;
    }
  }

  /** Called when another form replaces this one. */
  close(): void {
    clearTimeout(this.timer);
    for (const wait of [this.data.wait, this.measuring, this.stopped]) wait.end();
  }

  private change(part: Partial<ExperimentDraft>, rest: number): void {
    this.draft = { ...this.draft, ...part };
    if (INSPECTED.some((key) => key in part)) this.asked = ++asks;
    this.pressed = undefined;
    this.problem.textContent = this.checking.textContent = "";
    this.context.save(this.draft);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.postDraft();
    }, rest);
  }

  /** Posts the draft if it has changed since the last post. */
  private postDraft(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.look("draft");
  }

  private showLook({ asked, result, error }: Extract<SetupHostMessage, { type: "inspection" }>): void {
    if (asked !== this.asked) return;
    this.data.wait.end();
    const { pressed } = this;
    this.looked = { asked, usable: result !== undefined && result.problem === undefined };
    // Showing suggested templates changes the form: it is inspected again, and a pressed button waits for that.
    this.data.show(result, error);
    this.training.show(result?.all === true ? result.rows : 0, filledDraft(this.draft).batchSize);
    if (pressed !== undefined) this.write(pressed.train);
  }

  /** Takes the defaults of the backbone, once it is known what it is. */
  private fit(found: ShownInspection): void {
    const fitted = fittedDraft(this.draft, found);
    if (fitted === undefined) return;
    this.change(fitted, 0);
    this.budget.set(this.draft.budget);
    this.training.setSteps(this.draft.steps);
  }

  private showForecast({
    result,
    error,
    memory,
    working,
    stopped = false,
  }: Extract<SetupHostMessage, { type: "forecast" }>): void {
    const { labels } = this;
    const short =
      (result !== undefined && result.memory > result.freeMemory) ||
      (memory !== undefined && memory.needed > memory.available);
    this.forecast.className = short ? "warning" : "detail";
    if (working && memory === undefined) this.measuring.begin();
    else if (!working) this.measuring.end();
    if (stopped) this.stopped.begin(0);
    else this.stopped.end();
    if (working)
      this.forecast.textContent = [
        ...(memory === undefined ? [] : [fill(labels.memoryNeeded, bytes(memory.needed), bytes(memory.available))]),
        labels.measuring,
      ].join(" ");
    else if (stopped) this.forecast.textContent = labels.notMeasured;
    else if (result === undefined) this.forecast.textContent = error ?? labels.forecastNone;
    else
      this.forecast.textContent = [
        fill(
          labels.forecastText,
          duration(result.seconds),
          result.secondsPerStep < 1
            ? `${Math.round(1000 * result.secondsPerStep)} ms`
            : `${result.secondsPerStep.toFixed(1)} s`,
          bytes(result.memory),
        ),
        ...(short && result.memory > result.freeMemory ? [fill(labels.memoryShort, bytes(result.freeMemory))] : []),
      ].join(". ");
  }

  private end(): HTMLElement {
    const { labels } = this;
    const part = section(labels.forecast);
    const actions = el("div", "", "actions");
    actions.append(
      button(
        labels.train,
        () => {
          this.write(true);
        },
        "primary",
      ),
      button(labels.write, () => {
        this.write(false);
      }),
    );
    this.forecast.textContent = labels.forecastNone;
    part.append(this.forecast, this.measuring.element, this.stopped.element, this.problem, this.checking, actions);
    return part;
  }

  /** Writes the draft once the inspection of its current state has finished; a press before that is remembered. */
  private write(train: boolean): void {
    const { labels } = this;
    const current = this.looked?.asked === this.asked;
    const missing = !this.training.valid || !this.budget.possible || (current && this.looked?.usable !== true);
    this.problem.textContent = missing ? labels.incomplete : "";
    this.pressed = missing || current ? undefined : { train };
    this.checking.textContent = this.pressed === undefined ? "" : labels.checking;
    if (missing || !current) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.context.post({ type: "write", draft: this.draft, train });
  }
}
