import { LineChart } from "./charts.ts";
import { el, table } from "./dom.ts";
import type { Labels, PageMessage, RunView, StepPoint } from "./messages.ts";
import { onThemeChange, readTheme } from "./theme.ts";
import { button, checkbox } from "./ui.ts";

const TABLE_ROWS = 100;

/** What the page remembers while hidden. */
export interface PageState { id: string; table: boolean; log: boolean }

/** The page of one run: built once, then fed. */
export class Page {
  private readonly title = el("h1");
  private readonly status = el("p", "", "status");
  private readonly bar = el("progress");
  private readonly actions = el("div", "", "actions");
  private readonly results = el("div");
  private readonly lossTable = el("div", "", "scroll");
  private readonly facts = el("div");
  private readonly warnings = el("div");
  private readonly loss: LineChart;
  private readonly small: { chart: LineChart; of: (point: StepPoint) => Record<string, number>; title: string }[];
  private readonly points: StepPoint[] = [];
  private view: RunView;
  private shownActions = "";

  constructor(root: HTMLElement, private readonly labels: Labels, view: RunView, private readonly state: PageState, private readonly host: { post: (message: PageMessage) => void; save: (state: PageState) => void }) {
    this.view = view;
    const theme = readTheme();
    this.loss = new LineChart({ title: labels.loss, xTitle: labels.step, scale: state.log ? "logarithmic" : "linear" }, theme);
    this.small = ([["learningRate", "linear"], ["gradientNorm", "logarithmic"], ["updateRatio", "logarithmic"]] as const).map(([key, scale]) => (
      { chart: new LineChart({ title: labels[key], xTitle: labels.step, scale, small: true }, theme), of: (point: StepPoint) => point[key], title: labels[key] }));
    this.status.setAttribute("role", "status");
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", labels.progress);
    this.lossTable.tabIndex = 0;
    const choices = el("div", "", "actions");
    choices.append(
      checkbox(labels.logScale, state.log, (log) => { state.log = log; host.save(state); this.loss.setScale(log ? "logarithmic" : "linear"); }),
      checkbox(labels.asTable, state.table, (shown) => { state.table = shown; host.save(state); this.showTable(); }));
    this.loss.element.append(choices, this.lossTable);
    const row = el("div", "", "row");
    row.append(...this.small.map(({ chart }) => chart.element));
    const header = el("header");
    header.append(this.title, this.status, this.bar, this.actions);
    root.replaceChildren(header, this.warnings, this.results, this.loss.element, row, this.facts);
    onThemeChange((next) => { for (const chart of [this.loss, ...this.small.map((each) => each.chart)]) chart.paint(next); });
  }

  update(view: RunView, points: readonly StepPoint[]): void {
    this.view = view;
    const first = points[0];
    if (first !== undefined) while ((this.points.at(-1)?.step ?? -1) >= first.step) this.points.pop();
    this.points.push(...points);
    this.drawCharts(points);
    this.showHeader();
    this.showActions();
    this.showResults();
    this.showFacts();
    this.showTable();
  }

  private drawCharts(points: readonly StepPoint[]): void {
    const { labels, loss, view: { record } } = this;
    for (const chart of [loss, ...this.small.map((each) => each.chart)]) chart.setSteps(record.steps);
    loss.append(labels.training, points.map(({ step, loss: y }) => ({ x: step, y })));
    const validation = record.evaluations.filter((e) => e.split === "validation" && e.label === "trained").map(({ step, loss: y }) => ({ x: step, y }));
    if (validation.length > 0) loss.append(labels.validation, validation, true);
    const [from, to] = [this.points[0], this.points.at(-1)];
    loss.draw(from === undefined || to === undefined ? labels.loss : fill(labels.lossOf, from.loss.toPrecision(3), to.loss.toPrecision(3), String(to.step)));
    for (const { chart, of, title } of this.small) {
      for (const name of new Set(points.flatMap((point) => Object.keys(of(point))))) chart.append(name, points.map((point) => ({ x: point.step, y: of(point)[name] ?? NaN })));
      const last = Object.entries(to === undefined ? {} : of(to)).map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(", ");
      chart.draw(last === "" ? title : `${title}: ${last}`);
    }
  }

  private showHeader(): void {
    const { record, statusText, summary, progress } = this.view;
    set(this.title, record.name);
    this.bar.value = progress;
    this.bar.title = summary;
    // The live region speaks when the status changes; the steps go to the line's own detail.
    set(this.status, statusText);
    let detail = this.bar.nextElementSibling;
    if (!(detail instanceof HTMLParagraphElement)) { detail = el("p", "", "detail"); this.bar.after(detail); }
    set(detail, summary);
  }

