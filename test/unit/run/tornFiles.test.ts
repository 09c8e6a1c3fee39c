import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import type { RunEvent } from "../../../src/record/events.ts";
import type { UserError } from "../../../src/base/errors.ts";
import { Journal } from "../../../src/run/journal/journal.ts";
import { readJournal, readRecord } from "../../../src/run/journal/readJournal.ts";
import { checkpointDamage, loadCheckpoint, saveCheckpoint } from "../../../src/training/checkpoint.ts";
import { initialState, type LoopState } from "../../../src/training/loop.ts";
import type { Parameters } from "../../../src/method/parameters.ts";

const inFolder = (name: string, work: (folder: string) => void): void => {
  test(name, () => {
    const folder = mkdtempSync(join(tmpdir(), "adept-torn-"));
    try {
      work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
};

/** Writes a journal of a few events. Returns also where each line ends. */
function journal(folder: string): { bytes: Buffer; ends: number[]; events: RunEvent[]; path: string } {
  const writer = new Journal(folder);
  const path = join(folder, "events.jsonl");
  writer.append({
    type: "created",
    version: 1,
    id: "20260101-000000-aaaa",
    name: "naïve",
    method: "pt",
    task: "file",
    backbone: "tiny-t5",
    seed: 0,
    steps: 9,
  });
  for (let step = 1; step <= 3; step++)
    writer.append({
      type: "step",
      step,
      loss: 1 / step,
      learningRate: { prompt: 0.1 },
      gradientNorm: { prompt: 1 },
      updateRatio: { prompt: 0.01 },
      tokensPerSecond: 1,
      secondsLeft: 1,
    });
  writer.append({
    type: "evaluation",
    step: 3,
    split: "validation",
    loss: 0.25,
    metrics: { accuracy: 0.875 },
    examples: 8,
  });
  writer.append({ type: "status", status: "finished" });
  writer.close();
  const bytes = readFileSync(path);
  return {
    bytes,
    path,
    events: readJournal(folder).events,
    ends: [...bytes].flatMap((byte, at) => (byte === 10 ? [at + 1] : [])),
  };
}

/** Events written after the damage can be read, whatever the damage. */
function goesOn(folder: string, before: readonly RunEvent[]): void {
  const writer = new Journal(folder);
  writer.append({ type: "warning", message: "after" });
  writer.close();
  const { events } = readJournal(folder);
  assert.deepEqual(events.slice(0, -1), before);
  assert.equal((events.at(-1) as { message?: string }).message, "after");
}

inFolder("every prefix of a journal gives the events of its complete lines, and can be appended to", (folder) => {
  const { bytes, ends, events, path } = journal(folder);
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path, bytes.subarray(0, length));
    const whole = events.slice(0, ends.filter((end) => end <= length).length);
    assert.deepEqual(readJournal(folder).events, whole);
    readRecord(folder);
    const torn = readJournal(folder).events.length + (ends.includes(length + 1) ? 1 : 0);
    if (torn === whole.length) goesOn(folder, whole);
  }
});

inFolder("no flipped bit of a journal gives an event that was not written, and its other lines are read", (folder) => {
  const { bytes, events, path } = journal(folder);
  const written = new Set(events.map((event) => JSON.stringify(event)));
  for (let at = 0; at < bytes.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const copy = Buffer.from(bytes);
      copy[at] = copy[at]! ^ (1 << bit);
      writeFileSync(path, copy);
      const { events: read, bad } = readJournal(folder);
      for (const event of read)
        assert.ok(written.has(JSON.stringify(event)), `byte ${at}, bit ${bit}: ${JSON.stringify(event)}`);
      // A changed newline damages two lines; a byte that becomes a newline splits one.
      assert.ok(
        read.length >= events.length - 2 && (read.length === events.length || bad > 0 || at === bytes.length - 1),
        `byte ${at}, bit ${bit}`,
      );
    }
});

inFolder("zeros at the end, as a power failure leaves them, count as a line of their own", (folder) => {
  const { bytes, events, path } = journal(folder);
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(700)]));
  goesOn(folder, events);
});

