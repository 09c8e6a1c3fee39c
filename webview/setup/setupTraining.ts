import { el, section } from "../dom.ts";
import type { DraftLimits, ExperimentDraft } from "../../src/protocol/hostToSetup.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { fill } from "../../src/figure/valueText.ts";
import { textField } from "../ui.ts";

interface TrainingContext {
  labels: SetupLabels;
  limits: DraftLimits;
  change: (part: Partial<ExperimentDraft>) => void;
}

/**
 * The part of the form with name and steps. A field shows why its text cannot be used; until that is corrected, the
 * form is not complete.
 */
export class TrainingPart {
  readonly element: HTMLElement;
  private readonly wrong = new Set<string>();
  private readonly passes = el("p", "", "detail");
  private rows = 0;
  private batch = 0;
  private readonly steps: HTMLElement & { value?: string };

  constructor(
    private draft: Pick<ExperimentDraft, "name" | "steps">,
    private readonly context: TrainingContext,
  ) {
    const { labels, limits } = context;
    const row = el("div", "", "fields");
    this.element = section(labels.training);
    const steps = this.field(labels.steps, String(draft.steps), (text) => {
      const count = Number(text.replace(/[\s,]/g, ""));
      return Number.isInteger(count) && count > 0 && count <= limits.steps
        ? { steps: count }
        : fill(labels.wholeNumber, limits.steps.toLocaleString());
    });
    this.steps = steps.firstElementChild as HTMLElement;
    row.append(
      this.field(labels.name, draft.name, (text) => {
        const name = text.trim();
        if (name === "") return labels.required;
        return name.length > limits.name ? fill(labels.tooLong, limits.name.toLocaleString()) : { name };
      }),
      steps,
    );
    this.element.append(row, this.passes);
  }

  get valid(): boolean {
    return this.wrong.size === 0;
  }

  /**
   * Shows how many passes over the examples the steps make.
   * @param rows number of rows of the data; 0 where not all were counted
   * @param batch rows of a batch
   */
  show(rows: number, batch: number): void {
    this.rows = rows;
    this.batch = batch;
    this.say();
  }

  /** Replaces the steps by other defaults. */
  setSteps(steps: number): void {
    this.draft = { ...this.draft, steps };
    this.steps.value = String(steps);
    this.say();
  }

  /**
   * A labelled text field.
   * @param read returns the part of the draft that a text sets, or why the text cannot be used
   */
  private field(label: string, value: string, read: (text: string) => Partial<ExperimentDraft> | string): HTMLElement {
    const own = el("div");
    const problem = el("p", "", "problem");
    problem.setAttribute("role", "alert");
    own.append(
      textField(label, value, (text) => {
        const part = read(text);
        problem.textContent = typeof part === "string" ? part : "";
        if (typeof part === "string") {
          this.wrong.add(label);
          return;
        }
        this.wrong.delete(label);
        this.draft = { ...this.draft, ...part };
        this.say();
        this.context.change(part);
      }),
      problem,
    );
    return own;
  }

  private say(): void {
    const times = (this.draft.steps * this.batch) / Math.max(1, 0.8 * this.rows);
    this.passes.textContent =
      this.rows > 0 ? fill(this.context.labels.passes, Number(times.toPrecision(2)).toLocaleString(), this.batch) : "";
  }
}
