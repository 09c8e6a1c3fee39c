import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as vscode from "vscode";
import type { ListedModels } from "../../protocol/listedModels.ts";
import type { SetupHostMessage } from "../../protocol/hostToSetup.ts";
import type { SetupPageMessage } from "../../protocol/setupToHost.ts";
import { answerLength, batchRows, NEW } from "../../experiment/draftDefaults.ts";
import { DRAFT_LIMITS } from "../../experiment/draftLimits.ts";
import { experimentOf } from "../../experiment/experimentDraft.ts";
import type { ExperimentDraft } from "../../experiment/draftSchema.ts";
import {
  chooseBackbone,
  downloadedBackbones,
  keptBackbones,
  type BackboneChoice,
  type NamedBackbone,
} from "./chooseBackbone.ts";
import { aboutModel, listModels } from "./chooseModel.ts";
import { chooseData, ownData } from "./chooseData.ts";
import type { Folders } from "../window/folders.ts";
import { host } from "../window/host.ts";
import { Command, View } from "../window/ids.ts";
import { localised } from "../window/localised.ts";
import { Newest } from "../window/newest.ts";
import { WebviewPage, WebviewPages, type PageParts } from "../page/webviewPage.ts";
import type { Inspection } from "../../protocol/setupQuestions.ts";
import { setupLabels } from "../../protocol/setupLabels.ts";
import type { SharedTokenWorker } from "../window/sharedTokenWorker.ts";
import { unusable } from "./unusable.ts";
import { writeExperiment } from "./writeExperiment.ts";

/** The parts of the extension that setup pages work with. */
export interface SetupParts extends PageParts {
  readonly storage: vscode.Uri;
  readonly folders: Folders;
  readonly tokens: SharedTokenWorker;
  readonly workerPath: string;
}

/** The slider's stops: 61 budgets from 1,000 to 1,000,000, evenly on a logarithmic scale. */
const BUDGETS = Array.from({ length: 61 }, (_, i) => Math.round(10 ** (3 + i / 20)));
const FORECAST_AFTER_MS = 700;

/** Whether answers are written rather than chosen: most of them stand once. */
const isWritten = ({ distinctTargets, rows }: Inspection): boolean => distinctTargets > rows / 2;

/** How long the texts and answers of a draft's data are, in tokens. */
type LongestTexts = Pick<Inspection, "tokens" | "targetTokens">;
type Asked = Omit<Extract<SetupPageMessage, { asked: number }>, "type">;

/** One setup page: answers the form's requests, and finally writes the experiment. */
class Setup extends WebviewPage<SetupHostMessage, SetupPageMessage> {
  private writing = false;
  private readonly looks = new Newest<Asked>((asked) => this.look(asked));
  private sized = "";
  private kept: NamedBackbone[] | undefined;
  private listed: Promise<ListedModels> | undefined;
  private readonly ended = new AbortController();
  private forecast: { key: string; abort: AbortController; timer: NodeJS.Timeout } | undefined;

  constructor(
    private draft: ExperimentDraft,
    view: vscode.WebviewPanel,
    private readonly parts: SetupParts,
    onClose: () => void,
  ) {
    super(view, parts, onClose);
    this.register({
      dispose: () => {
        this.stopForecast();
        this.ended.abort();
      },
    });
    this.load("setup.js", "");
  }

  protected override parse(value: unknown): SetupPageMessage | undefined {
    const parsed = host().parseSetupMessage(value);
    if ("message" in parsed) return parsed.message;
    this.parts.log.warn(`The setup page sent an unknown message: ${parsed.wrong}`);
    this.post({
      type: "refused",
      error: vscode.l10n.t("The form holds something that cannot be used: {0}", parsed.wrong),
    });
    return undefined;
  }

