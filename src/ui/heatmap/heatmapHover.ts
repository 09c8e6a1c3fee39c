import * as vscode from "vscode";
import type { TokenDetails } from "../../protocol/heatmapQuestions.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import { plainLine } from "../window/plainText.ts";
import type { Heatmaps, HoveredToken } from "./heatmaps.ts";
import { visibleSpaces } from "./visibleSpaces.ts";

/** The hover of a heatmap: details of the token under the mouse, for each run that is shown there. */
export class HeatmapHover extends DisposableStore implements vscode.HoverProvider {
  private registered: vscode.Disposable | undefined;

  /** Registers the hover when a heatmap is shown for the first time. */
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
    const found = await this.heatmaps.tokensAt(document, position);
    const [first] = found;
    if (first === undefined) return undefined;
    const { line, from, to } = first.token;
    return new vscode.Hover(found.map(hoverText), new vscode.Range(line, from, line, to));
  }
}

const figure = (value: number): string => Number(value.toPrecision(4)).toLocaleString();

const neighbourList = (neighbours: TokenDetails["before"]): string =>
  neighbours.map(({ text, cosine }) => `${visibleSpaces(text)} (${cosine.toFixed(2)})`).join(", ");

/** Returns the details of a token as a list. All texts of runs and tokenizers are added as text, not as Markdown. */
function hoverText({ run, token, details }: HoveredToken): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  const t = vscode.l10n.t;
  markdown
    .appendMarkdown("**")
    .appendText(plainLine(visibleSpaces(details.text)))
    .appendMarkdown("** ")
    .appendText(
      token.position === undefined
        ? t("token {0}, {1}", details.id, plainLine(run.record.name))
        : t("token {0}, place {1}, {2}", details.id, token.position, plainLine(run.record.name)),
    )
    .appendMarkdown("\n");
  for (const line of [
    ...(token.beyond === true ? [t("Beyond what the run's model reads of this text")] : []),
    ...measureLines(details),
    ...neighbourLines(details),
  ])
    markdown.appendMarkdown("\n- ").appendText(plainLine(line));
  return markdown;
}

function measureLines({ norm, ratio, rank, vocabulary, units, hidden, cosine, position }: TokenDetails): string[] {
  const t = vscode.l10n.t;
  const lines: string[] = [];
  if (norm !== undefined && rank !== undefined)
    lines.push(
      t(
        "Offset norm {0}, {1} % of its embedding's; rank {2} of {3} in the vocabulary",
        figure(norm),
        figure(100 * (ratio ?? 0)),
        rank.toLocaleString(),
        vocabulary.toLocaleString(),
      ),
    );
  if (units !== undefined && hidden !== undefined) lines.push(t("Switches on {0} of {1} hidden units", units, hidden));
  if (cosine !== undefined) lines.push(t("Cosine {0} to the mean offset of the vocabulary", cosine.toFixed(3)));
  if (position !== undefined) lines.push(t("Offset of its place (DePT): norm {0}", figure(position)));
  return lines;
}

function neighbourLines({ before, after }: TokenDetails): string[] {
  const t = vscode.l10n.t;
  return after.length === 0
    ? [t("Nearest words: {0}", neighbourList(before))]
    : [
        t("Nearest words before its offset: {0}", neighbourList(before)),
        t("Nearest words after its offset: {0}", neighbourList(after)),
      ];
}
