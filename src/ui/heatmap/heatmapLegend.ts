import * as vscode from "vscode";
import { BINS_PER_SIGN, BINS, type ColourScale } from "../../heatmap/colourScale.ts";
import type { Measure } from "../../protocol/measures.ts";
import type { Painted } from "../../heatmap/colouredRanges.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { EditorHeatmap } from "./editorHeatmap.ts";
import { binsOf, heatColourId, isHighContrast, underlineOf, type Underline } from "./heatmapColours.ts";
import type { Heatmaps } from "./heatmaps.ts";
import { Command } from "../window/ids.ts";
import { withoutIcons, withoutTags } from "../window/plainText.ts";

/** What a measure is called. */
export function measureTitle(measure: Measure): string {
  switch (measure) {
    case "norm":
      return vscode.l10n.t("Offset norm");
    case "units":
      return vscode.l10n.t("Hidden units on");
    case "cosine":
      return vscode.l10n.t("Cosine to the mean offset");
    case "position":
      return vscode.l10n.t("Offset norm of the place (DePT)");
  }
}

const figure = (value: number): string => String(Number(value.toPrecision(3)));

/** The scale of the active editor's heatmap in the status bar, its colours in the tooltip; shown while there is one. */
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

  private show({ choice, painted, readsTask }: EditorHeatmap, scale: ColourScale): void {
    const title = measureTitle(choice.measure);
    const span = `${figure(scale.low)}–${figure(scale.high)}`;
    const coarse = coarseness(painted);
    // Two runs side by side differ in their name.
    this.item.text = `$(symbol-color) ${title} ${span} · ${withoutIcons(shortened(choice.run.record.name))}`;
    this.item.tooltip = legend(
      [
        title,
        choice.run.record.name,
        ...(coarse === undefined ? [] : [coarse]),
        ...(readsTask
          ? [
              vscode.l10n.t(
                "Rows are read as the run's task makes its input of them, up to {0} tokens.",
                choice.opened.maxSourceLength,
              ),
            ]
          : []),
      ],
      scale,
    );
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

/** What is not shown token by token, in words. */
function coarseness(painted: Painted | undefined): string | undefined {
  if (painted === undefined || (painted.detail === "tokens" && painted.columns === undefined)) return undefined;
  const part = vscode.l10n.t("Of each line the first {0} columns and those about the cursor.", painted.columns ?? 0);
  return painted.detail === "tokens"
    ? part
    : `${painted.detail === "words" ? vscode.l10n.t("Too many tokens in sight: means of words.") : vscode.l10n.t("Too many tokens in sight: means of lines.")} ${part}`;
}

const LONGEST_NAME = 30;
const shortened = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name);

/** Where a step begins, and the line that shows it. */
function stepText(from: number, line: Underline | undefined): string {
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

function legend(lines: readonly string[], { low, high, signed }: ColourScale): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  const [title, ...rest] = lines;
  text.supportHtml = true;
  text
    .appendMarkdown("**")
    .appendText(withoutTags(title ?? ""))
    .appendMarkdown("**\n\n");
  const steps = (signed ? [-4, -3, -2, -1, 0, 1, 2, 3, 4] : binsOf(false)).map((bin) => ({
    bin,
    from: signed
      ? ((Math.abs(bin) - 0.5) / (BINS_PER_SIGN + 0.5)) * Math.sign(bin) * high
      : low + ((bin - 1) / BINS) * (high - low),
  }));
  // A tooltip can show colours behind figures, which say nothing in high contrast, but no lines: these are named.
  if (isHighContrast())
    for (const { bin, from } of steps)
      text.appendMarkdown("\n- ").appendText(stepText(from, bin === 0 ? undefined : underlineOf(bin, signed)));
  else
    for (const { bin, from } of steps)
      text.appendMarkdown(
        `<span${bin === 0 ? "" : ` style="background-color:var(--vscode-adept-${heatColourId(bin, signed).slice("adept.".length)});"`}>&nbsp;${figure(from)}&nbsp;</span>`,
      );
  for (const line of rest) text.appendMarkdown("\n\n").appendText(withoutTags(line));
  text
    .appendMarkdown("\n\n")
    .appendText(
      vscode.l10n.t(
        "From the 2nd to the 98th percentile of the vocabulary, where the measure has no ends of its own; one scale for all runs in sight.",
      ),
    );
  return text;
}
