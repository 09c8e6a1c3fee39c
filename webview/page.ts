import { el } from "./dom.ts";
import type { FigureContext } from "./figure.ts";
import type { AnalysisName, HostMessage, RunChoice, RunView } from "../src/protocol/hostToPage.ts";
import type { Labels } from "../src/protocol/pageLabels.ts";
import type { PageMessage } from "../src/protocol/pageToHost.ts";
import type { PageState } from "./pageState.ts";
import type { TabId } from "../src/protocol/tabs.ts";
import { ablationSpec } from "./tabs/ablation.ts";
import { CompareTab } from "./tabs/compare.ts";
import { latencySpec } from "./tabs/latency.ts";
import { offsetsSpec } from "./tabs/offsets.ts";
import { shiftSpec } from "./tabs/shift.ts";
import { AnalysisTab } from "./tabs/tab.ts";
import { TrainingTab } from "./tabs/training.ts";
import { onThemeChange, readTheme, type Theme } from "./theme.ts";
import { button, tabs, type Tabs } from "./ui.ts";

/** Where the page shows an analysis of a run. */
const TAB_OF: Readonly<Record<Exclude<AnalysisName, "stability">, TabId>> = {
  ablation: "ablation",
  specificity: "ablation",
  offsets: "offsets",
  "position-shift": "shift",
  latency: "latency",
};
/** Variant names of the runs of a sweep over retrained ablations: "A0: ADePT", "A3: one trained constant". */
const RETRAINED = /^A\d+\b/;

interface Host {
  post: (message: PageMessage) => void;
  save: (state: PageState) => void;
}

/** The page of one run: a header and six tabs, built once and updated by messages of the host. */
export class Page {
  private readonly title = el("h1");
  private readonly status = el("p", "", "status");
  private readonly detail = el("p", "", "detail");
  private readonly bar = el("progress");
  private readonly actions = el("div", "", "actions");
  private readonly training: TrainingTab;
  private readonly compare: CompareTab;
  private readonly analyses: Record<"ablation" | "offsets" | "shift" | "latency", AnalysisTab>;
  private readonly tabs: Tabs;
  private theme: Theme = readTheme();
  private shownActions = "";
  private shownNext = "";
  private stopWatching: () => void;
  private readonly retrained = el("div", "", "actions");
  private readonly next = el("section", "", "actions");
  private runs: readonly RunChoice[] = [];

  constructor(
    root: HTMLElement,
    private view: RunView,
    private readonly options: { labels: Labels; state: PageState; host: Host },
  ) {
    const { labels, state, host } = options;
    const context: FigureContext = {
      labels,
      state,
      post: host.post,
      save: () => {
        host.save(state);
      },
      theme: () => this.theme,
      provenance: () => ({
        run: this.view.record.id,
        commit: this.view.record.resultCommit ?? this.view.record.snapshotCommit ?? "",
        seed: this.view.record.seed,
      }),
    };
    this.training = new TrainingTab(context);
    this.compare = new CompareTab(context);
    this.analyses = {
      ablation: new AnalysisTab(ablationSpec(context), context),
      offsets: new AnalysisTab(offsetsSpec(context), context),
      shift: new AnalysisTab(shiftSpec(context), context),
      latency: new AnalysisTab(latencySpec(context), context),
    };
    this.status.setAttribute("role", "status");
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", labels.progress);
    const header = el("header");
    header.append(this.title, this.actions, this.status, this.detail, this.bar);
    const { ablation, offsets, shift, latency } = this.analyses;
    ablation.element.append(this.retrained);
    this.training.element.prepend(this.next);
    this.tabs = tabs(
      [
        { id: "training", label: labels.tabTraining, content: this.training.element },
        { id: "ablation", label: labels.ablation, content: ablation.element },
        { id: "offsets", label: labels.offsets, content: offsets.element },
        { id: "shift", label: labels.positionShift, content: shift.element },
        { id: "latency", label: labels.latency, content: latency.element },
        { id: "compare", label: labels.compare, content: this.compare.element },
      ],
      state.tab,
      (id) => {
        this.open(id as TabId);
      },
    );
    root.replaceChildren(header, this.tabs.element);
    this.stopWatching = onThemeChange((theme) => {
      this.theme = theme;
      for (const part of [this.training, this.compare, ...Object.values(this.analyses)]) part.paint(theme);
    });
    this.open(state.tab);
  }

  dispose(): void {
    this.stopWatching();
  }

