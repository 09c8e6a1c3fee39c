import * as vscode from "vscode";
import type { TokenDetails } from "../../protocol/heatmapQuestions.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { plainLine } from "../window/plainText.ts";
import type { Heatmaps, TokenUnder } from "./heatmaps.ts";

/** What is known of the token under the cursor, run by run. Registered when a heatmap is first shown. */
export class HeatmapHover extends DisposableStore implements vscode.HoverProvider {
  private registered: vscode.Disposable | undefined;

  constructor(private readonly heatmaps: Heatmaps) {
    super();
    this.register(
      heatmaps.onDidChange(() => {
        if (heatmaps.active() !== undefined)
          this.registered ??= vscode.languages.registerHoverProvider(
            [{ scheme: "file" }, { scheme: "untitled" }],
            this,
          );
      }),
    );
  }

  override dispose(): void {
    this.registered?.dispose();
    super.dispose();
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const found = await this.heatmaps.under(document, position);
    const [first] = found;
    if (first === undefined) return undefined;
    return new vscode.Hover(
      found.map(described),
      new vscode.Range(first.spot.line, first.spot.from, first.spot.line, first.spot.to),
    );
  }
}

const figure = (value: number): string => Number(value.toPrecision(4)).toLocaleString();
const words = (list: TokenDetails["before"]): string =>
  list.map(({ text, cosine }) => `${visibleSpaces(text)} (${cosine.toFixed(2)})`).join(", ");
/** A piece as it is told from another: spaces are seen. */
export const visibleSpaces = (text: string): string => (text === "" ? "∅" : text.replace(/ /g, "␣"));

function described({ run, spot, details }: TokenUnder): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const t = vscode.l10n.t;
  const line = (what: string): void => {
    text.appendMarkdown("\n- ").appendText(plainLine(what));
  };
  text
    .appendMarkdown("**")
    .appendText(plainLine(visibleSpaces(details.text)))
    .appendMarkdown("** ")
    .appendText(
      spot.place === undefined
        ? t("token {0}, {1}", details.id, plainLine(run.record.name))
        : t("token {0}, place {1}, {2}", details.id, spot.place, plainLine(run.record.name)),
    )
    .appendMarkdown("\n");
  if (spot.beyond === true) line(t("Beyond what the run's model reads of this text"));
  if (details.norm !== undefined && details.rank !== undefined)
    line(
      t(
        "Offset norm {0}, {1} % of its embedding's; rank {2} of {3} in the vocabulary",
        figure(details.norm),
        figure(100 * (details.ratio ?? 0)),
        details.rank.toLocaleString(),
        details.vocabulary.toLocaleString(),
      ),
    );
  if (details.units !== undefined && details.hidden !== undefined)
    line(t("Switches on {0} of {1} hidden units", details.units, details.hidden));
  if (details.cosine !== undefined)
    line(t("Cosine {0} to the mean offset of the vocabulary", details.cosine.toFixed(3)));
  if (details.position !== undefined) line(t("Offset of its place (DePT): norm {0}", figure(details.position)));
  line(
    details.after.length === 0
      ? t("Nearest words: {0}", words(details.before))
      : t("Nearest words before its offset: {0}", words(details.before)),
  );
  if (details.after.length > 0) line(t("Nearest words after its offset: {0}", words(details.after)));
  return text;
}
