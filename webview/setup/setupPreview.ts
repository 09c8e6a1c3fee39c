import { el } from "../dom.ts";
import type { ShownInspection as Inspection } from "../../src/protocol/setupQuestions.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { fill } from "../../src/figure/valueText.ts";
import { button } from "../ui.ts";

/** The largest lengths that the page offers; longer ones are written into the experiment file. */
const MOST_SOURCE = 1024;
const MOST_TARGET = 512;
const STEP = 32;

/** The lengths at which a draft's texts are cut. */
export interface CutLengths {
  maxSourceLength: number;
  maxTargetLength: number;
}

/** A line break is a token, or a part of one, that could not be seen. */
const shown = (piece: string): string => piece.replace(/\r?\n/g, "⏎");

type Preview = Inspection["examples"][number];

/** The first examples as the model reads them, how long the examples are, and what is cut of them. */
export class PreviewPart {
  readonly examples = el("div");
  readonly lengths = el("div");

  constructor(
    private readonly labels: SetupLabels,
    private cutAt: CutLengths,
    private readonly change: (part: Partial<CutLengths>) => void,
  ) {}

  show(found: Inspection, cutAt: CutLengths): void {
    this.cutAt = cutAt;
    this.drawExamples(found);
    this.drawLengths(found);
  }

  private drawExamples({ examples, backbone }: Inspection): void {
    const { labels } = this;
    const parts = [
      el("h3", labels.preview),
      el("p", backbone.isCausal ? labels.previewSequence : labels.previewNote, "detail"),
      ...examples.flatMap((example) => (backbone.isCausal ? [this.sequence(example)] : this.pair(example))),
    ];
    this.examples.replaceChildren(...(examples.length === 0 ? [] : parts));
  }

  /** Input and answer apart, as an encoder-decoder reads them. */
  private pair({ pieces, cut, targetPieces }: Preview): HTMLElement[] {
    const { labels } = this;
    const text = el("div", "", "pieces");
    text.append(
      ...pieces.map((piece) => el("span", shown(piece), "piece token")),
      ...(cut > 0 ? [el("span", ` ${fill(labels.cut, cut)}`, "detail")] : []),
    );
    const answer = el("p", `${labels.answer}: `);
    answer.append(...targetPieces.map((piece) => el("span", shown(piece), "piece token")));
    return [text, answer];
  }

  /** Input and answer as one sequence, with the trained tokens marked. */
  private sequence({ pieces, cut, cutAt, targetPieces, untrained, targetCut }: Preview): HTMLElement {
    const { labels } = this;
    const text = el("div", "", "pieces");
    const read = pieces.map((piece) => el("span", shown(piece), "piece token"));
    const leftOut = (template: string, tokens: number): HTMLElement[] =>
      tokens > 0 ? [el("span", ` ${fill(template, tokens)} `, "detail")] : [];
    text.append(
      ...read.slice(0, cutAt),
      ...leftOut(labels.leftOut, cut),
      ...read.slice(cutAt),
      ...targetPieces.map((piece, at) =>
        untrained.includes(at)
          ? el("span", shown(piece), "piece token")
          : el("mark", shown(piece), "piece token trained"),
      ),
      ...leftOut(labels.answerLeftOut, targetCut),
    );
    return text;
  }

  private drawLengths(found: Inspection): void {
    const { labels, cutAt } = this;
    const { tokens, targetTokens, truncated, sampled, targetsTruncated } = found;
    if (sampled === 0) {
      this.lengths.replaceChildren();
      return;
    }
    const row = el("div", "", "actions");
    const of = sampled.toLocaleString();
    row.append(
      truncated > 0
        ? el("span", fill(labels.truncated, truncated.toLocaleString(), of), "warning")
        : el("span", targetsTruncated > 0 ? "" : labels.noneCut, "detail"),
      ...this.raise(
        labels.raise,
        { longest: tokens.longest, most: MOST_SOURCE, from: cutAt.maxSourceLength },
        (length) => ({
          maxSourceLength: length,
        }),
      ),
    );
    const answers = el("div", "", "actions");
    if (targetsTruncated > 0)
      answers.append(
        el("span", fill(labels.targetsTruncated, targetsTruncated.toLocaleString(), cutAt.maxTargetLength), "warning"),
        ...this.raise(
          labels.raiseTarget,
          { longest: targetTokens.longest, most: MOST_TARGET, from: cutAt.maxTargetLength },
          (length) => ({ maxTargetLength: length }),
        ),
      );
    this.lengths.replaceChildren(
      el("p", fill(labels.lengths, tokens.median, tokens.high, tokens.longest), "detail"),
      el("p", fill(labels.targetLengths, targetTokens.median, targetTokens.high, targetTokens.longest), "detail"),
      row,
      answers,
    );
  }

  /** A button that raises a length to that of the longest text, where texts are longer. */
  private raise(
    label: string,
    { longest, most, from }: { longest: number; most: number; from: number },
    part: (length: number) => Partial<CutLengths>,
  ): HTMLElement[] {
    const suggested = Math.min(most, Math.ceil(longest / STEP) * STEP);
    if (longest <= from || suggested <= from) return [];
    return [
      button(fill(label, suggested), () => {
        this.change(part(suggested));
      }),
    ];
  }
}