  handle(message: Exclude<HostMessage, { type: "reset" | "gone" }>): void {
    switch (message.type) {
      case "update":
        this.update(message.view, message.points);
        return;
      case "runs":
        this.runs = message.runs;
        this.compare.runs(message.runs);
        this.showRetrained();
        this.showNext();
        return;
      case "open":
        this.goTo(message.tab, message.ids);
        return;
      case "analysis":
        this.training.analysis(message.analysis, message.result);
        for (const tab of Object.values(this.analyses)) tab.analysis(message.analysis, message.result);
        return;
      case "peers":
        for (const tab of Object.values(this.analyses)) tab.peers(message.name, message.peers);
        return;
      case "compared":
        this.compare.compare(message);
        return;
      case "statistics":
        this.compare.showStatistics(message);
        return;
      case "curve":
        this.compare.curve(message.run);
        return;
    }
  }

  update(view: RunView, points: Extract<HostMessage, { type: "update" }>["points"]): void {
    this.view = view;
    this.showHeader();
    this.showActions();
    this.training.update(view, points);
    this.showNext();
  }

  goTo(tab: TabId, ids: readonly string[] | undefined): void {
    if (this.options.state.tab !== tab) this.tabs.select(tab);
    this.open(tab);
    if (tab === "compare" && ids !== undefined) this.compare.choose(ids);
  }

  private open(tab: TabId): void {
    const { state, host } = this.options;
    state.tab = tab;
    host.save(state);
    host.post({ type: "tab", tab });
    this.compare.show(tab === "compare");
    for (const [id, each] of Object.entries(this.analyses)) each.show(id === tab);
  }

  /**
   * Offers the comparison of ablations trained from scratch (R). They are separate runs, so they are shown in a
   * comparison and never in one figure with post-hoc ablations.
   */
  private showRetrained(): void {
    const { labels } = this.options;
    const { sweep, variant } = this.view.record;
    const own = this.runs.filter((run) => sweep !== undefined && run.sweep === sweep && RETRAINED.test(run.variant));
    if (!RETRAINED.test(variant ?? "") || own.length < 2) {
      this.retrained.replaceChildren();
      return;
    }
    // A0, ADePT itself, is the reference of the comparison.
    const ids = [...own]
      .sort((a, b) => a.variant.localeCompare(b.variant, undefined, { numeric: true }) || a.seed - b.seed)
      .map(({ id }) => id);
    if (this.retrained.childElementCount === 0)
      this.retrained.append(
        el("p", labels.retrainedNote),
        button(labels.compareRetrained, () => {
          this.goTo("compare", ids);
        }),
      );
  }

  /** Offers what a finished run has not been asked yet. */
  private showNext(): void {
    const { labels } = this.options;
    const { record, unasked } = this.view;
    const offered = new Set(unasked.flatMap((name) => (name === "stability" ? [] : TAB_OF[name])));
    if (record.status === "finished" && this.runs.length > 1) offered.add("compare");
    const names: [TabId, string][] = [
      ["ablation", labels.ablation],
      ["offsets", labels.offsets],
      ["shift", labels.positionShift],
      ["latency", labels.latency],
      ["compare", labels.compare],
    ];
    const wanted = names.filter(([tab]) => offered.has(tab));
    const key = wanted.map(([tab]) => tab).join();
    if (key === this.shownNext) return;
    this.shownNext = key;
    const buttons = wanted.map(([tab, name]) =>
      button(name, () => {
        this.goTo(tab, undefined);
      }),
    );
    this.next.replaceChildren(...(buttons.length > 0 ? [el("h2", labels.next), ...buttons] : []));
  }

  private showHeader(): void {
    const { record, statusText, summary, progress } = this.view;
    set(this.title, record.name);
    this.bar.value = progress;
    this.bar.hidden = !this.view.live;
    // A screen reader announces the live region when the status changes; the steps are written to another line.
    set(this.status, statusText);
    set(this.detail, summary);
  }

  private showActions(): void {
    const {
      view,
      options: { labels, host },
    } = this;
    const wanted = `${view.live}${view.resumable}${view.record.status}`;
    if (wanted === this.shownActions) return;
    this.shownActions = wanted;
    const post = (type: "stop" | "resume" | "openFolder" | "copyId" | "showLog") => () => {
      host.post({ type });
    };
    this.actions.replaceChildren(
      ...(view.live && view.record.status !== "stopping" ? [button(labels.stop, post("stop"), "primary")] : []),
      ...(view.resumable ? [button(labels.resume, post("resume"), "primary")] : []),
      button(labels.openFolder, post("openFolder")),
      button(labels.copyId, post("copyId")),
      button(labels.showLog, post("showLog")),
    );
  }
}

function set(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
