import * as vscode from "vscode";
import { BINS, BINS_PER_SIGN, type ColourScale } from "../../heatmap/colourScale.ts";
import type { PaintedRanges } from "../../heatmap/colouredRanges.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { Command } from "../window/ids.ts";
import { withoutIcons, withoutTags } from "../window/plainText.ts";
import type { EditorHeatmap } from "./editorHeatmap.ts";
import { colouredBins, heatColourId, isHighContrast, underlineOf, type Underline } from "./heatmapColours.ts";
import type { Heatmaps } from "./heatmaps.ts";
import { measureTitle } from "./measureTitle.ts";

const figure = (value: number): string => String(Number(value.toPrecision(3)));

/**
 * The heatmap's legend: a status bar item with the active editor's scale, and the colours in its tooltip.
 * It is hidden while the active editor shows no heatmap.
 */
export class HeatmapLegend extends DisposableStore {
  private readonly item: vscode.StatusBarItem;

  constructor(heatmaps: Heatmaps) {
    super();
    this.item = this.register(vscode.window.createStatusBarItem("adept.heatmap", vscode.StatusBarAlignment.Right, 100));
    this.item.name = vscode.l10n.t("ADePT Heatmap");
    this.item.command = Command.heatmapMeasure;
    this.register(
      heatmaps.onDidChange(() => {
        const heatmap = heatmaps.active();
        if (heatmap === undefined) this.item.hide();
        else this.show(heatmap, heatmaps.scale(heatmap.choice.measure));
      }),
    );
  }

  private show(heatmap: EditorHeatmap, scale: ColourScale): void {
    const { choice } = heatmap;
    const title = measureTitle(choice.measure);
    const span = `${figure(scale.low)}–${figure(scale.high)}`;
    // The run's name tells two heatmaps side by side apart.
    this.item.text = `$(symbol-color) ${title} ${span} · ${withoutIcons(shortened(choice.run.record.name))}`;
    this.item.tooltip = legendTooltip(notesOn(heatmap, title), scale);
    this.item.accessibilityInformation = {
      label: vscode.l10n.t(
        "ADePT heatmap: {0} from {1} to {2}, run {3}. Activate to change the measure.",
        title,
        figure(scale.low),
        figure(scale.high),
        choice.run.record.name,
      ),
    };
    this.item.show();
  }
}

/** Returns the paragraphs of the tooltip: the title, the run, and what is not shown exactly. */
function notesOn({ choice, painted, readsTask }: EditorHeatmap, title: string): string[] {
  const detail = detailText(painted);
  return [
    title,
    choice.run.record.name,
    ...(detail === undefined ? [] : [detail]),
    ...(readsTask
      ? [
          vscode.l10n.t(
            "Rows are read as the run's task makes its input of them, up to {0} tokens.",
            choice.opened.maxSourceLength,
          ),
        ]
      : []),
  ];
}

/** Says what is left out if there is too much to paint every token; undefined if every token is painted. */
function detailText(painted: PaintedRanges | undefined): string | undefined {
  if (painted === undefined || (painted.detail === "tokens" && painted.columns === undefined)) return undefined;
  const columns = vscode.l10n.t("Of each line the first {0} columns and those about the cursor.", painted.columns ?? 0);
  if (painted.detail === "tokens") return columns;
  const means =
    painted.detail === "words"
      ? vscode.l10n.t("Too many tokens in sight: means of words.")
      : vscode.l10n.t("Too many tokens in sight: means of lines.");
  return `${means} ${columns}`;
}

const LONGEST_NAME = 30;
const shortened = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name);

/** Returns the value at which a bin begins, and its underline in words. */
function binText(from: number, line: Underline | undefined): string {
  const { t } = vscode.l10n;
  if (line === undefined) return t("{0}: no line", figure(from));
  switch (line.style) {
    case "dotted":
      return t("{0}: dotted line, {1} px", figure(from), line.width);
    case "dashed":
      return t("{0}: dashed line, {1} px", figure(from), line.width);
    case "solid":
      return t("{0}: solid line, {1} px", figure(from), line.width);
  }
}

/** Returns the bins of a scale, the uncoloured one too, with the value at which each begins. */
function binStarts({ low, high, signed }: ColourScale): { bin: number; from: number }[] {
  return (signed ? [-4, -3, -2, -1, 0, 1, 2, 3, 4] : colouredBins(false)).map((bin) => ({
    bin,
    from: signed
      ? ((Math.abs(bin) - 0.5) / (BINS_PER_SIGN + 0.5)) * Math.sign(bin) * high
      : low + ((bin - 1) / BINS) * (high - low),
  }));
}

/** The colour of a bin as a tooltip's HTML may name it: VS Code defines a CSS variable for each theme colour. */
const cssColour = (bin: number, signed: boolean): string =>
  `var(--vscode-adept-${heatColourId(bin, signed).slice("adept.".length)})`;

/** @param notes paragraphs, the first of which is the title */
function legendTooltip(notes: readonly string[], scale: ColourScale): vscode.MarkdownString {
  const { signed } = scale;
  const text = new vscode.MarkdownString(undefined, true);
  const [title, ...rest] = notes;
  text.supportHtml = true;
  text
    .appendMarkdown("**")
    .appendText(withoutTags(title ?? ""))
    .appendMarkdown("**\n\n");
  // A tooltip can show background colours, but no underlines: in a high-contrast theme they are described.
  if (isHighContrast())
    for (const { bin, from } of binStarts(scale))
      text.appendMarkdown("\n- ").appendText(binText(from, bin === 0 ? undefined : underlineOf(bin, signed)));
  else
    for (const { bin, from } of binStarts(scale)) {
      const style = bin === 0 ? "" : ` style="background-color:${cssColour(bin, signed)};"`;
      text.appendMarkdown(`<span${style}>&nbsp;${figure(from)}&nbsp;</span>`);
    }
  for (const note of rest) text.appendMarkdown("\n\n").appendText(withoutTags(note));
  text
    .appendMarkdown("\n\n")
    .appendText(
      vscode.l10n.t(
        "From the 2nd to the 98th percentile of the vocabulary, where the measure has no ends of its own; one scale for all runs in sight.",
      ),
    );
  return text;
}