const like: Parameters = new Map([
  ["prompt", { name: "prompt", dims: [2, 3], group: "prompt", data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
]);
const state: LoopState = { ...initialState(like), step: 7, best: { step: 4, score: -0.5, parameters: like } };

inFolder(
  "every prefix and every flipped bit of a checkpoint is reported as damage or gives the same state",
  (folder) => {
    const path = join(folder, "state.safetensors");
    saveCheckpoint(path, state);
    const bytes = readFileSync(path);
    const expected = loadCheckpoint(path, like);
    assert.ok(
      expected !== undefined && !("damage" in expected) && expected.step === 7 && expected.best?.score === -0.5,
    );
    let later = 0;
    const judged = (damaged: Buffer, what: string): void => {
      writeFileSync(path, damaged);
      let found: ReturnType<typeof loadCheckpoint>;
      // A flipped bit can raise the stated version; then nothing may be written to the journal.
      try {
        found = loadCheckpoint(path, like);
      } catch (error) {
        later++;
        assert.match(
          `${(error as Error).message} ${(error as UserError).action}`,
          /newer ADePT Lab.*Update ADePT Lab.*remove the file/,
        );
        return;
      }
      assert.ok(
        found !== undefined &&
          ("damage" in found ||
            JSON.stringify([...found.parameters, found.step, found.adam.t, found.best?.step, found.best?.score]) ===
              JSON.stringify([
                ...expected.parameters,
                expected.step,
                expected.adam.t,
                expected.best?.step,
                expected.best?.score,
              ])),
        what,
      );
      if ("damage" in found) assert.equal(checkpointDamage(path), english(found.damage));
    };
    for (let length = 0; length < bytes.length; length++) judged(bytes.subarray(0, length), `cut off at ${length}`);
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const copy = Buffer.from(bytes);
        copy[at] = copy[at]! ^ (1 << bit);
        judged(copy, `byte ${at}, bit ${bit}`);
      }
    assert.equal(later, 2, "2 becomes 3 or 6");
  },
);

test("a checkpoint that is replaced while it is read does not count as damaged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-torn-"));
  const path = join(folder, "state.safetensors");
  const versions = [0, 1].map((which) => join(folder, `version-${which}`));
  versions.forEach((version, which) => {
    saveCheckpoint(version, {
      ...state,
      parameters: new Map(
        [...like].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.map((value) => value + which) }]),
      ),
    });
  });
  cpSync(versions[0]!, path);
  const script = `const fs = require("node:fs"), [to, ...from] = process.argv.slice(1); console.log("on"); for (let i = 0; ; i++) { fs.copyFileSync(from[i % 2], to + ".next"); fs.renameSync(to + ".next", to); }`;
  const worker = spawn(process.execPath, ["-e", script, path, ...versions], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await once(worker.stdout, "data");
    assert.deepEqual([...new Set(Array.from({ length: 1500 }, () => checkpointDamage(path)))], [undefined]);
  } finally {
    worker.kill("SIGKILL");
    await once(worker, "exit");
    rmSync(folder, { recursive: true });
  }
});

inFolder("a checkpoint that cannot be written leaves the previous one, and no temporary file", (folder) => {
  const checkpoints = join(folder, "checkpoint");
  const path = join(checkpoints, "state.safetensors");
  saveCheckpoint(path, state);
  const before = readFileSync(path);
  cpSync(path, `${path}.1.tmp`);
  assert.throws(() => {
    saveCheckpoint(path, { ...state, adam: { ...state.adam, moments: new Map() } });
  });
  assert.ok(existsSync(path));
  // A temporary file that cannot be renamed is deleted.
  assert.throws(() => {
    saveCheckpoint(join(checkpoints, "state.safetensors/inner"), state);
  });
  assert.deepEqual([readFileSync(path), readdirSync(checkpoints).includes("state.safetensors")], [before, true]);
});
