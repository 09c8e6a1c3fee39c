import { AnalysisCard } from "../analysisCard.ts";
import { el } from "../dom.ts";
import type { Figure, FigureContext } from "../figure.ts";
import type { AnalysisName, AnalysisView, Peer } from "../../src/protocol/hostToPage.ts";
import type { Theme } from "../theme.ts";

/** The content of a tab of analyses: their titles, and how their figures are made. */
export interface AnalysisTabSpec {
  /** Names with titles, in the order on the page. */
  analyses: readonly (readonly [AnalysisName, string])[];
  figures: (name: AnalysisName, result: unknown, peers: readonly Peer[]) => Figure[];
}

/** The cards and figures of a tab. A result's figures are made when the tab is first visible with it. */
export class AnalysisTab {
  readonly element = el("div", "", "tab");
  private readonly parts: Map<
    AnalysisName,
    { card: AnalysisCard; box: HTMLElement; figures: Figure[]; result: unknown; peers: readonly Peer[]; stale: boolean }
  >;
  private visible = false;

  constructor(
    private readonly spec: AnalysisTabSpec,
    private readonly context: FigureContext,
  ) {
    this.parts = new Map(
      spec.analyses.map(([name, title]) => [
        name,
        {
          card: new AnalysisCard(title, context.labels, context.post),
          box: el("div", "", "tab"),
          figures: [],
          result: undefined,
          peers: [],
          stale: false,
        },
      ]),
    );
    for (const { card, box } of this.parts.values()) this.element.append(card.element, box);
  }

  analysis(view: AnalysisView, result: unknown): void {
    const part = this.parts.get(view.name);
    if (part === undefined) return;
    part.card.update(view);
    if (result === undefined) return;
    part.result = result;
    part.stale = true;
    this.render();
  }

  peers(name: AnalysisName, peers: readonly Peer[]): void {
    const part = this.parts.get(name);
    if (
      part === undefined ||
      JSON.stringify(part.peers.map(({ id }) => id)) === JSON.stringify(peers.map(({ id }) => id))
    )
      return;
    part.peers = peers;
    part.stale = part.result !== undefined;
    this.render();
  }

  /** Charts are made only while the tab is visible, since a chart measures its space when it is made. */
  show(visible: boolean): void {
    this.visible = visible;
    this.render();
  }

  paint(theme: Theme): void {
    for (const { figures } of this.parts.values()) for (const figure of figures) figure.paint(theme);
  }

  private render(): void {
    if (!this.visible) return;
    for (const [name, part] of this.parts) {
      if (!part.stale) continue;
      part.stale = false;
      for (const figure of part.figures) figure.destroy();
      try {
        part.figures = this.spec.figures(name, part.result, part.peers);
        part.box.replaceChildren(...part.figures.map(({ element }) => element));
      } catch (error) {
        // A result that cannot be shown must not break the rest of the page.
        part.figures = [];
        part.box.replaceChildren(el("p", this.context.labels.cannotShow));
        this.context.post({
          type: "problem",
          message: `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        });
      }
    }
  }
}
