import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { after, before } from "node:test";
import { parse } from "csv-parse/sync";
import type { Locator, Page } from "playwright-core";
import type { RunRecord, RunView } from "../../src/protocol/hostToPage.ts";
import type { PageMessage } from "../../src/protocol/pageToHost.ts";
import type { AnalysisResults } from "../../src/protocol/results/analysisResults.ts";
import { storedAnalysis } from "../../src/run/directory/storedAnalysis.ts";
import { FixtureRuns } from "./fixtureRuns.ts";
import { PageHost, type OpenPage } from "./pageHost.ts";

export const SHOTS = resolve(import.meta.dirname, "../output/webview");

/** Runs, and pages of them, that all tests of the results page share, since training them takes minutes. */
export const fixture = {} as { runs: FixtureRuns; host: PageHost };

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  fixture.runs = new FixtureRuns();
  fixture.host = await PageHost.start(fixture.runs.runsDir);
});
after(async () => {
  await fixture.host.stop();
  fixture.runs.remove();
});

export const goTo = async (page: Page, tab: string): Promise<void> => {
  await page.locator(`#tab-${tab}`).click();
  await page.locator(`#view-${tab}`).waitFor({ state: "visible" });
  await page.waitForTimeout(150);
};

export const figure = (page: Page, title: string): Locator =>
  page.locator(".figure:visible", { has: page.locator("h2", { hasText: title }) }).first();

export const rowsOf = (csv: string): Record<string, string>[] => parse<Record<string, string>>(csv, { columns: true });

export const saved = (posted: readonly PageMessage[]) => posted.filter((message) => message.type === "save");

/** A page that reported no problem, threw nothing and loaded nothing that its policy refuses. */
export function assertClean({ violations, errors, posted }: OpenPage): void {
  assert.deepEqual(violations, []);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    posted.filter(({ type }) => type === "problem"),
    [],
  );
}

/** The stored result of an analysis of a method's first run. */
export const storedResult = <N extends keyof AnalysisResults>(method: string, name: N): AnalysisResults[N] =>
  storedAnalysis(fixture.runs.run(method, 0).path, name)!.result as AnalysisResults[N];

/** Ticks runs in the list of those to compare. */
export async function choose(page: Page, ids: readonly string[]): Promise<void> {
  for (const id of ids) await page.locator(`.picker input[data-id="${id}"]`).check();
}

/** The view of a finished run, unless it is given otherwise. */
export const viewOfRecord = (record: RunRecord, given: Partial<RunView> = {}): RunView => ({
  record,
  live: false,
  resumable: false,
  unasked: [],
  statusText: "finished",
  metric: "accuracy",
  metricName: "accuracy",
  correlation: false,
  summary: "",
  progress: 1,
  adapterPath: undefined,
  ...given,
});
