import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "csv-parse/sync";
import { pageHtml } from "../../../src/ui/page/pageHtml.ts";
import { parseHostMessage } from "../../../src/protocol/hostToPage.ts";
import { parseSetupHostMessage } from "../../../src/protocol/hostToSetup.ts";
import { parsePageMessage } from "../../../src/protocol/pageToHost.ts";
import { parseDraft, parseSetupMessage } from "../../../src/protocol/setupToHost.ts";
import { stableStyles } from "../../../src/figure/seriesStyle.ts";
import { colourOf, inkOn, levelOf, robustScale } from "../../../src/figure/palette.ts";
import { restoreState } from "../../../webview/pageState.ts";
import { shortNames } from "../../../webview/shortNames.ts";
import { tableToCsv, tableToLatex, tableToMarkdown } from "../../../src/figure/tableText.ts";

test("CSV comes back as it went: every number bit for bit, every text with its commas, quotes and line breaks", () => {
  const text = fc
    .string({ unit: fc.constantFrom("a", ",", '"', "\n", "é", " ", ";") })
    .filter((each) => !/^[=+\-@\t\r]/.test(each));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, fc.double({ noNaN: true }), fc.option(fc.integer(), { nil: undefined })), {
        maxLength: 8,
      }),
      (rows) => {
        const csv = tableToCsv(
          { columns: [{ name: "name" }, { name: "value", unit: "nats" }, { name: "count" }], rows },
          { run: "r", commit: "c", seed: 3 },
        );
        const back = parse<Record<string, string>>(csv, { columns: true, record_delimiter: "\r\n" });
        assert.deepEqual(
          back.map((row) => [row["name"], Number(row["value (nats)"]), row["count"], row["run"], row["seed"]]),
          rows.map(([name, value, count]) => [
            name,
            Object.is(value, -0) ? 0 : value,
            count === undefined ? "" : String(count),
            "r",
            "3",
          ]),
        );
      },
    ),
  );
});

