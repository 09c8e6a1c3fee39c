import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Block } from "../../../src/analysis/report/blocks.ts";
import { latexReport } from "../../../src/analysis/report/latexReport.ts";

const FOLDER = "report.figures";
const hasLatex = spawnSync("pdflatex", ["--version"]).status === 0;

/** A test that a report with its figures' files compiles, without a character that is missing. */
export function testLatex(name: string, blocks: readonly Block[], files: ReadonlyMap<string, string>): void {
  const skip = hasLatex || process.env["ADEPT_REQUIRE_TEX"] === "1" ? false : "no pdflatex here";
  test(name, { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-tex-"));
    try {
      mkdirSync(join(folder, FOLDER));
      writeFileSync(join(folder, "report.tex"), latexReport(blocks, FOLDER));
      for (const [file, text] of files) writeFileSync(join(folder, FOLDER, file), text);
      const { status, stdout } = spawnSync("pdflatex", ["-halt-on-error", "-interaction=nonstopmode", "report.tex"], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(status, 0, stdout.slice(-2000));
      assert.doesNotMatch(stdout, /Missing character|Undefined/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
