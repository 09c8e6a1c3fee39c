import { el } from "./dom.ts";
import type { AnalysisView } from "../src/protocol/hostToPage.ts";
import type { Labels } from "../src/protocol/pageLabels.ts";
import type { PageMessage } from "../src/protocol/pageToHost.ts";
import { fill } from "../src/figure/valueText.ts";
import { duration } from "./text.ts";
import { button } from "./ui.ts";

/**
 * Shows the state of one analysis: before it is made, a button with the forecast of its time; meanwhile, progress and a
 * cancel button; afterwards, the number of examples.
 */
export class AnalysisCard {
  readonly element = el("section", "", "card");
  private readonly status = el("p");
  private readonly bar = el("progress");
  private readonly buttons = el("div", "", "actions");
  private shown = "";

  constructor(
    private readonly title: string,
    private readonly labels: Labels,
    private readonly post: (message: PageMessage) => void,
  ) {
    this.status.setAttribute("role", "status");
    this.bar.setAttribute("aria-label", title);
    this.element.append(this.status, this.bar, this.buttons);
  }

  update(view: AnalysisView): void {
    const running = view.status === "running" || view.status === "waiting";
    this.bar.hidden = !running;
    this.element.classList.toggle("quiet", view.status === "finished" || !view.applies);
    if (view.total > 0) {
      this.bar.max = view.total;
      this.bar.value = view.done;
    } else this.bar.removeAttribute("value");
    this.status.textContent = this.sentence(view);
    const key = `${view.status}${view.applies}${view.ready}${view.forecast ?? ""}`;
    // Rebuilt only when they change, so that a button keeps the focus.
    if (key === this.shown) return;
    this.shown = key;
    this.buttons.replaceChildren(...this.buttonsOf(view));
  }

  private buttonsOf({ name, applies, ready, status, forecast }: AnalysisView): HTMLElement[] {
    const { labels } = this;
    if (!applies || !ready || status === "finished") return [];
    if (status === "running" || status === "waiting")
      return [
        button(labels.cancel, () => {
          this.post({ type: "stopAnalysis" });
        }),
      ];
    const label = status === "none" ? fill(labels.runAnalysis, this.title) : labels.tryAgain;
    const start = (): void => {
      this.post({ type: "analyse", name });
    };
    return [
      button(forecast === undefined ? label : fill(labels.withForecast, label, duration(forecast)), start, "primary"),
    ];
  }

  private sentence({ name, applies, ready, status, label, done, total, examples }: AnalysisView): string {
    const { labels, title } = this;
    if (!applies) return fill(labels.notForMethod, title);
    if (status === "finished")
      return examples === undefined || name === "latency" || name === "stability"
        ? fill(labels.analysisMade, title)
        : fill(labels.analysisOn, title, examples);
    if (!ready) return fill(labels.notReady, title);
    if (status === "waiting") return fill(labels.analysisStarts, title);
    if (status === "running") return `${title}: ${total > 0 ? `${done}/${total} ` : ""}${label}`;
    if (status === "failed") return fill(labels.analysisFailed, title, label);
    if (status === "stopped") return fill(labels.analysisStopped, title);
    return fill(labels.analysisLacks, title);
  }
}
