import { bytesText } from "../../src/base/text/bytesText.ts";
import { el } from "../dom.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import type { SizesAnswer } from "../../src/protocol/setupQuestions.ts";
import { fill } from "../../src/figure/valueText.ts";

/** The slider of trainable parameters. The sizes at each of its stops are known in advance, so it responds at once. */
export class BudgetPart {
  readonly element = el("div", "", "budget");
  private readonly slider = el("input");
  private readonly said = el("p", "", "detail");
  private readonly about = el("p", "", "detail");
  private answer: SizesAnswer | undefined;

  constructor(
    private readonly labels: SetupLabels,
    private budget: number,
    private readonly onChange: (budget: number) => void,
  ) {
    const label = el("label", labels.budget);
    this.slider.type = "range";
    this.slider.id = "budget";
    this.slider.min = "0";
    this.slider.disabled = true;
    label.htmlFor = "budget";
    this.said.setAttribute("role", "status");
    this.said.textContent = labels.solving;
    this.slider.addEventListener("input", () => {
      const budget = this.answer?.sizes[Number(this.slider.value)]?.budget;
      if (budget === undefined) return;
      this.budget = budget;
      this.say();
      this.onChange(budget);
    });
    this.element.append(this.about, label, this.slider, this.said);
  }

  /** Whether some budget may be large enough: false only once the sizes are known and none is. */
  get possible(): boolean {
    return this.answer === undefined || this.answer.sizes.length > 0;
  }

  /**
   * Shows the sizes, or the error.
   * @param result the sizes at each stop, the smallest budget first
   */
  show(result: SizesAnswer | undefined, error: string | undefined): void {
    if (result === undefined) {
      this.said.textContent = error ?? "";
      this.slider.disabled = true;
      return;
    }
    this.answer = { ...result, sizes: result.sizes.filter((each) => each !== null) };
    const { sizes } = this.answer;
    const at = sizes.findIndex((each) => each !== null && each.budget >= this.budget);
    this.slider.disabled = sizes.length === 0;
    this.slider.max = String(sizes.length - 1);
    this.slider.value = String(at < 0 ? sizes.length - 1 : at);
    const { labels } = this;
    const own = fill(labels.width, result.parameters.toLocaleString(), result.width);
    const file = result.gguf && fill(labels.ggufFile, result.gguf.architecture, bytesText(result.gguf.bytes));
    this.about.textContent = [...(file === undefined ? [] : [file]), own].join(" · ");
    const chosen = sizes[Number(this.slider.value)]?.budget;
    if (chosen !== undefined && chosen !== this.budget) {
      this.budget = chosen;
      this.onChange(chosen);
    }
    this.say();
  }

  /** Moves the slider to a budget, or to the next larger one. */
  set(budget: number): void {
    this.budget = budget;
    if (this.answer !== undefined) this.show(this.answer, undefined);
  }

  private say(): void {
    const own = this.answer?.sizes[Number(this.slider.value)];
    if (own === undefined || own === null || this.answer === undefined) {
      this.said.textContent = this.labels.tooSmall;
      return;
    }
    const text = fill(
      this.labels.sizes,
      own.promptLength,
      own.bottleneck,
      own.count.toLocaleString(),
      Number(((100 * own.count) / this.answer.parameters).toPrecision(2)),
    );
    this.said.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }
}
