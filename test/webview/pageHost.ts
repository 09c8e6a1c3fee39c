import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { DRAFT_LIMITS } from "../../src/experiment/draftLimits.ts";
import type { ExperimentDraft } from "../../src/experiment/draftSchema.ts";
import { english } from "../../src/base/phrase.ts";
import type { ShownInspection } from "../../src/protocol/setupQuestions.ts";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import type { HostMessage } from "../../src/protocol/hostToPage.ts";
import type { PageMessage } from "../../src/protocol/pageToHost.ts";
import type { SetupHostMessage } from "../../src/protocol/hostToSetup.ts";
import type { SetupPageMessage } from "../../src/protocol/setupToHost.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import type * as Parts from "../host/hostParts.ts";
import { loadParts } from "../host/loadParts.ts";
import { THEMES } from "./themes.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");

/**
 * Runs before the page: VS Code's side of the page, its theme, and a record of what the policy refuses. A text, since
 * it is the browser that reads it.
 */
const PRELUDE = `({ classes, values }) => {
  // Functions that tests hand over are compiled with this helper.
  window.__name = (value) => value;
  const stored = () => JSON.parse(sessionStorage.getItem("state") ?? "null");
  window.acquireVsCodeApi = () => ({ postMessage: (message) => { window.__posted(message); }, getState: stored, setState: (value) => { sessionStorage.setItem("state", JSON.stringify(value)); } });
  document.addEventListener("securitypolicyviolation", (event) => { window.__violated(event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber); });
  const dress = () => {
    for (const [name, value] of Object.entries(values)) document.documentElement?.style.setProperty("--vscode-" + name, value);
    document.body?.classList.add(...classes.split(" "));
  };
  document.addEventListener("DOMContentLoaded", dress);
  dress();
}`;

/** `answer`: what the setup page is told of its data; `silent`: messages of the page that are not answered */
export interface OpenOptions {
  theme?: string;
  width?: number;
  zoom?: number;
  answer?: (found: ShownInspection) => ShownInspection;
  /** the first look at the data, and the measuring, never end */
  stuck?: boolean;
  silent?: readonly PageMessage["type"][];
  /** how less motion is asked for: by the system, or by VS Code's own class alone */
  stillBy?: "system" | "class";
}
/** A page of the product in a browser: what it posted, and what its policy refused. */
export interface OpenPage {
  page: Page;
  posted: PageMessage[];
  violations: string[];
  errors: string[];
  send: (message: HostMessage) => Promise<void>;
}

/** Serves the built page with its real policy on loopback, and answers it with the host's real feeds over real runs. */
export class PageHost {
  private constructor(
    private readonly parts: typeof Parts,
    private readonly server: Server,
    private readonly browser: Browser,
    private readonly runsDir: string,
  ) {}

