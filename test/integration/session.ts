import {} from "node:fs";
import { join, resolve } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { installVscode } from "./installVscode.ts";
import { VscodeServer } from "./vscodeServer.ts";
import { launchBrowser, Workbench } from "./workbench.ts";
import { makeWorkspace } from "./workspace.ts";
import { removeWorkspace } from "../process/removeWorkspace.ts";

export const VSIX = join(resolve(import.meta.dirname, "../.."), "dist/adept-lab.vsix");

/**
 * One server and one browser for the tests of a file; each test has its own window and takes a screenshot at its end.
 */
export class Session {
  readonly folders: string[] = [];
  server!: VscodeServer;
  private browser!: Browser;

  /** @param environment variables that the server's processes have besides, or instead of, this process's */
  constructor(settings: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) {
    before(async () => {
      this.server = await VscodeServer.start(installVscode(), VSIX, settings, environment);
      this.browser = await launchBrowser();
    });
    after(async () => {
      await this.browser.close();
      await this.server.stop();
      for (const folder of this.folders) await removeWorkspace(folder);
    });
  }

  workspace(steps: number): string {
    const folder = makeWorkspace(steps);
    this.folders.push(folder);
    return folder;
  }

  async open(t: TestContext, folder: string | undefined): Promise<Workbench> {
    const workbench = await Workbench.open(this.browser, this.server, folder);
    t.after(async () => {
      await workbench.screenshot(`last-of-${t.name.replace(/\W+/g, "-")}`);
      await workbench.close();
    });
    return workbench;
  }
}
