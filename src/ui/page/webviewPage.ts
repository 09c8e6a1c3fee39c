import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { UserError } from "../../base/errors.ts";
import { DisposableStore } from "../window/disposableStore.ts";
import type { ErrorReport } from "../window/errorReport.ts";
import { localisedError } from "../window/localised.ts";
import { pageHtml } from "./pageHtml.ts";

/** The parts of the extension that every page works with. */
export interface PageParts {
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly errors: ErrorReport;
}

/** A page in an editor tab: loads its document, exchanges messages with it, and ends with it. */
export abstract class WebviewPage<Posted, Received> extends DisposableStore {
  private isClosed = false;

  /** @param onClose called once, when the user or the window closes the page */
  constructor(
    protected readonly view: vscode.WebviewPanel,
    private readonly page: PageParts,
    private readonly onClose: () => void,
  ) {
    super();
    this.register(
      view.webview.onDidReceiveMessage((value: unknown) => {
        const message = this.parse(value);
        if (message !== undefined) this.handle(message).catch((error: unknown) => page.errors.report(error));
      }),
    );
    this.register(
      view.onDidDispose(() => {
        this.dispose();
      }),
    );
  }

  override dispose(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClose();
    super.dispose();
    this.view.dispose();
  }

  protected get closed(): boolean {
    return this.isClosed;
  }

  /** Parses a value that the page posted. Logs an invalid value and returns undefined. */
  protected abstract parse(value: unknown): Received | undefined;
  protected abstract handle(message: Received): Promise<void>;

  /** Loads the page's document. @param script file in dist/ @param run the id of the run that is shown, or "" */
  protected load(script: string, run: string): void {
    const { view } = this;
    const { extensionUri } = this.page;
    const dist = vscode.Uri.joinPath(extensionUri, "dist");
    const media = vscode.Uri.joinPath(extensionUri, "media");
    const address = (file: string): string => view.webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    view.webview.options = { enableScripts: true, localResourceRoots: [dist, media] };
    view.iconPath = {
      light: vscode.Uri.joinPath(media, "icon-on-light.svg"),
      dark: vscode.Uri.joinPath(media, "icon-on-dark.svg"),
    };
    view.webview.html = pageHtml({
      script: address(script),
      style: address("webview.css"),
      cspSource: view.webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      language: vscode.env.language,
      run,
    });
  }

  /** Posts nothing to a closed page, whose webview would throw. */
  protected post(message: Posted): void {
    if (!this.isClosed) void this.view.webview.postMessage(message);
  }

  /** An error as the page shows it, in the window's language; a bug goes to the log. */
  protected errorText(error: unknown): string {
    if (error instanceof UserError) return localisedError(error);
    this.page.log.error(error instanceof Error ? error : String(error));
    return vscode.l10n.t("see the log");
  }
}

/** The open pages of one view type; they are restored after a reload of the window. */
export abstract class WebviewPages<Page extends DisposableStore>
  extends DisposableStore
  implements vscode.WebviewPanelSerializer
{
  private readonly open = new Set<Page>();

  constructor(viewType: string) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(viewType, this));
  }

  abstract deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void>;

  override dispose(): void {
    for (const page of [...this.open]) page.dispose();
    super.dispose();
  }

  protected get pages(): readonly Page[] {
    return [...this.open];
  }

  /** Keeps a page until it closes. @param make the page, given what to call when it closes */
  protected add(make: (onClose: () => void) => Page): Page {
    const page: Page = make(() => {
      this.open.delete(page);
    });
    this.open.add(page);
    return page;
  }
}
