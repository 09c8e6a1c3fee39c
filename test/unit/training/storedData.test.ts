import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import type { Experiment } from "../../../src/experiment/experiment.ts";
import { readExperiment } from "../../../src/experiment/readExperiment.ts";
import { majorityShare } from "../../../src/task/metric/majorityShare.ts";
import { BatchSequence } from "../../../src/training/batch/batchSequence.ts";
import { dataNotes } from "../../../src/training/data/dataNotes.ts";
import { firstExamples, shapeOf } from "../../../src/training/batch/exampleList.ts";
import type { LoadedData } from "../../../src/training/data/loadedData.ts";
import { openData } from "../../../src/training/data/openData.ts";
import { PreparationStopped, UNWATCHED, type Preparing } from "../../../src/training/data/preparing.ts";
import { pruneStores } from "../../../src/training/data/storeFolder.ts";
import { largestShapes } from "../../../src/training/memory/largestShapes.ts";
import { openReading } from "../../../src/training/prepare.ts";
import { readBackBy } from "../../../src/training/readBack.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-stored-"));
const cache = join(folder, "cache");
const known = process.env["ADEPT_CACHE"];
before(() => {
  process.env["ADEPT_CACHE"] = cache;
});
after(() => {
  if (known === undefined) delete process.env["ADEPT_CACHE"];
  else process.env["ADEPT_CACHE"] = known;
  rmSync(folder, { recursive: true });
});

const WORDS = ["good", "bad", "film", "the", "naïve", "漢字", "don't", "{x}", "1.50", "very  long", "two\nlines"];
const random = new MersenneTwister(11);
const draw = (from: readonly string[]): string => from[Math.floor(random.uniform() * from.length)]!;
const sentence = (): string => Array.from({ length: 1 + random.uniform() * 30 }, () => draw(WORDS)).join(" ");
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function write(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return name;
}

interface Row {
  text: string;
  label: string;
}
const rowsOf = (count: number, label = (): string => draw(["pos", "neg", "neutral"])): Row[] =>
  Array.from({ length: count }, () => ({ text: sentence(), label: label() }));
const csv = (rows: readonly Row[]): string =>
  ["text,label", ...rows.map(({ text, label }) => `${quoted(text)},${quoted(label)}`)].join("\n");
const parquet = (rows: readonly Row[]): Buffer =>
  Buffer.from(
    parquetWriteBuffer({
      columnData: (["text", "label"] as const).map((name) => ({ name, data: rows.map((row) => row[name]) })),
      rowGroupSize: 7000,
    }),
  );
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

function experimentOf(task: object, change: object = {}): Experiment {
  const path = join(folder, "x.adept.json");
  writeFileSync(
    path,
    JSON.stringify({
      name: "stored",
      backbone: "tiny-t5",
      task: { kind: "file", source: "review: {text}", target: "{label}", ...task },
      method: { kind: "adept", promptLength: 3, bottleneck: 4 },
      training: { maxSourceLength: 24, maxTargetLength: 3 },
      ...change,
    }),
  );
  return readExperiment(path);
}

/** What is to be the same of data in memory and on disk. */
async function told(experiment: Experiment, large: number, preparing: Preparing = UNWATCHED): Promise<object> {
  const reading = openReading(experiment);
  const data = await openData(experiment, reading, { large, preparing });
  try {
    assert.equal(data.keep !== undefined, large === 0);
    const readBack = readBackBy(data.asked, reading.tokenizer);
    const model = { readBack, isCausal: reading.isCausal, longest: 20, prompt: 3 };
    const batches = new BatchSequence(data.lists.train, {
      batchSize: 7,
      seed: 5,
      isCausal: reading.isCausal,
    });
    return {
      lists: Object.fromEntries(Object.entries(data.lists).map(([name, list]) => [name, plainList(list)])),
      shapes: largestShapes(data.lists.train),
      targets: data.texts.train.counted(),
      distinct: data.texts.train.distinct(),
      labels: data.labels,
      metrics: data.metrics,
      majority: data.lists.test.length > 0 ? await majorityShare(data.texts.test, data.texts.train, readBack) : 0,
      batches: [0, 1, 5, 40].map((index) => batches.batch(index)),
      notes: (await dataNotes(experiment, data, model, preparing)).map(english),
    };
  } finally {
    await data.close();
  }
}

function plainList(list: LoadedData["lists"]["train"]): object[] {
  return firstExamples(list, list.length).map((example, at) => ({
    ids: Array.from(example.ids),
    labels: Array.from(example.labels),
    targetIds: example.targetIds && Array.from(example.targetIds),
    cut: example.cut,
    input: example.input,
    target: example.target,
    shape: shapeOf(list, at),
    // A copy has the fields of the text too.
    copied: { ...example }.input,
  }));
}

async function same(experiment: Experiment): Promise<void> {
  const inMemory = await told(experiment, Infinity);
  assert.deepEqual(await told(experiment, 0), inMemory, "encoded now");
  assert.deepEqual(await told(experiment, 0), inMemory, "from the cache");
}

