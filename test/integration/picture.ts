// Makes the README's pictures: the sample experiment, trained in a real VS Code's window, as it stands when the run has finished.
import { copyFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { installVscode } from "./installVscode.ts";
import { VscodeServer } from "./vscodeServer.ts";
import { launchBrowser, until, Workbench } from "./workbench.ts";
import { makeWorkspace, newest } from "./workspace.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = makeWorkspace(1);
copyFileSync(join(root, "examples/mail.adept.json"), join(folder, "mail.adept.json"));
const server = await VscodeServer.start(installVscode(), join(root, "dist/adept-lab.vsix"), { "security.workspace.trust.enabled": false });
const browser = await launchBrowser();
try {
  const workbench = await Workbench.open(browser, server, folder);
  await workbench.command("ADePT: Train ADePT");
  await workbench.choose("mail.adept.json");
  await workbench.showRuns();
  await until("finished", () => newest(folder).status, (status) => status === "finished", 600);
  await workbench.page.waitForTimeout(3000);
  for (const close of await workbench.page.locator(".notification-toast .codicon-notifications-clear").all()) await close.click({ timeout: 2000 }).catch(() => undefined);
  await workbench.page.mouse.move(640, 790);
  await workbench.page.waitForTimeout(500);
  await workbench.page.screenshot({ path: join(root, "media/window.png") });
  // The offsets of its test texts, analysed from the page.
  const page = workbench.runPage();
  await page.locator("#tab-offsets").click();
  await page.locator("#view-offsets .card vscode-button").first().click();
  await page.locator(".heatmap canvas").waitFor({ timeout: 120_000 });
  await workbench.page.waitForTimeout(1500);
  await workbench.page.screenshot({ path: join(root, "media/offsets.png") });
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
