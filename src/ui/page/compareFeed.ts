import type { RunCurves, HostMessage } from "../../protocol/hostToPage.ts";
import type { RunComparison } from "../../protocol/results/comparison.ts";
import type { RunEvent } from "../../record/events.ts";
import { isCorrelation, leadingMetric } from "../../record/metricText.ts";
import type { JournalTail } from "../../run/journal/journalTail.ts";
import { host } from "../window/host.ts";
import { localised } from "../window/localised.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";
import { finishedAt } from "../../record/finishedAt.ts";
import { StepClock } from "../../record/stepClock.ts";
import { stepPoints } from "../../record/stepPoints.ts";
import { sweepResults } from "../../record/sweepResults.ts";

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
  private readonly tails = new Map<string, { tail: JournalTail; clock: StepClock }>();
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
    for (const run of runs)
      this.tails.set(run.id, { tail: new (host().JournalTail)(run.directory.path), clock: new StepClock() });
    const settings = runs.map(settingsOf);
    const read = runs.map((run) => this.read(run));
    const sweep = sweepResults(
      runs.map(({ id, record }, i) => ({ id, record, settings: settings[i]!, ended: read[i]!.ended })),
    );
    post({
      type: "compared",
      ids: [...ids],
      runs: read.map(({ curves }) => curves),
      differing: differing(settings),
      sweep,
    });
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
      if (run !== undefined) this.context.post({ type: "curve", run: this.read(run).curves });
    }
  }

  /** What a run's journal says since it was last read, and when the run finished. */
  private read(run: Run): { curves: RunCurves; ended: number | undefined } {
    const { tail, clock } = this.tails.get(run.id) ?? {};
    const events: readonly RunEvent[] = tail?.read() ?? [];
    const { record } = run;
    const validation = record.evaluations.filter(({ split, label }) => split === "validation" && label === "trained");
    const curves = {
      id: run.id,
      name: record.name,
      seed: record.seed,
      points: stepPoints(events).map(({ step, loss }): [number, number] => [step, loss]),
      clock: clock?.read(events),
      validation: validation.flatMap(({ step, metrics }): [number, number][] => {
        const known = leadingMetric(metrics);
        return known === undefined ? [] : [[step, known.value]];
      }),
      commit: record.snapshotCommit ?? record.resultCommit,
    };
    return { curves, ended: finishedAt(events) };
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

/** A run's experiment by dotted key; nothing where it cannot be read. */
function settingsOf({ directory }: Run): ReadonlyMap<string, unknown> {
  try {
    return host().flatten(directory.experiment());
  } catch {
    return new Map<string, unknown>();
  }
}

/** The settings that are not the same in all runs. */
function differing(settings: readonly ReadonlyMap<string, unknown>[]): { key: string; values: string[] }[] {
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