test("data on disk are those in memory: tables, JSON lines, gzip, Latin-1, one document, splits of their own", async () => {
  const rows = rowsOf(900);
  const more = rowsOf(120, () => draw(["pos", "other", "neg "]));
  const plain = rows.map(({ text, label }) => ({ text: text.replaceAll("漢字", "über"), label }));
  for (const task of [
    { train: write("a.csv", csv(rows)) },
    {
      train: write("a.jsonl", lines(rows)),
      validation: write("v.csv", csv(more)),
      test: write("t.jsonl", lines(more)),
    },
    { train: write("a.jsonl.gz", gzipSync(lines(rows))) },
    { train: write("latin.csv", Buffer.from(csv(plain), "latin1")) },
    {
      train: write(
        "late.csv",
        Buffer.concat([
          Buffer.from(csv(rows.map((row) => ({ ...row, text: "plain" })))),
          Buffer.from('\n"caf\xe9 \xfcber",pos\n', "latin1"),
        ]),
      ),
    },
    { train: write("a.json", JSON.stringify(rows)) },
    { train: write("a.parquet", parquet(rowsOf(9000))) },
    {
      train: write(
        "a.tsv",
        `text\tlabel\n${rows.map(({ text, label }) => `${text.replaceAll("\n", " ")}\t${label}`).join("\n")}`,
      ),
    },
    { train: "a.csv", target: "{label} {text}" },
    { train: "a.csv", shots: { k: 8, seed: 3 } },
    { train: "a.csv", shots: { k: 8, seed: 3, sampling: "official" } },
    { train: write("free.csv", csv(rowsOf(300, sentence))), shots: { k: 5, seed: 1 } },
    {
      train: write("odd.jsonl", lines(rows.map(({ text, label }) => ({ "{text}": text, text, label })))),
      source: "{{text}} {text}",
    },
  ])
    await same(experimentOf(task));
  await same(experimentOf({ train: "a.csv" }, { training: { validationLimit: 10, testLimit: 7, maxSourceLength: 9 } }));
});

test("bad rows on disk are counted, refused or left out as in memory", async () => {
  const rows = rowsOf(300);
  const bad =
    lines([...rows.slice(0, 100), { text: "no label" }, { text: "x", label: "" }, ...rows.slice(100)]) + "no JSON\n";
  const task = { train: write("bad.jsonl", bad) };
  const errors: string[] = [];
  for (const large of [Infinity, 0])
    await assert.rejects(told(experimentOf(task), large), (error) => {
      assert.ok(error instanceof UserError);
      errors.push(`${error.code} ${error.message} ${error.action}`);
      return true;
    });
  assert.equal(errors[1], errors[0]);
  assert.match(errors[0]!, /3 of 303 rows/);
  await same(experimentOf({ ...task, skipBadRows: true }));
});

test("the cache is by content and by how it is read; the notes name the file as it is called now", async () => {
  const task = { train: write("one.csv", `${csv(rowsOf(200))}\nshort\n`), skipBadRows: true };
  const stores = (): string[] => readdirSync(join(cache, "examples")).filter((name) => !name.includes("."));
  const before = stores().length;
  await told(experimentOf(task), 0);
  assert.equal(stores().length, before + 1);
  copyFileSync(join(folder, "one.csv"), join(folder, "two.csv"));
  const { notes } = (await told(experimentOf({ ...task, train: "two.csv" }), 0)) as { notes: string[] };
  assert.equal(stores().length, before + 1, "the same content");
  assert.match(notes[0]!, /two\.csv: 1 of 201 rows cannot be used.*\n.*two\.csv:\d+: 1 columns/);
  await told(experimentOf({ ...task, source: "{text}!" }), 0);
  await told(experimentOf(task, { training: { maxSourceLength: 12, maxTargetLength: 3 } }), 0);
  assert.equal(stores().length, before + 3, "other templates, other lengths");
  write("one.csv", csv(rowsOf(201)));
  await told(experimentOf(task), 0);
  assert.equal(stores().length, before + 4, "another content under the same name");
});

test("a store that lacks a file or the end of one is made anew; one that is cut while it is read is named", async () => {
  const experiment = experimentOf({ train: write("cut.csv", csv(rowsOf(200))) });
  const first = await told(experiment, 0);
  const open = (): Promise<LoadedData> => openData(experiment, openReading(experiment), { large: 0 });
  const data = await open();
  const path = data.keep!.folder;
  await data.close();
  for (const harm of [
    () => {
      rmSync(join(path, "store.json"));
    },
    () => {
      rmSync(join(path, "index.u32"));
    },
    () => {
      truncateSync(join(path, "tokens"), 100);
    },
  ]) {
    harm();
    assert.deepEqual(await told(experiment, 0), first);
  }
  const again = await open();
  truncateSync(join(path, "tokens"), 100);
  assert.throws(() => again.lists.train.at(100), /The encoded examples in .* are damaged/);
  await again.close();
});

