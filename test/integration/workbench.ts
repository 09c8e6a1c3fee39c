import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from "playwright-core";
import { DecorationCalls } from "./decorationCalls.ts";
import type { VscodeServer } from "./vscodeServer.ts";

const OUTPUT = resolve(import.meta.dirname, "../output");
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const exactly = (text: string): RegExp => new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);

/** VS Code's window in a browser, with the actions of a user. */
export class Workbench {
  /** Errors that the page threw or logged. */
  readonly errors: string[] = [];
  /** The decorations that extensions have set in editors. */
  readonly decorations: DecorationCalls;

  private constructor(
    readonly page: Page,
    private readonly server: VscodeServer,
  ) {
    page.setDefaultTimeout(10_000);
    this.decorations = new DecorationCalls(page);
    page.on("pageerror", (error) => {
      this.errors.push(String(error));
    });
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  static async open(browser: Browser, server: VscodeServer, folder: string | undefined): Promise<Workbench> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: "en-US",
      reducedMotion: "reduce",
    });
    const workbench = new Workbench(await context.newPage(), server);
    await workbench.page.goto(server.url(folder), { waitUntil: "domcontentloaded" });
    await workbench.settle();
    if (folder?.endsWith(".code-workspace") === true) await workbench.readWorkspaceFile();
    return workbench;
  }

  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: "domcontentloaded" });
    await this.settle();
  }

  /**
   * Reloads until the workspace's folders are listed: a window of a busy server can miss its workspace file, and then
   * says that no folder is open.
   */
  private async readWorkspaceFile(): Promise<void> {
    const folders = this.page.locator(".explorer-folders-view .monaco-list-row").first();
    for (let attempt = 1; attempt < 4; attempt++) {
      try {
        await folders.waitFor({ timeout: 5000 });
        return;
      } catch {
        await this.reload();
      }
    }
    await folders.waitFor();
  }

  /** Waits until the workbench is shown with the extension's icon. */
  private async settle(): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
    await this.page.locator('.part.activitybar .action-label[aria-label^="ADePT Lab"]').waitFor({ timeout: 60_000 });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(OUTPUT, { recursive: true });
    await this.page.screenshot({ path: join(OUTPUT, `${name}.png`) });
  }

  /** Runs a command by the command palette; tries again, since a late change of focus can close the palette. */
  async command(label: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.quickOpen(`>${label}`);
        await this.acceptRow(label);
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
  }

  /**
   * Accepts the palette's row of exactly a label by the keyboard: a click can hit the row that a redrawn list has put
   * in its place, and then another command is run, or none.
   */
  private async acceptRow(label: string): Promise<void> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    const labelled = this.page.locator(".monaco-highlighted-label", { hasText: exactly(label) });
    await rows.filter({ has: labelled }).first().waitFor({ timeout: 5000 });
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused").filter({ has: labelled });
    for (let row = 0; !(await focused.isVisible()); row++) {
      if (row === 20) throw new Error(`the palette's row "${label}" is not reached`);
      await this.page.keyboard.press("ArrowDown");
    }
    await this.page.keyboard.press("Enter");
    await focused.waitFor({ state: "hidden", timeout: 3000 });
  }

  /** Returns the labels that the palette offers for a text. */
  async palette(text: string): Promise<string[]> {
    await this.quickOpen(`>${text}`);
    await this.page.waitForTimeout(500);
    const labels = await this.page
      .locator(".quick-input-list .monaco-list-row .monaco-highlighted-label")
      .allInnerTexts();
    await this.page.keyboard.press("Escape");
    return labels;
  }

  async openFile(name: string): Promise<void> {
    await this.quickOpen(name);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Chooses the first row of the open quick pick that contains a text. */
  async choose(text: string): Promise<void> {
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first().click();
  }

  private async quickOpen(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input").first();
    if (!(await input.isVisible())) {
      await this.page.keyboard.press("F1");
      await input.waitFor({ state: "visible", timeout: 5000 });
    }
    await input.fill(text);
  }

  /**
   * Shows the list of runs by a click on its icon. A click while the view is visible would hide it, and VS Code
   * restores a window late, so only the view itself says whether to click.
   */
  async showRuns(): Promise<void> {
    const item = this.page
      .locator('.part.activitybar .action-item:has(.action-label[aria-label^="ADePT Lab"])')
      .first();
    const title = this.page.locator(".part.sidebar .composite.title", { hasText: /ADePT Lab/i });
    for (let attempt = 1; !(await title.isVisible()); attempt++) {
      await item.click();
      await title.waitFor({ timeout: attempt < 4 ? 3000 : 10_000 }).catch((error: unknown) => {
        if (attempt === 4) throw error;
      });
    }
  }

  /** Chooses an entry of a row's context menu. */
  async menu(row: Locator, label: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await row.click({ button: "right" });
        const item = this.page.locator(".monaco-menu .action-item .action-label", { hasText: exactly(label) }).first();
        await item.waitFor({ timeout: 4000 });
        // A menu ignores clicks in its first moment: the mouse button that opened it may still be going up.
        await this.page.waitForTimeout(300);
        await item.click({ timeout: 4000 });
        await item.waitFor({ state: "hidden", timeout: 2000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
  }

  /** Starts the training of an experiment file by the command palette. */
  async train(file: string): Promise<void> {
    await this.command("ADePT: Train ADePT");
    await this.choose(file);
  }

  /** Types an answer into VS Code's input box and accepts it. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input").first();
    await input.waitFor({ state: "visible" });
    await input.fill(text);
    await this.page.keyboard.press("Enter");
    await input.waitFor({ state: "hidden" });
  }

  /** Rows of runs, not of groups, whose text names methods too. */
  runRow(text: string): Locator {
    const rows = ".part.sidebar .monaco-list-row:not(:has(.monaco-tl-twistie.collapsible))";
    return this.page.locator(rows, { hasText: text });
  }

  notification(text: string): Locator {
    return this.page.locator(".notification-toast .notification-list-item", { hasText: text });
  }

  /** Waits for a notification; the error says what VS Code shows instead. */
  async isNotified(text: string): Promise<void> {
    try {
      await this.notification(text).first().waitFor();
    } catch {
      const shown = await this.page
        .locator(".notification-list-item-message, .quick-input-widget input.input, .quick-input-list .monaco-list-row")
        .evaluateAll((parts) => parts.map((part) => part.textContent || part.getAttribute("placeholder") || ""));
      throw new Error(`no notification "${text}"; shown: ${JSON.stringify(shown.slice(0, 20))}`);
    }
  }

  /**
   * Takes all notifications away, and lets the 800 ms pass in which VS Code shows no more than three: a fourth one
   * would be in its list alone.
   */
  async clearNotifications(): Promise<void> {
    await this.command("Notifications: Clear All Notifications");
    await this.page.locator(".notification-toast").first().waitFor({ state: "hidden" });
    await this.page.waitForTimeout(1000);
  }

  statusItem(): Locator {
    return this.page.locator('.part.statusbar [id$="adept.training"]');
  }

  /** Counts the coloured ranges of the editors, by the class of a decoration type. */
  colouredRanges(): Promise<number> {
    return this.page.locator(".editor-instance .view-overlays .cdr[class*=ced-]").count();
  }

  /** Types a path into VS Code's file dialog and accepts it. */
  async choosePath(path: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input").first();
    await input.waitFor({ state: "visible" });
    // The dialog fills in the folder it starts from a moment after it is shown.
    await until(
      "the dialog's own folder",
      () => input.inputValue(),
      (value) => value.startsWith("/"),
    );
    for (let attempt = 0; (await input.isVisible()) && attempt < 5; attempt++) {
      await input.fill(path);
      await this.page.waitForTimeout(800);
      if ((await input.inputValue()) === path) await this.page.keyboard.press("Enter");
      await input.waitFor({ state: "hidden", timeout: 3000 }).catch(() => {
        /* tried again below */
      });
    }
  }

  /** Returns the document of the run's page: it is inside VS Code's frame and the extension's. */
  runPage(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").first().frameLocator("iframe#active-frame");
  }
}

/** Polls until `fits` accepts what `read` returns; the error of a timeout has the last value. */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  fits: (value: T) => boolean,
  seconds = 60,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
    try {
      const value = await read();
      if (fits(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(
    `${what}: not within ${seconds} s; last ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