  private showActions(): void {
    const { labels, host, view } = this;
    const wanted = `${view.live}${view.resumable}${view.record.status}`;
    if (wanted === this.shownActions) return;
    this.shownActions = wanted;
    const post = (type: "stop" | "resume" | "openFolder" | "copyId" | "showLog") => () => { host.post({ type }); };
    this.actions.replaceChildren(
      ...(view.live && view.record.status !== "stopping" ? [button(labels.stop, post("stop"), "primary")] : []), ...(view.resumable ? [button(labels.resume, post("resume"), "primary")] : []),
      button(labels.openFolder, post("openFolder")), button(labels.copyId, post("copyId")), button(labels.showLog, post("showLog")));
  }

  private showResults(): void {
    const { labels, view: { record } } = this;
    const { metric, correlation, live } = this.view;
    const of = (label: string) => record.evaluations.findLast((e) => e.split === "test" && e.label === label)?.metrics[metric];
    const shown = (value: number) => (correlation ? value.toFixed(3) : percent(value));
    const apart = (value: number) => (correlation ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}` : signed(value));
    const trained = of("trained");
    const rows: [string, number | undefined][] = [
      [labels.trained, trained], [labels.majority, metric === "accuracy" ? record.majority : undefined], [labels.untrained, of("untrained")], [labels.ffnOff, of("ffn-off")], [labels.promptOff, of("prompt-off")], [labels.positionsOff, of("positions-off")]];
    const cells = rows.filter(([name, value]) => value !== undefined || name === labels.trained || (live && name !== labels.positionsOff))
      .map(([name, value]) => [name, value === undefined ? labels.notMeasured : shown(value), name === labels.trained || value === undefined || trained === undefined ? "" : apart(trained - value)]);
    // A run that never got to a step has nothing to compare and no curve: its error stands alone.
    const empty = this.points.length === 0 && !this.view.live;
    for (const element of [this.results, this.loss.element, ...this.small.map(({ chart }) => chart.element)]) element.hidden = empty;
    this.results.replaceChildren(table(fill(labels.testOf, this.view.metricName), [labels.metric, capital(this.view.metricName), correlation ? labels.differencePlain : labels.difference], cells));
  }

  private showFacts(): void {
    const { labels, view: { record, adapterPath } } = this;
    const { examples, lastStep } = record;
    const shape = record.promptLength === undefined ? "" : ` (m = ${record.promptLength}, r = ${record.bottleneck ?? 0})`;
    const rows: [string, string | undefined][] = [
      [labels.run, record.id], [labels.method, record.method], [labels.task, record.task], [labels.backbone, record.backbone], [labels.seed, String(record.seed)],
      [labels.parameters, record.trainable === undefined ? undefined : `${record.trainable.toLocaleString()}${shape}`],
      [labels.device, record.device], [labels.examples, examples && `${examples.train} / ${examples.validation} / ${examples.test}`],
      [labels.speed, lastStep && `${Math.round(lastStep.tokensPerSecond).toLocaleString()} / s`],
      [labels.adapter, adapterPath], [labels.commit, record.resultCommit ?? record.snapshotCommit ?? record.gitMessage]];
    const list = el("dl");
    for (const [name, value] of rows) if (value !== undefined) list.append(el("dt", name), el("dd", value));
    this.facts.replaceChildren(list);
    const warnings = el("ul");
    warnings.append(...record.warnings.map((text) => el("li", text)));
    this.warnings.replaceChildren(...(record.warnings.length > 0 ? [el("h2", labels.warnings), warnings] : []));
  }

  /** The loss curve's twin; long runs show evenly spaced rows and every validation. */
  private showTable(): void {
    this.lossTable.hidden = !this.state.table;
    if (!this.state.table) { this.lossTable.replaceChildren(); return; }
    const { labels } = this;
    const validation = new Map(this.view.record.evaluations.filter((e) => e.split === "validation" && e.label === "trained").map((e) => [e.step, e.loss]));
    const every = Math.max(1, Math.ceil(this.points.length / TABLE_ROWS));
    const rows = this.points.filter((point, index) => index % every === 0 || index === this.points.length - 1 || validation.has(point.step))
      .map(({ step, loss }) => [String(step), loss.toPrecision(5), validation.get(step)?.toPrecision(5) ?? ""]);
    this.lossTable.replaceChildren(table(every === 1 ? labels.lossTable : `${labels.lossTable} (${fill(labels.rowsShown, String(rows.length), String(this.points.length))})`, [labels.step, labels.training, labels.validation], rows));
  }
}

function set(element: Element, text: string): void { if (element.textContent !== text) element.textContent = text; }

function capital(text: string): string { return text.charAt(0).toUpperCase() + text.slice(1); }

function percent(value: number): string { return `${(100 * value).toFixed(1)} %`; }

function signed(value: number): string { return `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)}`; }

function fill(text: string, ...values: string[]): string { return text.replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? ""); }