test("a header alone, with a line end or without, has no rows; files that are none are named", async () => {
  const train = write("full.csv", csv(rowsOf(50)));
  for (const content of ["text,label", "text,label\n", "sep=;\ntext;label", ""]) {
    const experiment = experimentOf({ train, validation: write("head.csv", content) });
    for (const large of [Infinity, 0])
      await assert.rejects(told(experiment, large), /head\.csv(: the row| has no rows)/);
  }
  const experiment = experimentOf({ train, validation: write("gone.csv", "text,label\n") });
  const path = join(folder, "gone.csv");
  for (const harm of [rmSync, mkdirSync]) {
    harm(path);
    for (const large of [Infinity, 0])
      await assert.rejects(told(experiment, large), (error) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.code, "data-file-not-readable");
        return true;
      });
  }
});

test("files of the same content are told by their own names", async () => {
  const rows = rowsOf(60);
  const both = { train: write("twice.csv", csv(rows)), validation: write("copy.csv", csv(rows)) };
  const experiment = experimentOf({ ...both, split: { validation: 0, test: 0, seed: 0 } });
  const { notes } = (await told(experiment, 0)) as { notes: string[] };
  assert.ok(
    notes.some((note) => /validation examples.*copy\.csv:\d+.*twice\.csv:\d+/.test(note)),
    notes.join("\n"),
  );
  await same(experiment);
});

test("two processes that make one store at once both have it", async () => {
  const experiment = experimentOf({ train: write("both.csv", csv(rowsOf(400))) });
  const first = await told(experiment, Infinity);
  const found = await Promise.all([told(experiment, 0), told(experiment, 0), told(experiment, 0)]);
  for (const each of found) assert.deepEqual(each, first);
});

test("stores that were not used for the longest time go, and what killed processes left; one in use stays", () => {
  const parent = mkdtempSync(join(folder, "prune-"));
  const hours = (ago: number): Date => new Date(Date.now() - ago * 3600e3);
  for (const [name, ago] of [
    ["new", 1],
    ["used", 11],
    ["old", 13],
    ["older", 14],
    ["left.tmp", 25],
    ["busy.tmp", 23],
  ] as const) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, "rows"), "x".repeat(100));
    utimesSync(join(parent, name), hours(ago), hours(ago));
  }
  pruneStores(parent, 250);
  assert.deepEqual(readdirSync(parent).sort(), ["busy.tmp", "new", "used"]);
  pruneStores(parent, 50);
  assert.deepEqual(readdirSync(parent).sort(), ["busy.tmp", "new", "used"], "the newest is larger than all may be");
});

test("a stop ends the encoding, leaves nothing behind, and progress is told", async () => {
  const train = write("stop.csv", csv(rowsOf(40_000)));
  let told_ = 0;
  const preparing: Preparing = {
    progress: ({ done, total }) => (told_ = done / total!),
    stopRequested: () => told_ > 0.3,
  };
  await assert.rejects(told(experimentOf({ train }), 0, preparing), PreparationStopped);
  assert.ok(told_ > 0.3 && told_ < 1);
  assert.deepEqual(
    readdirSync(join(cache, "examples")).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("of very many examples, memory is forecast by the longest", () => {
  const list = {
    length: 300_000,
    at: () => undefined,
    shape: (at: number) => ({
      source: at % 1000,
      target: at === 5 ? 90 : at % 7,
      isSourceCut: false,
      isTargetCut: false,
    }),
  };
  const shapes = largestShapes(list);
  assert.ok(shapes.length <= 40_000);
  assert.equal(Math.min(...shapes.slice(0, 20_000).map(({ ids }) => ids.length)), 933);
  assert.ok(shapes.some(({ labels }) => labels.length === 90));
});

const chatModel = "../shared/goldens/models/qwen2-tiny";
test("conversations on disk are those in memory", { skip: !existsSync(chatModel) }, async () => {
  const turn = (role: string, content: string): object => ({ role, content });
  const rows = Array.from({ length: 300 }, (_, at) => ({
    messages: Array.from({ length: 1 + (at % 3) }, (__, round) => [
      turn("user", `${sentence()} ${round}?`),
      turn("assistant", draw(["yes", "no", sentence()])),
    ]).flat(),
  }));
  const backbone = join(process.cwd(), chatModel);
  const train = write("chat.jsonl", lines(rows));
  const split = { validation: 0.1, test: 0.1, seed: 3 };
  const chat = { kind: "chat", train, split, source: undefined, target: undefined };
  for (const [task, prompt] of [
    [{ ...chat, trainOn: "all" }, {}],
    [{ ...chat, trainOn: "last", system: "Be brief." }, { shots: 2 }],
    [{ train: "a.csv" }, { shots: 3 }],
  ] as const)
    await same(experimentOf(task, { backbone, prompt, training: { maxSourceLength: 60, maxTargetLength: 12 } }));
});
