import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";
import { UserError } from "../../src/base/errors.ts";
import type { PlacedText } from "../../src/heatmap/placedText.ts";
import type { PlacedToken } from "../../src/heatmap/placedTokens.ts";
import { RowTokens } from "../../src/heatmap/rowTokens.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";

const DIST = join(import.meta.dirname, "../../dist");
const place = { workerPath: join(DIST, "worker.js"), nodePath: process.execPath };
const folder = mkdtempSync(join(tmpdir(), "adept-tokens-"));
const told: string[] = [];
let worker: TokenWorker;
let runs: Record<"adept" | "dept" | "pt", string>;
const adept = (...args: string[]): string =>
  execFileSync(process.execPath, [join(DIST, "cli.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const close = (a: number, b: number, what: string): void => {
  assert.ok(Math.abs(a - b) <= 2e-5 * Math.max(1e-6, Math.abs(b)), `${what}: ${a}, not ${b}`);
};
const isGone = async (pid: number): Promise<boolean> => {
  for (let i = 0; i < 100; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
};

before(() => {
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 60 }, (_, i) =>
      JSON.stringify({ text: `the meeting is on day ${i}, bring paper and stone`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({
      name: "words",
      git: false,
      task: { kind: "file", train: "data.jsonl", source: "text: {text}", target: "{label}" },
      sweep: {
        methods: [
          { kind: "adept", promptLength: 4, bottleneck: 6 },
          { kind: "dept", promptLength: 4, rank: 3, positions: 12 },
          { kind: "pt", promptLength: 4 },
        ],
      },
      training: {
        steps: 6,
        batchSize: 8,
        maxSourceLength: 8,
        maxTargetLength: 3,
        warmup: 1,
        evaluateEvery: 3,
        learningRate: { prompt: 0.3 },
      },
      engine: { threads: 1 },
    }),
  );
  adept("train", "w.adept.json");
  const paths = readdirSync(join(folder, ".adept/runs")).map((id) => join(folder, ".adept/runs", id));
  const of = (kind: string): string =>
    paths.find(
      (path) =>
        (JSON.parse(readFileSync(join(path, "experiment.json"), "utf8")) as { method: { kind: string } }).method
          .kind === kind,
    )!;
  runs = { adept: of("adept"), dept: of("dept"), pt: of("pt") };
  worker = new TokenWorker({ ...place, onLog: (line) => told.push(line) });
});
after(() => {
  worker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("a run's table is what its offset analysis finds, piece by piece", async () => {
  adept("analyse", runs.adept.split("/").at(-1)!, "offsets");
  const { vocabulary } = (
    JSON.parse(readFileSync(join(runs.adept, "analysis/offsets.json"), "utf8")) as { result: Offsets }
  ).result;
  const opened = await worker.open(runs.adept);
  assert.deepEqual(Object.keys(opened.measures), ["norm", "units", "cosine"]);
  assert.deepEqual(opened.reading, [{ literal: "text: " }, { fields: ["text"] }]);
  const text = "the river, bring a stone of paper: 42 mails!";
  const {
    rows: [row],
  } = await worker.encode({ run: runs.adept, measure: "norm", texts: [text] });
  const {
    rows: [units],
  } = await worker.encode({ run: runs.adept, measure: "units", texts: [text] });
  const known = await loadTokenizer(join(import.meta.dirname, "../../models/tiny-t5")).encode(text);
  assert.deepEqual(row!.ids, known.ids.slice(0, -1), "</s> stands nowhere");
  assert.deepEqual(row!.spans, known.offsets.slice(0, -1).flat());
  row!.ids.forEach((id, i) => {
    close(row!.values[i]!, vocabulary!.norm[id]!, `norm of ${id}`);
    assert.equal(units!.values[i], vocabulary!.active![id]);
  });
  const id = row!.ids[3]!;
  const details = await worker.token(runs.adept, id, 3);
  // The stored norms have six digits: those that tie in them may stand either way.
  const larger = (by: number): number => vocabulary!.norm.filter((each) => each > vocabulary!.norm[id]! * by).length;
  assert.ok(details.rank! > larger(1 + 1e-5) && details.rank! <= larger(1 - 1e-5), String(details.rank));
  close(details.ratio!, vocabulary!.ratio[id]!, "ratio");
  assert.equal(details.before[0]!.text, details.text, "a word is nearest to itself");
  assert.ok(details.text.startsWith(" "), "a word's first piece is not its like inside of a word");
  assert.equal(details.before.length, 5);
  assert.equal(details.after.length, 5);
  assert.ok(details.cosine! >= -1.00001 && details.cosine! <= 1.00001 && details.units! <= details.hidden!);
});

test("what the model does not read has no value; DePT's values are those of places, and end with its table", async () => {
  const text = "bring paper and stone and paper and stone and river and light and paper";
  const input: PlacedText = { text, pieces: [{ from: 0, to: text.length, at: 0 }], asTask: true };
  const read = async (run: string, measure: "norm" | "position"): Promise<readonly PlacedToken[]> => {
    const opened = await worker.open(run);
    const tokens = new RowTokens({ text, lines: 1 }, [input], {
      mostTokens: opened.maxSourceLength - opened.added,
      positionValues: measure === "position" ? opened.places : undefined,
    });
    const missing = tokens.missingChunks([[0, text.length]]);
    (await worker.encode({ run, measure, texts: missing.map(({ content }) => content) })).rows.forEach((row, i) => {
      tokens.addChunk(missing[i]!, row);
    });
    return tokens.placedTokens();
  };
  const norms = await read(runs.adept, "norm");
  const places = await read(runs.dept, "position");
  const opened = await worker.open(runs.dept);
  assert.ok(norms.length > 8);
  assert.deepEqual(
    norms.map(({ value, beyond }) => [value !== null, beyond ?? false]),
    norms.map((_, i) => [i < 7, i >= 7]),
    "eight tokens, of which the last is </s>",
  );
  assert.deepEqual(Object.keys(opened.measures), ["position"]);
  assert.equal(opened.places!.length, 12);
  assert.deepEqual(
    places.map(({ value }) => value),
    places.map((_, i) => (i < 7 ? opened.places![i]! : null)),
    "no more than the model reads",
  );
  assert.equal((await worker.token(runs.dept, places[2]!.id, 2)).position, places[2]!.value);
  assert.equal((await worker.token(runs.dept, places[2]!.id, undefined)).position, undefined);
  await assert.rejects(worker.encode({ run: runs.dept, measure: "norm", texts: [text] }), UserError);
});

test("runs without offsets, without a result, and folders that are none are told as such", async () => {
  await assert.rejects(
    worker.open(runs.pt),
    (error) => error instanceof UserError && /"pt" has no offsets/.test(error.message),
  );
  await assert.rejects(
    worker.open(folder),
    (error) => error instanceof UserError && /is not a run/.test(error.message),
  );
  const copy = join(folder, ".adept/runs", "20260101-000000-copy");
  cpSync(runs.adept, copy, { recursive: true });
  rmSync(join(copy, "adapter"), { recursive: true });
  await assert.rejects(worker.open(copy), UserError);
});

test("one process serves all questions, ends when none comes, is started anew, and is missed when it is killed", async () => {
  const quick = new TokenWorker({ ...place, onLog: (line) => told.push(line), idle: 400 });
  assert.equal(quick.pid, undefined, "nothing starts before a question");
  const [first, second] = [quick.open(runs.adept), quick.open(runs.dept)];
  const pid = quick.pid!;
  await Promise.all([first, second]);
  assert.equal(quick.pid, pid);
  assert.ok(await isGone(pid), "it ends when idle");
  await quick.open(runs.adept);
  const again = quick.pid;
  assert.notEqual(again, pid);
  const asked = quick.encode({
    run: runs.adept,
    measure: "norm",
    texts: Array.from({ length: 2000 }, (_, i) => `text ${i} `.repeat(100)),
  });
  process.kill(again, "SIGKILL");
  await assert.rejects(asked, (error) => error instanceof UserError && /SIGKILL/.test(error.message));
  assert.equal(
    (await quick.encode({ run: runs.adept, measure: "norm", texts: ["one"] })).rows.length,
    1,
    "the next question is answered",
  );
  const third = quick.pid;
  quick.dispose();
  assert.ok(await isGone(third));
  assert.deepEqual(told, []);
});

test("a question that comes as the idle process ends is answered by the next", async () => {
  const quick = new TokenWorker({ ...place, onLog: (line) => told.push(line), idle: 100 });
  for (const wait of [0, 20]) {
    await quick.open(runs.adept);
    while (quick.pid !== undefined) await new Promise((done) => setTimeout(done, 1));
    await new Promise((done) => setTimeout(done, wait));
    assert.ok((await quick.open(runs.adept)).measures.norm, `asked ${wait} ms after it`);
  }
  quick.dispose();
});

test("a question that the worker does not take is told as such at once, and costs it nothing", async () => {
  const pid = worker.pid;
  await assert.rejects(
    worker.encode({ run: runs.adept, measure: "norm", texts: Array.from({ length: 5001 }, () => "one") }),
    (error: Error) => !(error instanceof UserError) && /does not know.*texts/s.test(error.message),
  );
  await assert.rejects(
    worker.check({ path: join(folder, "x.adept.json"), text: "x".repeat(2_000_001) }),
    /does not know/,
  );
  assert.equal((await worker.encode({ run: runs.adept, measure: "norm", texts: ["one"] })).rows.length, 1);
  assert.equal(worker.pid, pid);
});

test("what an editor waits for does not stand behind checks of data", async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) =>
    JSON.stringify({ text: "the meeting about paper and stone ".repeat(6), label: String(i % 2) }),
  ).join("\n");
  const order: string[] = [];
  const looked = Array.from({ length: 4 }, (_, i) => {
    const train = join(folder, `large-${i}.jsonl`);
    writeFileSync(train, rows);
    return worker
      .inspect({ task: { kind: "file", train }, backbone: "tiny-t5", maxSourceLength: 8, maxTargetLength: 3 })
      .then(() => order.push(`data ${i}`));
  });
  await Promise.all([
    ...looked,
    worker.encode({ run: runs.adept, measure: "norm", texts: ["stone and paper"] }).then(() => order.push("tokens")),
  ]);
  assert.equal(order.length, 5);
  assert.ok(order.indexOf("tokens") <= 1, order.join());
});

test("an offset of length 0 has a norm and no direction; hidden units that have no switch are none; a run that is trained on has another stamp", async () => {
  const variants = join(folder, "variants");
  mkdirSync(variants);
  writeFileSync(join(variants, "data.jsonl"), readFileSync(join(folder, "data.jsonl")));
  writeFileSync(
    join(variants, "v.adept.json"),
    JSON.stringify({
      name: "v",
      git: false,
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      sweep: {
        methods: [
          { kind: "adept", promptLength: 4, bottleneck: 6, variant: "linear" },
          { kind: "adept", promptLength: 4, variant: "table" },
        ],
      },
      training: { steps: 4, batchSize: 8, maxSourceLength: 12, maxTargetLength: 3, warmup: 1, learningRate: {} },
      engine: { threads: 1 },
    }),
  );
  execFileSync(process.execPath, [join(DIST, "cli.js"), "train", "v.adept.json"], { cwd: variants, stdio: "pipe" });
  const of = (variant: string): string =>
    readdirSync(join(variants, ".adept/runs"))
      .map((id) => join(variants, ".adept/runs", id))
      .find((path) => readFileSync(join(path, "experiment.json"), "utf8").includes(`"${variant}"`))!;
  assert.deepEqual(Object.keys((await worker.open(of("linear"))).measures), ["norm", "cosine"]);
  // Pieces that the training never met have the offset that they began with: none.
  const table = of("table");
  const opened = await worker.open(table);
  const text = "bring seven green rivers";
  const {
    rows: [cosines],
  } = await worker.encode({ run: table, measure: "cosine", texts: [text] });
  const {
    rows: [norms],
  } = await worker.encode({ run: table, measure: "norm", texts: [text] });
  const bare = norms!.values.findIndex((value) => value === 0);
  const moved = norms!.values.findIndex((value) => value! > 0);
  assert.ok(bare >= 0 && moved >= 0, norms!.values.join());
  assert.equal(cosines!.values[bare], null);
  assert.ok(cosines!.values[moved] !== null);
  const details = await worker.token(table, norms!.ids[bare]!, 0);
  assert.deepEqual([details.norm, details.cosine, details.units], [0, undefined, undefined]);
  assert.match(details.text, /^ ?\w+$/);
  assert.ok(opened.measures.norm!.high > opened.measures.norm!.low, "what was moved is told apart");
  cpSync(join(of("table"), "adapter"), join(variants, "kept"), { recursive: true });
  cpSync(join(variants, "kept"), join(of("table"), "adapter"), { recursive: true });
  const again = await worker.encode({ run: table, measure: "norm", texts: [text] });
  assert.notEqual(again.stamp, opened.stamp);
  assert.equal((await worker.open(table)).stamp, again.stamp);
  assert.equal((await worker.token(table, 5, 0)).stamp, again.stamp);
});

test("awkward texts: empty, a lone surrogate, a hundred thousand characters", async () => {
  const long = "stone and paper ".repeat(6250);
  const texts = ["", "\ud83d", " \t ", "e\u0301\u0301\u0301 好 👩‍👩‍👧", long];
  const { rows } = await worker.encode({ run: runs.adept, measure: "norm", texts });
  assert.equal(rows.length, 5);
  assert.deepEqual(rows[0], { ids: [], spans: [], values: [] });
  rows.forEach(({ ids, spans, values }, t) => {
    assert.equal(spans.length, 2 * ids.length);
    assert.equal(values.length, ids.length);
    assert.ok(spans.every((at) => at >= 0 && at <= texts[t]!.length));
  });
  assert.ok(rows[4]!.spans.at(-1)! >= 99_999);
});
