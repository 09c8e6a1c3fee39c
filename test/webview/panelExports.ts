// What leaves the page or is drawn from a result: cells, tables, pictures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { colourOf, levelOf, robustScale } from "../../src/figure/palette.ts";
import type { OpenPage } from "./pageHost.ts";
import { figure, goTo, rowsOf, saved, storedResult, fixture } from "./panelFixture.ts";
import { until } from "./until.ts";

/** In the page: the colour of the middle of each asked cell of a heatmap's canvas, and where the first cell is. */
function cellColours(
  element: HTMLElement | SVGElement,
  { asked, rows, cols }: { asked: { row: number; column: number }[]; rows: number; cols: number },
): { ratio: number; area: number[]; colours: number[][] } {
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
}

/** In the page: distinct colours, transparent pixels and width of a PNG. */
async function pixelsOf(encoded: string): Promise<{ colours: number; clear: number; width: number }> {
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
}

/** The table of the shift, saved and copied. */
async function checkShiftTable({ page, posted }: OpenPage): Promise<void> {
  await goTo(page, "shift");
  await figure(page, "Text shifted").locator("vscode-button", { hasText: "CSV" }).click();
  const shifts = rowsOf(
    (
      await until(
        () => saved(posted),
        (list) => list.length === 2,
      )
    )[1]!.data,
  );
  const { cases } = storedResult("adept", "position-shift");
  assert.deepEqual(
    shifts.map((row) => [row["Shift"], Number(row["k"]), Number(row["Change of states"])]),
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
}

test("heatmap: every cell has exactly the palette's colour of its value, and the cursor says which token it is on", async () => {
  const { page, context } = await fixture.host.open(fixture.runs.run("adept", 0).id);
  await goTo(page, "offsets");
  const { examples } = storedResult("adept", "offsets");
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
  const drawn = await canvas.evaluate(cellColours, { asked: cells, rows: examples.length, cols: columns });
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
  const open = await fixture.host.open(fixture.runs.run("adept", 0).id);
  const { page, posted, context } = open;
  const record = fixture.runs.run("adept", 0).record();
  await goTo(page, "ablation");
  await figure(page, "Component ablation").locator("vscode-button", { hasText: "CSV" }).click();
  const csv = await until(
    () => saved(posted).at(-1),
    (message) => message !== undefined,
  );
  const ablation = storedResult("adept", "ablation");
  const rows = rowsOf(csv!.data);
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
  await checkShiftTable(open);
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
    const { colours, clear, width } = await page.evaluate(pixelsOf, data);
    assert.ok(colours > 20, `${title}: ${colours} colours`);
    assert.equal(clear, 0, "an opaque ground");
    assert.ok(width > 800, "at twice the size");
  }
  await context.close();
});
