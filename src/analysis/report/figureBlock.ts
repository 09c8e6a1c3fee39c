import type { FigureSpec } from "../../figure/figureSpec.ts";
import { fill } from "../../figure/valueText.ts";
import { pageLabels } from "../../protocol/pageLabels.ts";
import type { FigureBlock } from "./blocks.ts";
import type { ReportedRun } from "./reportedRun.ts";

/** The page's texts in English, the language of reports; the places of those that are filled in later stay. */
export const LABELS = pageLabels((text, ...values) => (values.length === 0 ? text : fill(text, ...values.map(String))));

/** Tables of more rows are folded on a page, and a file of their own beside Markdown and LaTeX. */
export const MOST_ROWS = 30;

/** More runs than these are counted. */
const MOST_RUNS = 6;

const named = ({ id, record }: ReportedRun): string =>
  record.resultCommit === undefined ? `${id} (no commit)` : `${id} @ ${record.resultCommit.slice(0, 7)}`;

function sourceOf(runs: readonly ReportedRun[]): string {
  const shown = runs.slice(0, MOST_RUNS).map(named).join(", ");
  const more = runs.length - MOST_RUNS;
  return `${runs.length === 1 ? "Run" : "Runs"} ${shown}${more > 0 ? ` and ${more} more of this report` : ""}.`;
}

/**
 * A description as a figure of a report.
 * @param runs those that it is drawn from, at least one
 * @param among the beginning of its name, which tells it from figures of the same kind
 */
export const figureBlock = (spec: FigureSpec, runs: readonly ReportedRun[], among = runs[0]!.id): FigureBlock => ({
  kind: "figure",
  name: `${among}-${spec.id}`.replace(/[^\w.-]+/g, "-"),
  spec,
  source: sourceOf(runs),
  provenance: {
    run: runs.map(({ id }) => id).join(" "),
    commit: runs.map(({ record }) => record.resultCommit ?? "none").join(" "),
    seed: runs.map(({ experiment }) => experiment.seed).join(" "),
  },
});
