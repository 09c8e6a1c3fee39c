import { mkdirSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { storedAnalysis } from "../../../src/run/directory/storedAnalysis.ts";
import { JournalTail } from "../../../src/run/journal/journalTail.ts";
import { readJournal, readRecord } from "../../../src/run/journal/readJournal.ts";
import { localHolderOf } from "../../../src/run/lease/lease.ts";
import { readIndex } from "../../../src/run/directory/runIndex.ts";
import { holds, texts, type Reader } from "../reader.ts";
import { checkShown, openShown } from "./shownRun.ts";

const ID = "20260101-000000-abcd";
const time = 1_760_000_000_000;
const COMMIT = "a".repeat(40);
export const EVENTS: readonly object[] = [
  {
    type: "created",
    time,
    version: 1,
    id: ID,
    name: "x",
    method: "adept",
    task: "mail",
    backbone: "tiny-t5",
    seed: 0,
    steps: 10,
    sweep: "s",
    variant: "v",
  },
  { type: "status", time, status: "preparing", pid: 4_000_000 },
  {
    type: "engine",
    time,
    device: "cpu",
    name: "CPU",
    measured: [
      { device: "cpu", milliseconds: 3 },
      { device: "cuda", reason: "none" },
    ],
  },
  {
    type: "plan",
    time,
    trainable: 100,
    promptLength: 2,
    bottleneck: 2,
    examples: { train: 8, validation: 1, test: 1 },
    device: "cpu",
  },
  {
    type: "step",
    time,
    step: 1,
    loss: 2.5,
    learningRate: { prompt: 0.1 },
    gradientNorm: { prompt: 1 },
    updateRatio: { prompt: 0.01 },
    tokensPerSecond: 100,
    secondsLeft: 9,
  },
  { type: "evaluation", time, step: 5, split: "validation", loss: 1, metrics: { accuracy: 0.5 }, examples: 4 },
  {
    type: "evaluation",
    time,
    step: 10,
    split: "test",
    label: "trained",
    loss: 1,
    metrics: { accuracy: 0.5, f1: 0.25 },
    examples: 4,
  },
  { type: "checkpoint", time, step: 5, best: true },
  {
    type: "precision",
    time,
    weights: "int8",
    label: "untrained",
    split: "validation",
    examples: 4,
    loss: 1,
    wideLoss: 1.5,
    same: 3,
    bytes: 10,
    wideBytes: 40,
  },
  {
    type: "memory",
    time,
    needed: 1e9,
    available: 2e9,
    device: { needed: 1e9 },
    copies: 1,
    wanted: 2,
    less: "engine.replicas 1",
    oomKills: 3,
  },
  { type: "warning", time, message: "slow" },
  { type: "git", time, kind: "snapshot", commit: COMMIT, ref: `refs/adept/runs/${ID}` },
  { type: "sources", time, paths: { "/a/b": "b" } },
  { type: "contents", time, files: { "/a/b": { sha256: "a".repeat(64), bytes: 3 } } },
  { type: "analysis", time, name: "ablation", status: "finished", done: 1, total: 2 },
  { type: "annotated", time, name: "y", note: "n", starred: true, tags: ["t"], priority: 1 },
  {
    type: "reproduced",
    time,
    of: ID,
    same: false,
    steps: 10,
    firstDifference: { step: 3, loss: 1, was: 2 },
    metric: { name: "accuracy", value: null, was: 0.5 },
    outside: ["/x"],
  },
  {
    type: "heartbeat",
    time,
    pid: 3,
    gpus: [{ index: 0, name: "gpu", memoryUsed: 1e9, memoryTotal: 2e9, utilisation: 0.5 }],
  },
  {
    type: "error",
    time,
    message: "m",
    action: "a",
    code: "c",
    phrase: { template: "m", values: [{ template: "{0}", values: [1] }] },
  },
  { type: "status", time, status: "finished" },
];
/** Events that only a later version writes. */
const NEWER: readonly object[] = [
  { type: "of tomorrow", time },
  { type: "created", time, version: 2, id: ID },
];
/** A line as the journal writes it, with its checksum. */
const sealed = (events: readonly object[]): string =>
  events
    .map((event) => {
      const text = JSON.stringify(event);
      return `${text.slice(0, -1)},"crc":"${crc32(text).toString(16).padStart(8, "0")}"}\n`;
    })
    .join("");
const lines = (events: readonly object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");

/** A changed journal whose lines are sound again, those that have a checksum. */
const resealed = (input: Buffer): Buffer =>
  Buffer.from(
    input.toString("latin1").replace(
      /^(.*),"crc":"[^"\n]*"\}$/gm,
      (_, own: string) =>
        `${own},"crc":"${crc32(Buffer.from(`${own}}`, "latin1"))
          .toString(16)
          .padStart(8, "0")}"}`,
    ),
    "latin1",
  );