test("a text that a spreadsheet would run as a formula is marked as text; a negative number is not", () => {
  const csv = tableToCsv(
    {
      columns: [{ name: "=cmd" }, { name: "x" }],
      rows: [
        ["=1+1", -5],
        ["@sum", 0],
      ],
    },
    { run: "-r", commit: "", seed: 0 },
  );
  assert.equal(csv.split("\r\n")[1], "'=1+1,-5,-r,,0");
  assert.match(csv, /^'=cmd,/);
});

test("Markdown and LaTeX keep what would break their tables", () => {
  const data = {
    columns: [{ name: "a|b" }, { name: "n" }],
    rows: [
      ["50 % & _x_", 1.5],
      ["−2", undefined],
    ],
  };
  assert.match(tableToMarkdown(data, "c"), /\| a\\\|b \| n \|\n\|---\|---:\|\n\| 50 % & _x_ \| 1\.500 \|/);
  assert.match(
    tableToLatex(data, "50 %"),
    /\\caption\{50 \\%\}\n\\begin\{tabular\}\{lr\}\n\\toprule\na\|b & n \\\\\n\\midrule\n50 \\% \\& \\_x\\_ & 1\.500 \\\\/,
  );
});

test("the palette rises in lightness from end to end, values beyond the scale take its ends, and ink on any colour has contrast 4.5", () => {
  const luminance = (level: number): number => {
    const [r, g, b] = colourOf(level).map((c) => {
      const x = c / 255;
      return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let level = 1; level < 256; level++)
    assert.ok(luminance(level) >= luminance(level - 1) - 1e-3, `level ${level}`);
  assert.deepEqual(
    [colourOf(0), colourOf(255)],
    [
      [68, 1, 84],
      [253, 231, 37],
    ],
  );
  assert.deepEqual(
    [levelOf(-1, [0, 1]), levelOf(0.5, [0, 1]), levelOf(9, [0, 1]), levelOf(3, [3, 3])],
    [0, 128, 255, 0],
  );
  for (let level = 0; level < 256; level++) {
    const ink = inkOn(level) === "#000000" ? 0 : 1;
    const [high, low] = [Math.max(ink, luminance(level)), Math.min(ink, luminance(level))];
    assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `level ${level}`);
  }
  assert.deepEqual(robustScale([...Array.from({ length: 100 }, (_, i) => i), NaN, 1e9]), [2, 98]);
});

test("a run's style hangs on its id, not on the others; styles of one comparison differ, by colour first", () => {
  const ids = Array.from({ length: 6 }, (_, i) => `20260101-00000${i}-abcd`);
  const styles = stableStyles(ids);
  assert.equal(new Set([...styles.values()].map((place) => place % 6)).size, 6);
  assert.equal(new Set(stableStyles(Array.from({ length: 24 }, (_, i) => `run ${i}`)).values()).size, 24);
  assert.deepEqual(stableStyles([...ids].reverse()), styles);
  assert.equal(stableStyles([ids[0]!]).get(ids[0]!), styles.get(ids[0]!));
});

test("names of one experiment's runs are told without it; equal names are numbered", () => {
  assert.deepEqual(shortNames(["Mail (adept, seed=0)", "Mail (pt, seed=0)"]), ["adept, seed=0", "pt, seed=0"]);
  assert.deepEqual(shortNames(["Mail (a)", "Other (b)"]), ["Mail (a)", "Other (b)"]);
  assert.deepEqual(shortNames(["Same", "Same", "Same"]), ["Same", "Same (2)", "Same (3)"]);
});

test("the page's state is taken where it is whole, and begins anew where it is not", () => {
  assert.deepEqual(restoreState(undefined, "r"), {
    id: "r",
    tab: "training",
    tables: {},
    log: false,
    chosen: [],
    choices: {},
  });
  assert.deepEqual(
    restoreState(
      { tab: "latency", tables: { loss: true, x: 3 }, log: true, chosen: ["a", 4], choices: [], id: "old" },
      "r",
    ),
    { id: "r", tab: "latency", tables: { loss: true }, log: true, chosen: ["a"], choices: {} },
  );
});

test("messages of the page are known or refused", () => {
  assert.deepEqual(parsePageMessage({ type: "compare", ids: ["a"] }), { type: "compare", ids: ["a"] });
  for (const bad of [
    null,
    3,
    { type: "compare" },
    { type: "analyse", name: "rm -rf" },
    { type: "save", name: "x", format: "exe", data: "" },
    { type: "evil" },
  ])
    assert.equal(parsePageMessage(bad), undefined);
});

test("messages of the setup page are known or refused, and so is what it remembers", () => {
  const draft = {
    name: "x",
    task: { kind: "file", train: "/d.csv", source: "{a}", target: "{b}" },
    backbone: "tiny-t5",
    budget: 12_800,
    steps: 90,
    maxSourceLength: 64,
  };
  assert.deepEqual(parseSetupMessage({ type: "ready" }), { message: { type: "ready" } });
  assert.deepEqual(parseSetupMessage({ type: "chooseBackbone", how: "hub" }), {
    message: { type: "chooseBackbone", how: "hub" },
  });
  assert.deepEqual(parseDraft({ draft }), draft);
  const drafts: unknown[] = [
    undefined,
    null,
    3,
    "draft",
    [],
    {},
    { ...draft, name: 7 },
    { ...draft, task: { kind: "mnli" } },
    { ...draft, task: { kind: "file", train: 1, source: "", target: "" } },
    { ...draft, task: { kind: "file" } },
    { ...draft, budget: "12" },
    { ...draft, budget: Number.NaN },
    { ...draft, steps: 0.5 },
    { ...draft, maxSourceLength: -1 },
    { ...draft, backbone: null },
  ];
  for (const wrong of drafts) {
    for (const type of ["draft", "write"])
      assert.ok("wrong" in parseSetupMessage({ type, draft: wrong, train: true, asked: 1 }), JSON.stringify(wrong));
    assert.equal(parseDraft({ draft: wrong }), undefined, JSON.stringify(wrong));
  }
  for (const bad of [
    undefined,
    null,
    3,
    "ready",
    [],
    {},
    { type: 1 },
    { type: "evil" },
    { type: "Ready" },
    { type: "chooseBackbone" },
    { type: "chooseBackbone", how: "ftp" },
    { type: "problem" },
    { type: "problem", message: {} },
    { type: "write", draft },
    { type: "write", draft, train: "yes" },
    { type: "draft" },
  ])
    assert.ok("wrong" in parseSetupMessage(bad), JSON.stringify(bad));
  for (const bad of [undefined, null, "x", {}, draft]) assert.equal(parseDraft(bad), undefined);
});

test("the page's policy: nothing from elsewhere, no inline script, no eval; a run's id cannot break out", () => {
  const html = pageHtml({
    script: "s.js",
    style: "s.css",
    cspSource: "vscode-resource:",
    nonce: "NONCE",
    language: "en",
    run: '"><script>alert(1)</script>',
  });
  assert.match(html, /default-src 'none'; script-src 'nonce-NONCE';/);
  assert.doesNotMatch(html, /unsafe|script>alert/);
});

test("a page takes the host's messages as they are, with what they leave out, and nothing else", () => {
  const record = { id: "r", evaluations: [] };
  const view = {
    record,
    live: true,
    resumable: false,
    unasked: [],
    statusText: "",
    metric: "accuracy",
    metricName: "accuracy",
    correlation: false,
    summary: "",
    progress: 0,
    adapterPath: undefined,
  };
  const curves = { id: "a", name: "a", seed: 0, points: [[1, NaN]], validation: [], commit: undefined };
  const messages: Record<string, unknown>[] = [
    { type: "reset", labels: {}, view, points: [], runs: [], open: { tab: "compare", ids: ["a"] } },
    { type: "update", view, points: [{ step: 1 }] },
    { type: "open", tab: "shift", ids: undefined },
    { type: "compared", ids: ["a"], runs: [curves], differing: [{ key: "k", values: ["1"] }] },
    { type: "statistics", ids: ["a"], error: "no memory" },
    { type: "curve", run: curves },
    { type: "gone", message: "gone" },
  ];
  for (const message of messages) assert.deepEqual(parseHostMessage(message), message, String(message["type"]));
  const others: unknown[] = [
    undefined,
    "text",
    { type: "nonsense" },
    { type: "open", tab: "elsewhere" },
    { type: "update", view: { ...view, record: { id: "r" } }, points: [] },
    { type: "curve", run: { ...curves, points: 3 } },
  ];
  for (const other of others) assert.equal(parseHostMessage(other), undefined, JSON.stringify(other));
  const inspection = { type: "inspection", asked: 3, error: "no such file" };
  assert.deepEqual(parseSetupHostMessage(inspection), inspection);
  assert.equal(parseSetupHostMessage({ type: "inspection", asked: "3" }), undefined);
  assert.equal(parseSetupHostMessage({ type: "gone", message: "" }), undefined);
});