  static async start(runsDir: string): Promise<PageHost> {
    const parts = await loadParts();
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    });
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      if (["/webview.js", "/setup.js", "/webview.css"].includes(pathname)) {
        response
          .setHeader("content-type", pathname.endsWith("js") ? "text/javascript" : "text/css")
          .end(readFileSync(join(DIST, pathname.slice(1))));
        return;
      }
      if (pathname === "/favicon.ico") {
        response.writeHead(204).end();
        return;
      }
      if (pathname !== "/") {
        response.writeHead(404).end();
        return;
      }
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      response.setHeader("content-type", "text/html").end(
        parts.pageHtml({
          script: `${origin}/${searchParams.has("setup") ? "setup" : "webview"}.js`,
          style: `${origin}/webview.css`,
          cspSource: origin,
          nonce: randomBytes(16).toString("base64"),
          language: "en",
          run: searchParams.get("run") ?? "",
        }),
      );
    });
    await new Promise<void>((done) => {
      server.listen(0, "127.0.0.1", done);
    });
    return new PageHost(parts, server, browser, runsDir);
  }

  private tokens: TokenWorker | undefined;

  /** The host's texts from now on. */
  translate(own: (text: string) => string): void {
    this.parts.vscode.setTranslation(own);
  }

  async stop(): Promise<void> {
    this.tokens?.dispose();
    await this.browser.close();
    await new Promise((done) => {
      this.server.close(done);
    });
  }

  labels(): ReturnType<typeof Parts.pageLabels> {
    return this.parts.pageLabels(this.parts.vscode.l10n.t);
  }

  open(id: string, options: OpenOptions = {}): Promise<OpenPage & { context: BrowserContext }> {
    return this.openPage(
      `run=${id}`,
      (post) => {
        const answer = this.answerer(id, post);
        return (message) => {
          if (options.silent?.includes(message.type) !== true) answer(message);
        };
      },
      options,
    );
  }

  /** The setup page over a draft, answered by the real worker. */
  async openSetup(
    draft: ExperimentDraft,
    options: OpenOptions = {},
  ): Promise<OpenPage & { context: BrowserContext; asked: SetupPageMessage[] }> {
    const asked: SetupPageMessage[] = [];
    const answer = this.setupAnswerer(draft, options, asked);
    return {
      ...(await this.openPage(
        "setup=1",
        (post) => (message) => {
          answer(message as unknown as SetupPageMessage, post as unknown as (message: SetupHostMessage) => void);
        },
        options,
      )),
      asked,
    };
  }

  /** The host's part: form, sizes, inspection and forecast of a draft. @param asked gets each message of the page */
  private setupAnswerer(
    start: ExperimentDraft,
    { stuck = false, answer = (result) => result }: OpenOptions,
    asked: SetupPageMessage[],
  ): (message: SetupPageMessage, post: (message: SetupHostMessage) => void) => void {
    const worker = this.tokenWorker();
    const { setupLabels, vscode } = this.parts;
    return (message, post) => {
      asked.push(message);
      switch (message.type) {
        case "ready":
          post({
            type: "start",
            labels: setupLabels(vscode.l10n.t),
            limits: DRAFT_LIMITS,
            draft: start,
            title: "data.csv",
            downloaded: [
              { name: "owner/old", folder: "/models/owner--old" },
              { name: "llama3.2:3b (Ollama), 2.0 GB", folder: "/models/blobs/sha256-0" },
              { name: "cut.gguf (Jan), 1.0 GB", folder: "/models/cut.gguf", problem: "damaged or incomplete" },
              { name: "ears.gguf (Jan), 1.0 GB", folder: "/models/ears.gguf" },
            ],
          });
          post({
            type: "unusable",
            name: "ears.gguf (Jan), 1.0 GB",
            problem: 'architecture "whisper" is not supported',
          });
          return;
        case "forecast":
          post({ type: "forecast", working: message.measure, ...(!message.measure && { stopped: true }) });
          if (message.measure) void postMemory(worker, start, post);
          return;
        case "draft":
        case "reread":
          if (stuck) post({ type: "forecast", working: true });
          if (stuck && message.type === "draft" && asked.every(({ type }) => type !== "reread")) return;
          void postSizes(worker, message.draft, post);
          void postInspection(worker, message, (reply) => {
            post(reply.result === undefined ? reply : { ...reply, result: answer(reply.result) });
          });
          if (message.draft.backbone === "tiny-t5") post(RECOMMENDED);
          if (!stuck) post({ type: "forecast", working: false, result: FORECAST });
          return;
        default:
      }
    };
  }

  private tokenWorker(): TokenWorker {
    return (this.tokens ??= new TokenWorker({
      workerPath: join(DIST, "worker.js"),
      nodePath: process.execPath,
      onLog: (line) => {
        throw new Error(line);
      },
    }));
  }

  private async openPage(
    query: string,
    answererOf: (post: (message: HostMessage) => void) => (message: PageMessage) => void,
    { theme = "light", width = 1000, zoom = 1, stillBy = "system" }: OpenOptions,
  ): Promise<OpenPage & { context: BrowserContext }> {
    const context = await this.browser.newContext({
      viewport: { width: Math.round(width / zoom), height: 900 },
      deviceScaleFactor: zoom,
      reducedMotion: stillBy === "system" ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    const posted: PageMessage[] = [];
    const violations: string[] = [];
    const errors: string[] = [];
    const { body, variables } = THEMES[theme]!;
    page.on("pageerror", (error) => {
      errors.push(error.stack ?? error.message);
    });
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    const send = async (message: HostMessage): Promise<void> => {
      if (!page.isClosed())
        await page.evaluate((data) => {
          window.postMessage(data, "*");
        }, message);
    };
    const answer = answererOf((message) => {
      void send(message).catch(() => {
        /* the page was closed */
      });
    });
    await page.exposeFunction("__posted", (message: PageMessage) => {
      posted.push(message);
      answer(message);
    });
    await page.exposeFunction("__violated", (text: string) => {
      violations.push(text);
    });
    await page.addInitScript({
      content: `(${PRELUDE})(${JSON.stringify({ classes: stillBy === "class" ? `${body} vscode-reduce-motion` : body, values: variables })})`,
    });
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/?${query}`);
    return { page, context, posted, violations, errors, send };
  }

  /** The panel's part: each message of the page handled as the panel does. */
  private answerer(id: string, post: (message: HostMessage) => void): (message: PageMessage) => void {
    const { AnalysisFeed, CompareFeed, choiceOf, pageLabels, stepPoints, viewOf, host, vscode } = this.parts;
    const { runsDir } = this;
    const load = () =>
      listRuns(runsDir).map((directory) => ({
        id: directory.id,
        directory,
        folder: { uri: { fsPath: resolve(runsDir, "../..") } },
        record: directory.record(),
      }));
    const runs = load();
    const model = {
      find: (wanted: string) => runs.find((run) => run.id === wanted),
      runs: () => runs,
    } as unknown as ConstructorParameters<typeof AnalysisFeed>[1];
    const analyses = new AnalysisFeed(id, model, post);
    const compared = new CompareFeed({ model, post, workerPath: join(DIST, "worker.js"), errorText: String });
    return (message) => {
      const run = model.find(id);
      if (run === undefined) {
        if (message.type === "ready") post({ type: "gone", message: pageLabels(vscode.l10n.t).gone });
        return;
      }
      if (message.type === "ready") {
        analyses.reset();
        post({
          type: "reset",
          labels: pageLabels(vscode.l10n.t),
          view: viewOf(run),
          points: stepPoints(new (host().JournalTail)(run.directory.path).read()),
          runs: runs.map((each) => choiceOf(each as Parameters<typeof choiceOf>[0])),
        });
      }
      if (message.type === "tab") analyses.open(message.tab);
      if (message.type === "compare") compared.compare(message.ids);
    };
  }
}

/** What the host says of a model that learns more than the embedded one. */
const RECOMMENDED: SetupHostMessage = {
  type: "recommended",
  name: "owner/model",
  text: "owner/model learns such data: 135 M parameters, 269 MB to download.",
};
const FORECAST = { secondsPerStep: 0.04, seconds: 130, memory: 4e8, trainable: 12_000, freeMemory: 3e8 };

type PostToSetup = (message: SetupHostMessage) => void;

async function postMemory(
  worker: TokenWorker,
  { backbone, budget }: ExperimentDraft,
  post: PostToSetup,
): Promise<void> {
  const memory = await worker.memory({ backbone, budget, source: 64, target: 20, generated: 20, rows: 32 });
  post({ type: "forecast", memory: { ...memory, available: 1e6 }, working: true });
}

async function postSizes(worker: TokenWorker, { backbone }: ExperimentDraft, post: PostToSetup): Promise<void> {
  post({ type: "sizes", result: await worker.sizes({ backbone, budgets: [500, 12_800, 100_000] }) });
}

async function postInspection(
  worker: TokenWorker,
  { draft, asked }: { draft: ExperimentDraft; asked: number },
  post: (message: Extract<SetupHostMessage, { type: "inspection" }>) => void,
): Promise<void> {
  const { task, backbone, prompt, maxSourceLength } = draft;
  const suggested = task.kind === "file" && task.source === "";
  try {
    const result = await worker.inspect({
      task: suggested ? { kind: "file", train: task.train } : task,
      backbone,
      prompt,
      maxSourceLength,
      maxTargetLength: draft.maxTargetLength,
    });
    const { problem, note, ...rest } = result;
    post({
      type: "inspection",
      asked,
      result: {
        ...rest,
        ...(problem !== undefined && { problem: english(problem) }),
        ...(note !== undefined && { note: english(note) }),
      },
    });
  } catch (error) {
    post({ type: "inspection", asked, error: (error as Error).message });
  }
}
