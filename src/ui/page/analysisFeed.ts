import * as vscode from "vscode";
import type { AnalysisName, AnalysisView, HostMessage, Peer } from "../../protocol/hostToPage.ts";
import type { TabId } from "../../protocol/tabs.ts";
import { ANALYSIS_NAMES } from "../../experiment/analysisNames.ts";
import { analysisSeconds } from "../../record/analysisForecast.ts";
import { arePeers } from "../../record/arePeers.ts";
import { isOpen } from "../../record/record.ts";
import { host } from "../window/host.ts";
import { localised, localisedResult } from "../window/localised.ts";
import type { Run, RunsModel } from "../runs/runsModel.ts";

const OF_TAB: Readonly<Record<TabId, readonly AnalysisName[]>> = {
  training: ["stability"],
  ablation: ["ablation", "specificity"],
  offsets: ["offsets"],
  shift: ["position-shift"],
  latency: ["latency"],
  compare: [],
};
/** Analyses that the page shows beside those of other runs. */
const WITH_PEERS: readonly AnalysisName[] = ["offsets", "position-shift"];
const MOST_PEERS = 12;
/** Milliseconds until a worker that is not in the journal counts as not started. */
const START_GRACE_MS = 10_000;

type Stored = NonNullable<ReturnType<ReturnType<typeof host>["storedAnalysis"]>>;

/** Posts to a page the state of its tab's analyses when it changes, and each result once. */
export class AnalysisFeed {
  private tab: TabId = "training";
  private readonly posted = new Map<AnalysisName, string>();
  private readonly sent = new Map<AnalysisName, Stored>();
  private readonly read = new Map<AnalysisName, { mark: number; stored: Stored | undefined }>();
  /** When an analysis was requested that is not in the journal yet. */
  private readonly asked = new Map<AnalysisName, number>();
  private readonly unstarted = new Set<AnalysisName>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly id: string,
    private readonly model: RunsModel,
    private readonly post: (message: HostMessage) => void,
  ) {}

  /** Posts everything again, because the page is new or was loaded again. */
  reset(): void {
    this.posted.clear();
    this.sent.clear();
  }

  open(tab: TabId): void {
    this.tab = tab;
    this.update();
  }

  /** Shows an analysis as starting until the journal has it, at most for START_GRACE_MS. */
  markAsked(name: AnalysisName): void {
    this.asked.set(name, Date.now());
    this.unstarted.delete(name);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const each of this.asked.keys()) this.unstarted.add(each);
      this.asked.clear();
      this.update();
    }, START_GRACE_MS);
    this.update();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  update(): void {
    const run = this.model.find(this.id);
    if (run === undefined) return;
    for (const name of OF_TAB[this.tab]) {
      const analysis = this.view(run, name);
      const text = JSON.stringify(analysis);
      const found = analysis.status === "finished" ? this.stored(run, name) : undefined;
      const stored = found === this.sent.get(name) ? undefined : found;
      if (stored !== undefined) this.sent.set(name, stored);
      if (text === this.posted.get(name) && stored === undefined) continue;
      this.posted.set(name, text);
      this.post({
        type: "analysis",
        analysis: stored === undefined ? analysis : { ...analysis, examples: stored.examples },
        ...(stored !== undefined && { result: localisedResult(stored.result) }),
      });
      if (stored !== undefined && WITH_PEERS.includes(name))
        this.post({ type: "peers", name, peers: this.peers(run, name) });
    }
  }

  private view(run: Run, name: AnalysisName): AnalysisView {
    const { record } = run;
    const state = record.analyses[name];
    const asked = this.asked.get(name);
    if (asked !== undefined && (state?.startedAt ?? 0) >= asked - 1000) this.asked.delete(name);
    const ready = !isOpen(record.status) && (record.status === "finished" || record.status === "stopped");
    const base = {
      name,
      applies: host().analysesOf(record.method).includes(name),
      ready,
      forecast: analysisSeconds(
        name,
        record,
        this.model.runs().map((other) => other.record),
      ),
      examples: undefined,
    };
    const progress = { label: state?.label ?? "", done: state?.done ?? 0, total: state?.total ?? 0 };
    if (this.asked.has(name)) return { ...base, status: "waiting", label: "", done: 0, total: 0 };
    if (this.unstarted.has(name))
      return {
        ...base,
        status: "failed",
        label: vscode.l10n.t("its worker did not start; see the run's log"),
        done: 0,
        total: 0,
      };
    const working =
      (state?.status === "running" || state?.status === "started") &&
      (isOpen(record.status) || run.directory.isBeingAnalysed());
    if (working) return { ...base, status: "running", ...progress };
    if (state?.status === "finished" && this.stored(run, name) !== undefined)
      return { ...base, status: "finished", ...progress };
    if (state?.status === "failed")
      return { ...base, status: "failed", ...progress, label: localised(state.phrase ?? progress.label) };
    // The process died or was stopped. A result of an older version counts as missing.
    return { ...base, status: state === undefined || state.status === "finished" ? "none" : "stopped", ...progress };
  }

  /** The stored result; its file is read again only when the journal has a newer one. */
  private stored(run: Run, name: AnalysisName): Stored | undefined {
    const mark = run.record.analyses[name]?.startedAt ?? 0;
    const kept = this.read.get(name);
    if (kept?.mark === mark) return kept.stored;
    const stored = host().storedAnalysis(run.directory.path, name);
    this.read.set(name, { mark, stored });
    return stored;
  }

  /** The same analysis of other runs of the experiment, or of the same task and backbone, newest first. */
  private peers(run: Run, name: AnalysisName): Peer[] {
    const near = this.model
      .runs(run.folder)
      .filter(({ record }) => record.analyses[name]?.status === "finished" && arePeers(run.record, record));
    const peers: Peer[] = [];
    for (const { id, record, directory } of near) {
      const stored = host().storedAnalysis(directory.path, name);
      if (stored !== undefined)
        peers.push({
          id,
          name: record.variant === undefined ? record.name : `${record.variant}, ${record.seed}`,
          method: record.method,
          seed: record.seed,
          result: stored.result,
        });
      if (peers.length === MOST_PEERS) break;
    }
    return peers;
  }
}

export const isAnalysisName = (value: string): value is AnalysisName => ANALYSIS_NAMES.some((name) => name === value);
