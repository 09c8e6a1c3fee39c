import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "csv-parse/sync";
import type { Page } from "playwright-core";
import { storedAnalysis } from "../../src/run/directory/storedAnalysis.ts";
import type { PageMessage } from "../../src/protocol/pageToHost.ts";
import { colourOf, levelOf, robustScale } from "../../webview/palette.ts";
import { FixtureRuns } from "./fixtureRuns.ts";
import { PageHost, type OpenPage } from "./pageHost.ts";
import { THEMES } from "./themes.ts";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";
import type { PositionShift } from "../../src/protocol/results/positionShift.ts";

const TABS = ["training", "ablation", "offsets", "shift", "latency", "compare"] as const;
const SHOTS = resolve(import.meta.dirname, "../output/webview");
let runs: FixtureRuns;
let host: PageHost;

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  runs = new FixtureRuns();
  host = await PageHost.start(runs.runsDir);
});
after(async () => {
  await host.stop();
  runs.remove();
});

const goTo = async (page: Page, tab: string): Promise<void> => {
  await page.locator(`#tab-${tab}`).click();
  await page.locator(`#view-${tab}`).waitFor({ state: "visible" });
  await page.waitForTimeout(150);
};
const figure = (page: Page, title: string) =>
  page.locator(".figure:visible", { has: page.locator("h2", { hasText: title }) }).first();
const table = (text: string) => parse<Record<string, string>>(text, { columns: true });
const saved = (posted: readonly PageMessage[]) => posted.filter((message) => message.type === "save");
const clean = ({ violations, errors, posted }: OpenPage): void => {
  assert.deepEqual(violations, []);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    posted.filter(({ type }) => type === "problem"),
    [],
  );
};
async function until<T>(read: () => T | Promise<T>, fits: (value: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    last = await read();
    if (fits(last)) return last;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`not in time: ${JSON.stringify(last)}`);
}
const stored = <T>(method: string, name: Parameters<typeof storedAnalysis>[1]): T =>
  storedAnalysis(runs.run(method, 0).path, name)!.result as T;
async function choose(page: Page, ids: readonly string[]): Promise<void> {
  for (const id of ids) await page.locator(`.picker input[data-id="${id}"]`).check();
}