  protected override async handle(message: SetupPageMessage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.start(this.draft);
        return;
      case "draft":
        this.draft = message.draft;
        await this.looks.add(message);
        return;
      // Restarting the process drops its unfinished requests, which are sent again.
      case "reread":
        this.parts.tokens.restart();
        this.draft = message.draft;
        await this.looks.add(message);
        return;
      case "forecast":
        if (message.measure) {
          this.stopForecast();
          this.measure(this.draft);
        } else this.leaveForecast();
        return;
      case "chooseData": {
        const chosen = await chooseData(this.parts.folders);
        if (chosen !== undefined) this.start({ ...this.draft, ...chosen });
        return;
      }
      case "chooseBackbone":
        await this.changeBackbone(message);
        return;
      case "write":
        await this.write(message.draft, message.train);
        return;
      case "problem":
        this.parts.log.error(`Setup page: ${message.message}`);
        return;
    }
  }

  /** Shows a new form: another task or backbone has other fields. */
  private start(draft: ExperimentDraft): void {
    this.draft = draft;
    this.sized = "";
    this.stopForecast();
    this.post({
      type: "start",
      labels: setupLabels(vscode.l10n.t),
      limits: DRAFT_LIMITS,
      draft,
      title: draft.task.kind === "mail" ? "" : basename(draft.task.train),
      downloaded: this.modelsHere(),
    });
  }

  /** The models that are here; those of other programs are looked for once. */
  private modelsHere(): NamedBackbone[] {
    if (this.kept === undefined) {
      this.kept = keptBackbones();
      void this.checkKept(this.kept);
    }
    return [...downloadedBackbones(this.parts), ...this.kept];
  }

  /** Tells the page which models of other programs cannot be used. */
  private async checkKept(kept: readonly NamedBackbone[]): Promise<void> {
    for await (const { name, problem } of unusable(kept, this.parts.tokens)) {
      if (this.closed) return;
      this.post({ type: "unusable", name, problem });
    }
  }

  /**
   * Shows a new form also when the user cancels or the folder holds no model, so that the same choice can be made
   * again.
   */
  private async changeBackbone(choice: BackboneChoice): Promise<void> {
    let backbone: string | undefined;
    try {
      backbone = await chooseBackbone(choice, this.parts, this.modelsHere());
    } finally {
      this.start({ ...this.draft, ...(backbone !== undefined && { backbone }) });
    }
  }

  /** Posts sizes and inspection of the present draft, then measures it. */
  private async look({ draft, asked }: Asked): Promise<void> {
    if (this.closed) return;
    const { task, backbone, prompt, maxSourceLength } = draft;
    const worker = this.parts.tokens.get();
    if (this.sized !== backbone) {
      this.sized = backbone;
      void worker.sizes({ backbone, budgets: [...new Set([...BUDGETS, draft.budget])].sort((a, b) => a - b) }).then(
        (result) => {
          this.post({ type: "sizes", result });
        },
        (error: unknown) => {
          this.sized = "";
          this.post({ type: "sizes", error: this.errorText(error) });
        },
      );
    }
    try {
      const suggested = task.kind === "file" && task.source === "" && task.target === "";
      const result = await worker.inspect({
        task: suggested ? { kind: "file", train: task.train } : task,
        backbone,
        prompt,
        maxSourceLength,
        maxTargetLength: draft.maxTargetLength,
      });
      const { problem, note, ...rest } = result;
      this.post({
        type: "inspection",
        asked,
        result: {
          ...rest,
          ...(problem !== undefined && { problem: localised(problem) }),
          ...(note !== undefined && { note: localised(note) }),
        },
      });
      if (this.closed || this.looks.waits) return;
      if (backbone === "tiny-t5")
        void this.recommend(result.kind === "chat" || isWritten(result) ? "answers" : "labels");
      if (result.problem === undefined && !suggested) this.measure(draft, result);
      else this.stopForecast();
    } catch (error) {
      this.post({ type: "inspection", asked, error: this.errorText(error) });
    }
  }

  /** Posts the smallest model of the Hub that learns such data, which the embedded backbone hardly does. */
  private async recommend(learns: "labels" | "answers"): Promise<void> {
    try {
      this.listed ??= listModels(this.parts, undefined, this.ended.signal);
      const { models, recommended } = await this.listed;
      const model = models.find(({ name }) => name === recommended[learns]);
      if (model === undefined || this.closed) return;
      const text = vscode.l10n.t("{0} learns such data: {1}.", model.name, aboutModel(model));
      this.post({ type: "recommended", name: model.name, text });
    } catch (error) {
      this.listed = undefined;
      if (!this.closed) this.parts.log.warn(`No list of models: ${this.errorText(error)}`);
    }
  }

  /** Measures the experiment when its cost has changed, after FORECAST_AFTER_MS without another change. */
  private measure(draft: ExperimentDraft, found?: LongestTexts): void {
    const { name: _, ...costs } = draft;
    const key = JSON.stringify(costs);
    if (this.forecast?.key === key) return;
    this.stopForecast();
    const abort = new AbortController();
    const timer = setTimeout(() => {
      void this.forecastOf(draft, abort.signal);
    }, FORECAST_AFTER_MS);
    this.forecast = { key, abort, timer };
    this.post({ type: "forecast", working: true });
    void this.postMemory(draft, found, abort.signal);
  }

  /**
   * Posts the memory forecast, which is computed faster than the steps are measured.
   * @param found how long the texts are, where that is known
   */
  private async postMemory(
    draft: ExperimentDraft,
    found: LongestTexts | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { backbone, budget, maxSourceLength } = draft;
    const within = (length: number | undefined, most: number): number => Math.max(1, Math.min(length ?? most, most));
    try {
      const memory = await this.parts.tokens.get().memory({
        backbone,
        budget,
        source: within(found?.tokens.longest, maxSourceLength),
        target: within(found?.targetTokens.longest, answerLength(draft)),
        generated: answerLength(draft),
        rows: batchRows(draft),
      });
      if (!signal.aborted) this.post({ type: "forecast", memory, working: true });
    } catch (error) {
      this.parts.log.warn(`No forecast of memory: ${this.errorText(error)}`);
    }
  }

  private async forecastOf(draft: ExperimentDraft, signal: AbortSignal): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "adept-forecast-"));
    const file = join(folder, "draft.adept.json");
    try {
      writeFileSync(file, JSON.stringify(experimentOf(draft)));
      const result = await host().forecastInWorker(
        { workerPath: this.parts.workerPath, nodePath: process.execPath, folder },
        file,
        signal,
      );
      if (!signal.aborted) this.post({ type: "forecast", result, working: false });
    } catch (error) {
      if (!signal.aborted) this.post({ type: "forecast", error: this.errorText(error), working: false });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Stops the measurement for the user; the same draft is not measured again by itself. */
  private leaveForecast(): void {
    clearTimeout(this.forecast?.timer);
    this.forecast?.abort.abort();
    this.post({ type: "forecast", working: false, stopped: true });
  }

  private stopForecast(): void {
    clearTimeout(this.forecast?.timer);
    this.forecast?.abort.abort();
    this.forecast = undefined;
  }

  private async write(draft: ExperimentDraft, train: boolean): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      const sizes =
        (await this.parts.tokens.get().sizes({ backbone: draft.backbone, budgets: [draft.budget] })).sizes[0] ??
        undefined;
      const uri = await writeExperiment(draft, sizes, this.parts);
      if (uri === undefined) return;
      this.dispose();
      await vscode.window.showTextDocument(uri, { preview: false });
      if (train) await vscode.commands.executeCommand(Command.train, uri);
    } catch (error) {
      if (this.closed) throw error;
      this.post({ type: "written", error: this.errorText(error) });
    } finally {
      this.writing = false;
    }
  }
}

/** The setup pages, restored after a reload of the window with what was typed. */
export class Setups extends WebviewPages<Setup> {
  constructor(private readonly parts: SetupParts) {
    super(View.setup);
  }

  /** Asks for the data, then opens the page of its experiment. @param file the data, where it is chosen already */
  async start(file?: vscode.Uri): Promise<void> {
    const chosen = file === undefined ? await chooseData(this.parts.folders) : ownData(file);
    if (chosen !== undefined)
      this.adopt(
        { backbone: "tiny-t5", steps: NEW.steps, maxSourceLength: NEW.maxSourceLength, ...chosen },
        vscode.window.createWebviewPanel(View.setup, setupLabels(vscode.l10n.t).title, vscode.ViewColumn.Active),
      );
  }

  override deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const draft = host().parseDraft(state);
    // Without trust no data are read, so the page is closed.
    if (draft === undefined || !vscode.workspace.isTrusted) panel.dispose();
    else this.adopt(draft, panel);
    return Promise.resolve();
  }

  private adopt(draft: ExperimentDraft, panel: vscode.WebviewPanel): void {
    this.add((onClose) => new Setup(draft, panel, this.parts, onClose));
  }
}
