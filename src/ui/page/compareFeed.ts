import type { RunCurves, HostMessage } from "../../protocol/hostToPage.ts";
import type { RunComparison } from "../../protocol/results/comparison.ts";
import type { RunEvent } from "../../record/events.ts";
import { isCorrelation, leadingMetric } from "../../record/metricText.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import { host } from "../window/host.ts";
import { localised } from "../window/localised.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";
import { stepPoints } from "../../record/stepPoints.ts";

const ASIDE = /^(\$schema|name|part|git|analyses)(\.|$)/;

interface Context {
  readonly model: RunsModel;
  readonly post: (message: HostMessage) => void;
  readonly workerPath: string;
  /** An error as the page shows it. */
  readonly errorText: (error: unknown) => string;
}

/**
 * Posts the comparison of runs to a page: settings and curves at once, statistics when a worker has computed them, and
 * new points of runs in training as they come.
 */
export class CompareFeed {
  private readonly tails = new Map<string, JournalTail>();
  private stop = new AbortController();

  constructor(private readonly context: Context) {}

  dispose(): void {
    this.stop.abort();
    this.tails.clear();
  }

  compare(ids: readonly string[]): void {
    this.dispose();
    const { model, post } = this.context;
    const runs = ids.flatMap((id) => model.find(id) ?? []);
    for (const run of runs) this.tails.set(run.id, new (host().JournalTail)(run.directory.path));
    post({ type: "compared", ids: [...ids], runs: runs.map((run) => this.read(run)), differing: differing(runs) });
    if (runs.length === 0) {
      post({ type: "statistics", ids: [...ids] });
      return;
    }
    void this.statistics(runs, ids);
  }

  /** Posts new points of compared runs that are training. */
  update(ids: readonly string[]): void {
    for (const id of ids) {
      const run = this.tails.has(id) ? this.context.model.find(id) : undefined;
      if (run !== undefined) this.context.post({ type: "curve", run: this.read(run) });
    }
  }

  private read(run: Run): RunCurves {
    const events: readonly RunEvent[] = this.tails.get(run.id)?.read() ?? [];
    const { record } = run;
    const validation = record.evaluations.filter(({ split, label }) => split === "validation" && label === "trained");
    return {
      id: run.id,
      name: record.name,
      seed: record.seed,
      points: stepPoints(events).map(({ step, loss }) => [step, loss]),
      validation: validation.flatMap(({ step, metrics }): [number, number][] => {
        const known = leadingMetric(metrics);
        return known === undefined ? [] : [[step, known.value]];
      }),
      commit: record.snapshotCommit ?? record.resultCommit,
    };
  }

  private async statistics(runs: readonly Run[], ids: readonly string[]): Promise<void> {
    const { post, workerPath, errorText } = this.context;
    const stop = new AbortController();
    this.stop = stop;
    try {
      const compared = (await host().compareInWorker(
        { workerPath, nodePath: process.execPath, folder: runs[0]!.folder.uri.fsPath },
        runs.map(({ directory }) => directory.path),
        stop.signal,
      )) as RunComparison;
      const result = {
        ...compared,
        comparison: { ...compared.comparison, warnings: compared.comparison.phrases.map(localised) },
      };
      if (!stop.signal.aborted)
        post({ type: "statistics", ids: [...ids], result, correlation: isCorrelation(result.comparison.metric) });
    } catch (error) {
      if (!stop.signal.aborted) post({ type: "statistics", ids: [...ids], error: errorText(error) });
    }
  }
}

/** The settings that are not the same in all runs. */
function differing(runs: readonly Run[]): { key: string; values: string[] }[] {
  const settings = runs.map((run) => {
    try {
      return host().flatten(run.directory.experiment());
    } catch {
      return new Map<string, unknown>();
    }
  });
  const keys = [...new Set(settings.flatMap((each) => [...each.keys()]))].filter((key) => !ASIDE.test(key));
  const rows = keys.map((key) => ({
    key,
    values: settings.map((each) => settingText(each.get(key))),
  }));
  return rows.filter(({ values }) => new Set(values).size > 1);
}

function settingText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