for (const theme of Object.keys(THEMES)) {
  test(`${theme}: every tab, every button and table: nothing the policy refuses, no error, axe finds nothing serious`, async () => {
    const open = await host.open(runs.run("adept", 0).id, { theme });
    const { page, context } = open;
    await page.locator("h1", { hasText: "Three methods" }).waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      if (tab === "compare") {
        await choose(page, [runs.run("adept", 0).id, runs.run("dept", 0).id, runs.run("pt", 1).id]);
        await figure(page, "Each run against").waitFor();
      }
      for (const box of await page.locator(".figure:visible .tools vscode-checkbox").all()) await box.click();
      for (const button of await page.locator(".figure:visible .tools vscode-button").all()) await button.click();
      await page.screenshot({ path: join(SHOTS, `${theme}-${tab}.png`), fullPage: true });
    }
    clean(open);
    await context.close();
  });

  test(`${theme}: axe-core`, async () => {
    const { page, context } = await host.open(runs.run("adept", 0).id, { theme });
    await page.locator("h1").waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      if (tab === "compare") {
        await choose(page, [runs.run("adept", 0).id, runs.run("dept", 0).id]);
        await figure(page, "Each run against").waitFor();
      }
      // Through the debugger's own world: the page's policy stays as it is.
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() =>
        (
          window as unknown as {
            axe: {
              run: (options: object) => Promise<{
                violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
              }>;
            };
          }
        ).axe.run({ resultTypes: ["violations"] }),
      );
      const grave = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(
          ({ id, nodes }) =>
            `${tab} ${id}: ${nodes
              .slice(0, 3)
              .map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`)
              .join(" | ")}`,
        );
      assert.deepEqual(grave, []);
    }
    await context.close();
  });
}

for (const [width, zoom] of [
  [300, 1],
  [1600, 1],
  [1000, 2],
] as const) {
  test(`${width} px at ${100 * zoom} %: nothing sticks out of the page`, async () => {
    const open = await host.open(runs.run("adept", 0).id, { width, zoom });
    const { page, context } = open;
    await page.locator("h1").waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      const { wide, view } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        view: document.documentElement.clientWidth,
      }));
      assert.ok(wide <= view, `${tab}: ${wide} > ${view}`);
      await page.screenshot({ path: join(SHOTS, `${width}-${zoom}-${tab}.png`), fullPage: true });
    }
    clean(open);
    await context.close();
  });
}

test("heatmap: every cell has exactly the palette's colour of its value, and the cursor says which token it is on", async () => {
  const { page, context } = await host.open(runs.run("adept", 0).id);
  await goTo(page, "offsets");
  const { examples } = stored<Offsets>("adept", "offsets");
  const columns = Math.max(...examples.map(({ norm }) => norm.length));
  const scale = robustScale(examples.flatMap(({ norm }) => norm.map(Math.fround)));
  const canvas = figure(page, "Offsets of test texts").locator("canvas[tabindex]");
  await canvas.waitFor();
  const at = (row: number, column: number) => ({
    row,
    column,
    colour: colourOf(levelOf(Math.fround(examples[row]!.norm[column]!), scale)),
  });
  // Each row's first and last cell, and a diagonal.
  const cells = examples.flatMap(({ norm }, row) => [
    at(row, 0),
    at(row, norm.length - 1),
    at(row, Math.min(norm.length - 1, row)),
  ]);
  const drawn = await canvas.evaluate(
    (element, { asked, rows, cols }) => {
      const map = element as HTMLCanvasElement;
      const ctx = map.getContext("2d")!;
      const ratio = map.width / map.clientWidth;
      const scan = ctx.getImageData(0, 0, map.width, map.height);
      const pixel = (x: number, y: number): number[] => [
        ...scan.data.slice(4 * (y * map.width + x), 4 * (y * map.width + x) + 4),
      ];
      // The cells' own rectangle: from the first to the last opaque column and row of saturated colour.
      let [left, right, top, bottom] = [map.width, 0, map.height, 0];
      for (let y = 0; y < map.height; y++)
        for (let x = 0; x < map.width; x++) {
          const [r, g, b, a] = pixel(x, y) as [number, number, number, number];
          if (a === 255 && Math.max(r, g, b) - Math.min(r, g, b) > 40) {
            left = Math.min(left, x);
            right = Math.max(right, x);
            top = Math.min(top, y);
            bottom = Math.max(bottom, y);
          }
        }
      const [w, h] = [(right - left + 1) / cols, (bottom - top + 1) / rows];
      return {
        ratio,
        area: [left, top, w, h],
        colours: asked.map(({ row, column }) =>
          pixel(Math.floor(left + (column + 0.5) * w), Math.floor(top + (row + 0.5) * h)),
        ),
      };
    },
    { asked: cells, rows: examples.length, cols: columns },
  );
  for (const [i, { row, column, colour }] of cells.entries())
    assert.deepEqual(drawn.colours[i], [...colour, 255], `text ${row}, place ${column}`);
  // By keyboard from the first cell, two down and three right; and by pointer.
  await canvas.focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"])
    await page.keyboard.press(key);
  const said = figure(page, "Offsets of test texts").locator("[aria-live]");
  assert.equal(
    await said.innerText(),
    `“${examples[2]!.pieces[3]}”: ${examples[2]!.norm[3]!.toPrecision(3)} at place 4 of text 3`,
  );
  const [left, top, w, h] = drawn.area.map((value) => value / drawn.ratio) as [number, number, number, number];
  const box = (await canvas.boundingBox())!;
  await page.mouse.move(box.x + left + 5.5 * w, box.y + top + 7.5 * h);
  await until(
    () => said.innerText(),
    (text) => text.endsWith("at place 6 of text 8"),
  );
  await page.keyboard.press("Enter");
  await context.close();
});

test("CSV holds every number in full with run, commit and seed; Markdown and LaTeX are copied; a picture is not blank", async () => {
  const { page, posted, context } = await host.open(runs.run("adept", 0).id);
  const record = runs.run("adept", 0).record();
  await goTo(page, "ablation");
  await figure(page, "Component ablation").locator("vscode-button", { hasText: "CSV" }).click();
  const csv = await until(
    () => saved(posted).at(-1),
    (message) => message !== undefined,
  );
  const ablation = stored<Ablation>("adept", "ablation");
  const rows = table(csv!.data);
  assert.equal(rows.length, 1 + ablation.cases.length);
  for (const [i, { label, versus, metrics }] of ablation.cases.entries()) {
    const row = rows[i + 1]!;
    assert.equal(row["Altered"], label);
    assert.equal(Number(row["Difference (points)"]), 100 * versus.right.difference);
    assert.equal(Number(row["low (points)"]), 100 * versus.right.interval[0]);
    assert.equal(Number(row["accuracy"]), metrics["accuracy"]);
    assert.equal(row["run"], record.id);
    assert.equal(row["commit"], record.resultCommit);
    assert.equal(row["seed"], "0");
  }
  await goTo(page, "shift");
  await figure(page, "Text shifted").locator("vscode-button", { hasText: "CSV" }).click();
  const shifts = table(
    (
      await until(
        () => saved(posted),
        (list) => list.length === 2,
      )
    )[1]!.data,
  );
  const { cases } = stored<PositionShift>("adept", "position-shift");
  assert.deepEqual(
    shifts.map((row) => [row["Shift"], Number(row["k"]), Number(row["Encoder change"])]),
    cases.map(({ label, k, encoderChange }) => [label, k, encoderChange]),
  );
  await figure(page, "Text shifted").locator("vscode-button", { hasText: "LaTeX" }).click();
  assert.match(
    await until(
      () => posted.findLast((message) => message.type === "copy")?.text ?? "",
      (text) => text !== "",
    ),
    /\\begin\{tabular\}.*\n\\toprule/,
  );
  await figure(page, "Text shifted").locator("vscode-button", { hasText: "Markdown" }).click();
  assert.equal(
    (
      await until(
        () => posted.findLast((message) => message.type === "copy")?.text ?? "",
        (text) => text.startsWith("*"),
      )
    )
      .split("\n")
      .filter((line) => line.startsWith("| T")).length,
    cases.length,
  );
  for (const [tab, title] of [
    ["shift", "Text shifted"],
    ["offsets", "Offsets of test texts"],
    ["ablation", "Component ablation"],
  ] as const) {
    await goTo(page, tab);
    const known = saved(posted).length;
    await figure(page, title).locator("vscode-button", { hasText: "PNG" }).click();
    const { data, format } = (
      await until(
        () => saved(posted),
        (list) => list.length > known,
      )
    ).at(-1)!;
    const bytes = Buffer.from(data, "base64");
    assert.equal(format, "png");
    assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    const { colours, clear, width } = await page.evaluate(async (encoded) => {
      const raw = atob(encoded);
      const image = await createImageBitmap(
        new Blob([Uint8Array.from(raw, (c) => c.charCodeAt(0))], { type: "image/png" }),
      );
      const canvas = new OffscreenCanvas(image.width, image.height);
      const ctx = canvas.getContext("2d")!;
      ctx.drawImage(image, 0, 0);
      const { data: pixels } = ctx.getImageData(0, 0, image.width, image.height);
      const seen = new Set<number>();
      let transparent = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        seen.add((pixels[i]! << 16) | (pixels[i + 1]! << 8) | pixels[i + 2]!);
        if (pixels[i + 3] !== 255) transparent++;
      }
      return { colours: seen.size, clear: transparent, width: image.width };
    }, data);
    assert.ok(colours > 20, `${title}: ${colours} colours`);
    assert.equal(clear, 0, "an opaque ground");
    assert.ok(width > 800, "at twice the size");
  }
  await context.close();
});

test("a tab that lacks its analysis has a button with a forecast; progress and cancel while it is made; a failure says why", async () => {
  const open = await host.open(runs.plain.id);
  const { page, posted, send, context } = open;
  await goTo(page, "ablation");
  const button = page.locator("#view-ablation .card vscode-button").first();
  assert.match(await button.innerText(), /Make: Ablation \(about \d+ (s|min)\)/);
  await button.click();
  await until(() => posted.some((message) => message.type === "analyse" && message.name === "ablation"), Boolean);
  const analysis = { name: "ablation" as const, applies: true, ready: true, forecast: 3, examples: undefined };
  await send({ type: "analysis", analysis: { ...analysis, status: "running", label: "FFN off", done: 2, total: 4 } });
  await page.locator("#view-ablation .card", { hasText: "2/4 FFN off" }).waitFor();
  assert.equal(
    await page
      .locator("#view-ablation .card progress")
      .first()
      .evaluate((bar: HTMLProgressElement) => bar.value / bar.max),
    0.5,
  );
  await page.locator("#view-ablation .card vscode-button", { hasText: "Cancel" }).click();
  await until(() => posted.some(({ type }) => type === "stopAnalysis"), Boolean);
  await send({
    type: "analysis",
    analysis: { ...analysis, status: "failed", label: "The disk is full", done: 2, total: 4 },
  });
  await page.locator("#view-ablation .card", { hasText: "has failed: The disk is full" }).waitFor();
  await send({
    type: "analysis",
    analysis: { ...analysis, status: "finished", label: "", done: 4, total: 4, examples: 9 },
    result: { nothing: "of the kind" },
  });
  await page.locator("#view-ablation", { hasText: "cannot be shown" }).waitFor();
  assert.ok(
    posted.some(({ type }) => type === "problem"),
    "the log hears of it",
  );
  clean({ ...open, posted: [] });
  await context.close();
});

test("a name with markup is text, unknown messages are refused, and a page without its run says so", async () => {
  const { page, posted, context } = await host.open(runs.plain.id);
  assert.equal(await page.locator("h1").innerText(), "<img src=x onerror=alert(1)>");
  assert.equal(await page.locator("h1 img").count(), 0);
  await page.evaluate(() => {
    window.postMessage({ type: "nonsense" }, "*");
    window.postMessage("text", "*");
  });
  await until(
    () => posted.filter(({ type }) => type === "problem").length,
    (count) => count === 2,
  );
  await context.close();
  const gone = await host.open("20200101-000000-none");
  await gone.page.locator("main", { hasText: "no longer exists" }).waitFor();
  await gone.context.close();
});

test("by keyboard: arrows move through the tabs, every control has a visible focus, and an update takes no focus away", async () => {
  const { page, send, context } = await host.open(runs.run("adept", 0).id);
  await page.locator("#tab-training").focus();
  await page.keyboard.press("ArrowRight");
  await until(
    () => page.locator("#tab-ablation").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  await page.keyboard.press("End");
  await until(
    () => page.locator("#tab-compare").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  await page.keyboard.press("Home");
  await until(
    () => page.locator("#tab-training").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  const reached = new Set<string>();
  await page.locator("h1").click();
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const host = document.activeElement;
      const style = element === null ? undefined : getComputedStyle(element);
      const outer = host === null ? undefined : getComputedStyle(host);
      return {
        name: host?.textContent?.trim() ?? "",
        outline:
          host === document.body
            ? "body"
            : `${style?.outlineStyle} ${outer?.outlineStyle} ${style?.boxShadow} ${style?.borderStyle}`,
      };
    });
    if (outline === "body") break;
    assert.match(outline, /solid|auto|rgb/, `${name}: no visible focus`);
    reached.add(name);
  }
  for (const name of ["Open Run Folder", "Copy Run ID", "Show Log", "PNG", "CSV", "Table"])
    assert.ok(
      [...reached].some((each) => each.includes(name)),
      `${name} is reached`,
    );
  const button = page.locator("vscode-button", { hasText: "Copy Run ID" });
  await button.focus();
  const record = runs.run("adept", 0).record();
  await send({
    type: "update",
    points: [],
    view: {
      record: { ...record, note: "new" },
      live: false,
      resumable: false,
      statusText: "finished",
      metric: "accuracy",
      metricName: "accuracy",
      correlation: false,
      summary: "",
      progress: 1,
      adapterPath: undefined,
      measured: "webgpu: 3 ms",
      gpu: "Card, 5 of 9 GiB",
    },
  });
  await page.locator("dd", { hasText: "new" }).waitFor();
  for (const text of ["webgpu: 3 ms", "Card, 5 of 9 GiB"])
    assert.equal(await page.locator("dd", { hasText: text }).count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Copy Run ID");
  await context.close();
});

test("what a page remembers comes back with it: tab, open tables, chosen runs, scale", async () => {
  const { page, context } = await host.open(runs.run("adept", 0).id);
  await page
    .locator(".figure", { has: page.locator("h2", { hasText: /^Loss$/ }) })
    .locator(".tools vscode-checkbox")
    .click();
  await page.locator("vscode-checkbox", { hasText: "Logarithmic scale" }).first().click();
  await goTo(page, "compare");
  await choose(page, [runs.run("pt", 0).id, runs.run("pt", 1).id]);
  await page.reload();
  await page.locator("#view-compare").waitFor({ state: "visible" });
  assert.equal(await page.locator(".picker input:checked").count(), 2);
  await figure(page, "Settings that differ").waitFor();
  await goTo(page, "training");
  await page.locator(".figure table caption", { hasText: /^Loss$/ }).waitFor({ state: "attached" });
  assert.equal(
    await page
      .locator("vscode-checkbox", { hasText: "Logarithmic scale" })
      .first()
      .evaluate((box: HTMLElement & { checked: boolean }) => box.checked),
    true,
  );
  await context.close();
});

test("compared runs: the same figures as adept compare, differing settings alone, and each pair against the first", async () => {
  const { page, posted, context } = await host.open(runs.run("adept", 0).id);
  const chosen = ["adept", "dept", "pt"].flatMap((method) => [0, 1].map((seed) => runs.run(method, seed)));
  await goTo(page, "compare");
  await choose(
    page,
    chosen.map(({ id }) => id),
  );
  await figure(page, "Test accuracy over seeds").locator("vscode-button", { hasText: "CSV" }).click();
  const rows = table(
    (await until(
      () => saved(posted).at(-1),
      (message) => message !== undefined,
    ))!.data,
  );
  const told = JSON.parse(runs.cli("compare", "--json", ...chosen.map(({ id }) => id))) as {
    rows: { label: string; test: { mean: number; interval: [number, number] } }[];
  };
  assert.deepEqual(
    rows.map((row) => [row["Model"], Number(row["accuracy"]), Number(row["low"])]),
    told.rows.map(({ label, test: { mean, interval } }) => [label, mean, interval[0]]),
  );
  const settings = await figure(page, "Settings that differ").locator("tbody th").allInnerTexts();
  assert.ok(settings.includes("method.kind") && settings.includes("seed"));
  assert.ok(!settings.includes("training.steps") && !settings.some((key) => key.startsWith("part.")));
  const pairs = figure(page, "Each run against");
  await pairs.locator(".tools vscode-checkbox").click();
  assert.equal(await pairs.locator("tbody tr").count(), chosen.length - 1);
  await context.close();
});

test("a comparison that is being made can be cancelled, and one that failed or was cancelled made again", async () => {
  const { page, posted, send, context } = await host.open(runs.run("adept", 0).id, { silent: ["compare"] });
  const ids = [runs.run("adept", 0).id, runs.run("pt", 0).id];
  const asked = (): number => posted.filter((message) => message.type === "compare" && message.ids.length === 2).length;
  await goTo(page, "compare");
  await choose(page, ids);
  await until(asked, (count) => count === 1);
  const tab = page.locator("#view-compare");
  await tab.locator("[role=status]", { hasText: "Comparing…" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Cancel" }).click();
  await until(
    () => posted.at(-1),
    (message) => message?.type === "compare" && message.ids.length === 0,
  );
  await tab.locator("[role=status]", { hasText: "was stopped" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Try again" }).click();
  await until(asked, (count) => count === 2);
  await send({ type: "statistics", ids, error: "no memory" });
  await tab.locator("[role=status]", { hasText: "failed: no memory" }).waitFor();
  await tab.locator("vscode-button", { hasText: "Try again" }).click();
  await until(asked, (count) => count === 3);
  await context.close();
});

test("retrained ablations lead to a comparison against ADePT, and are in no post-hoc figure; a run of no such set has no way there", async () => {
  const { page, posted, send, context } = await host.open(runs.plain.id);
  const record = { ...runs.plain.record(), sweep: "s", variant: "A3: one trained constant" };
  await goTo(page, "ablation");
  const way = page.locator("#view-ablation vscode-button", { hasText: "Compare the retrained ablations" });
  assert.equal(await way.count(), 0);
  await send({
    type: "update",
    points: [],
    view: {
      record,
      live: false,
      resumable: false,
      statusText: "finished",
      metric: "accuracy",
      metricName: "accuracy",
      correlation: false,
      summary: "",
      progress: 1,
      adapterPath: undefined,
    },
  });
  const choice = {
    name: "",
    method: "adept",
    task: "mail",
    status: "finished",
    value: "",
    experiment: "Retrained",
    sweep: "s",
    open: false,
  };
  await send({
    type: "runs",
    runs: [
      { ...choice, id: "c", seed: 0, variant: "A10 linear: no ReLU, no bias" },
      { ...choice, id: "b", seed: 0, variant: "A3: one trained constant" },
      { ...choice, id: "a", seed: 1, variant: "A0: ADePT" },
      { ...choice, id: "x", seed: 0, variant: "A0: ADePT", sweep: "other" },
      { ...choice, id: "y", seed: 0, variant: "adept" },
    ],
  });
  await way.click();
  await page.locator("#view-compare").waitFor({ state: "visible" });
  assert.deepEqual(
    await until(
      () => posted.findLast((message) => message.type === "compare")?.ids,
      (ids) => ids !== undefined,
    ),
    ["a", "b", "c"],
  );
  await context.close();
});

test("a run at work: points are appended, a repeated step takes the later reading, 20,000 points keep a table of a few hundred", async () => {
  const { page, send, context } = await host.open(runs.plain.id);
  const record = { ...runs.plain.record(), status: "running" as const, steps: 20_000 };
  const view = {
    record,
    live: true,
    resumable: false,
    statusText: "running",
    metric: "accuracy",
    metricName: "accuracy",
    correlation: false,
    summary: "5/20",
    progress: 0.25,
    adapterPath: undefined,
  };
  const point = (step: number, loss: number) => ({
    step,
    loss,
    learningRate: { prompt: 0.1 },
    gradientNorm: { prompt: 1 },
    updateRatio: { prompt: 0.01 },
    tokensPerSecond: 100,
    secondsLeft: 1,
    memory: 1e8,
  });
  await send({ type: "update", view, points: Array.from({ length: 20_000 }, (_, i) => point(i + 1, 1 + 1 / (i + 1))) });
  await send({ type: "update", view, points: [point(19_999, 7), point(20_000, 8)] });
  const loss = page.locator(".figure", { has: page.locator("h2", { hasText: /^Loss$/ }) });
  await until(
    () => loss.locator("canvas").getAttribute("aria-label"),
    (label) => label?.includes("to 8.00 at step 20000") === true,
  );
  await loss.locator(".tools vscode-checkbox").click();
  const count = await loss.locator("tbody tr").count();
  assert.ok(count > 50 && count < 300, String(count));
  assert.equal(await loss.locator("tbody tr").last().locator("td").first().innerText(), "8");
  await page.locator("vscode-button", { hasText: "Stop" }).waitFor();
  await context.close();
});

test("pictures of all tabs are kept for who wants to look", () => {
  const made = TABS.map((tab) => readFileSync(join(SHOTS, `dark-${tab}.png`)).length);
  assert.ok(made.every((size) => size > 5000));
  writeFileSync(
    join(SHOTS, "README.txt"),
    "Pictures of every tab in four themes and three widths, made by the tests.\n",
  );
});
