import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Setting } from "../../../src/ui/window/ids.ts";
import { loadParts } from "../../host/loadParts.ts";

const { host, vscode } = await loadParts();

test("workers get the Python of the setting instead of an inherited one, and the inherited one where it is empty", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-setting-"));
  const before = process.env["ADEPT_PYTHON"];
  try {
    writeFileSync(join(folder, "tokens.js"), "console.error(process.env.ADEPT_PYTHON); process.exit(1);");
    const given = async (): Promise<string> => {
      const lines: string[] = [];
      const worker = new (host().TokenWorker)({
        workerPath: join(folder, "worker.js"),
        nodePath: process.execPath,
        onLog: (line) => lines.push(line),
      });
      await assert.rejects(worker.open("/none"));
      for (const end = Date.now() + 10_000; lines.length === 0 && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return lines.join();
    };
    process.env["ADEPT_PYTHON"] = "/inherited";
    assert.equal(await given(), "/inherited");
    vscode.settings.set(Setting.torchPython, " ~/venv ");
    assert.equal(await given(), "~/venv", "each start of a worker asks for the setting");
    assert.equal(process.env["ADEPT_PYTHON"], "/inherited", "other extensions of the window see no change");
    vscode.settings.set(Setting.torchPython, "");
    assert.equal(await given(), "/inherited");
  } finally {
    if (before === undefined) delete process.env["ADEPT_PYTHON"];
    else process.env["ADEPT_PYTHON"] = before;
    rmSync(folder, { recursive: true, force: true });
  }
});