/** Reads a journal at once and in parts: both give the same record, which the window can show. */
const read =
  (folder: string) =>
  (input: Buffer): void => {
    writeFileSync(join(folder, "events.jsonl"), input);
    const { events } = readJournal(folder);
    const { record } = readRecord(folder);
    holds(isDeepStrictEqual(record, foldEvents(events)), "one record of one journal");
    holds(isDeepStrictEqual(new JournalTail(folder).read(), events), "a tail that reads what is there");
    checkShown(record);
  };

const journalReader: Reader = {
  name: "journal",
  weight: 2,
  mend: resealed,
  corpus: () =>
    texts(
      lines(EVENTS),
      sealed(EVENTS),
      sealed([...EVENTS, ...NEWER]),
      lines(EVENTS.slice(0, 5)),
      lines(EVENTS.slice(5)),
    ),
  open: async (folder) => {
    await openShown();
    return read(folder);
  },
};
/** One event, changed as a value, in a whole journal. */
const eventReader: Reader = {
  name: "event",
  json: true,
  weight: 2,
  corpus: () => texts(...EVENTS, ...NEWER),
  open: async (folder) => {
    await openShown();
    const own = read(folder);
    const [first] = EVENTS;
    return (input) => {
      own(Buffer.concat([...texts(lines([first!])), input, Buffer.from("\n")]));
    };
  },
};

const indexReader: Reader = {
  name: "runIndex",
  json: true,
  corpus: () => [indexBytes()],
  open: async (folder) => {
    await openShown();
    mkdirSync(join(folder, "runs"), { recursive: true });
    return (input) => {
      writeFileSync(join(folder, "index.json"), input);
      for (const [id, { record, size }] of readIndex(join(folder, "runs"))) {
        holds(typeof id === "string" && typeof size === "number", "an entry");
        checkShown(record);
      }
    };
  },
};
const indexBytes = (): Buffer => {
  const record = foldEvents(EVENTS as never);
  return Buffer.from(
    JSON.stringify({ shape: Object.keys(foldEvents([])).sort().join(), runs: { [ID]: { size: 10, record } } }),
  );
};

const leaseReader: Reader = {
  name: "lease",
  json: true,
  weight: 0.3,
  corpus: () => texts({ pid: process.pid, started: "1" }),
  open: (folder) => (input) => {
    const path = join(folder, "lease");
    writeFileSync(path, input);
    holds(localHolderOf(path) !== process.pid, "a lease of a process that never took it");
  },
};

const analysisReader: Reader = {
  name: "analysisFile",
  json: true,
  weight: 0.5,
  corpus: () => texts({ name: "ablation", version: 2, key: "k", examples: 4, result: { rows: [] } }),
  open: (folder) => {
    mkdirSync(join(folder, "analysis"), { recursive: true });
    return (input) => {
      writeFileSync(join(folder, "analysis", "ablation.json"), input);
      const stored = storedAnalysis(folder, "ablation");
      holds(stored === undefined || stored.version === 2, "another version's result");
    };
  },
};

export const RUN_READERS: readonly Reader[] = [journalReader, eventReader, indexReader, leaseReader, analysisReader];
