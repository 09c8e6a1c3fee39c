import assert from "node:assert/strict";
import { test } from "node:test";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import type { NewRunEvent } from "../../../src/record/events.ts";
import { BatchSequence } from "../../../src/training/batch/batchSequence.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { initialState, trainLoop, type LoopOptions, type LoopState } from "../../../src/training/loop.ts";
import type { Parameters } from "../../../src/method/parameters.ts";

const parameters = (): Parameters =>
  new Map([["prompt", { name: "prompt", dims: [2], group: "prompt", data: Float32Array.of(1, -2) }]]);
const training = ExperimentFile.shape.training.parse({
  steps: 12,
  batchSize: 2,
  evaluateEvery: 4,
  checkpointEvery: 3,
  warmup: 2,
  selection: "loss",
  learningRate: { prompt: 0.1 },
});
const examples = Array.from({ length: 7 }, (_, i) => ({ input: "", target: "", ids: [i + 2], labels: [1] }));

/** The loss 1/2 sum (w - mean id)^2, so that the result depends on the order of batches. */
function options(change: Partial<LoopOptions>): LoopOptions & { events: NewRunEvent[]; saved: LoopState[] } {
  const events: NewRunEvent[] = [];
  const saved: LoopState[] = [];
  return {
    model: {
      step: (at, batch) => {
        const mean = batch.ids.reduce((a, b) => a + b, 0) / batch.rows;
        const w = at.get("prompt")!.data;
        return Promise.resolve({
          loss: w.reduce((sum, v) => sum + (v - mean) ** 2 / 2, 0),
          gradients: new Map([["prompt", w.map((v) => v - mean)]]),
        });
      },
    },
    training,
    seed: 3,
    examples,
    metric: "accuracy",
    isCausal: false,
    hidden: { units: 0, dropout: 0 },
    now: () => 0,
    stopRequested: () => false,
    evaluate: (at) => Promise.resolve({ loss: at.get("prompt")!.data[0]! ** 2, metrics: { accuracy: 0 }, examples: 1 }),
    save: (state) => {
      saved.push(state);
    },
    emit: (event) => {
      events.push(event);
    },
    events,
    saved,
    ...change,
  };
}
const whole = async (): Promise<LoopState> => (await trainLoop(initialState(parameters()), options({}))).state;

test("a run stopped at any step, between steps or in the middle of a validation, goes on to the same bits and the same best", async () => {
  const expected = await whole();
  for (let asked = 1; asked <= 15; asked++) {
    let count = 0;
    const first = options({ stopRequested: () => ++count >= asked });
    first.evaluate = (at) => (count + 1 >= asked ? Promise.resolve(undefined) : options({}).evaluate(at));
    const { state, stopped } = await trainLoop(initialState(parameters()), first);
    if (stopped) assert.deepEqual(first.saved.at(-1), state, "what was saved is where it stopped");
    assert.deepEqual((await trainLoop(state, options({}))).state, expected, `asked ${asked}`);
  }
});

test("without validation examples no checkpoint is chosen and nothing is reported", async () => {
  const run = options({ evaluate: () => Promise.resolve(undefined) });
  const { state, stopped } = await trainLoop(initialState(parameters()), run);
  assert.deepEqual([state.step, state.best, stopped], [12, undefined, false]);
  assert.ok(!run.events.some((event) => event.type === "evaluation"));
});

test("steps that take longer than a process may be ended in are saved one by one, with the same bits", async () => {
  const steps = async (seconds: number, longStep?: number): Promise<number[]> => {
    let clock = 0;
    const run = options({ now: () => (clock += seconds * 1000), longStep });
    assert.deepEqual((await trainLoop(initialState(parameters()), run)).state, await whole());
    return run.saved.map(({ step }) => step);
  };
  const every = Array.from({ length: 12 }, (_, i) => i + 1);
  assert.deepEqual(await steps(21, 20), every);
  assert.notDeepEqual(await steps(19, 20), every);
  assert.notDeepEqual(await steps(21), every);
});

test("a loss of NaN ends the run with advice, before any parameter is changed", async () => {
  const run = options({
    model: { step: () => Promise.resolve({ loss: NaN, gradients: new Map([["prompt", Float32Array.of(0, 0)]]) }) },
  });
  await assert.rejects(trainLoop(initialState(parameters()), run), /diverged.*step 1/);
  assert.equal(run.saved.length, 0);
});

test("the first of equally good checkpoints is kept", async () => {
  const { state } = await trainLoop(
    initialState(parameters()),
    options({ evaluate: () => Promise.resolve({ loss: 1, metrics: { accuracy: 1 }, examples: 1 }) }),
  );
  assert.equal(state.best?.step, 4);
});

test("every epoch has each example once, and batches pad to their own longest", () => {
  const sequence = new BatchSequence(examples, { batchSize: 2, seed: 1, isCausal: false });
  for (const epoch of [0, 1]) {
    const ids = Array.from({ length: 4 }, (_, i) => [...sequence.batch(epoch * 4 + i).ids]).flat();
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      [2, 3, 4, 5, 6, 7, 8],
    );
  }
  const batch = padBatch([
    { input: "", target: "", ids: [5], labels: [6, 1] },
    { input: "", target: "", ids: [7, 8, 1], labels: [1] },
  ]);
  assert.deepEqual(
    [[...batch.ids], [...batch.mask], [...batch.labels]],
    [
      [5, 0, 0, 7, 8, 1],
      [1, 0, 0, 1, 1, 1],
      [6, 1, 1, -100],
    ],
  );
});

test("what is computed at step 0 has no gradient, no decay and no place in the journal", async () => {
  const unit = { name: "unit", dims: [1], group: "fixed", data: Float32Array.of(0.25) };
  const own = options({ training: { ...training, weightDecay: 0.1 } });
  const { state } = await trainLoop(initialState(new Map([...parameters(), ["unit", unit]])), own);
  assert.deepEqual(state.parameters.get("unit"), unit);
  assert.notDeepEqual(state.parameters.get("prompt"), parameters().get("prompt"));
  for (const event of own.events)
    if (event.type === "step") assert.deepEqual(Object.keys(event.gradientNorm), ["prompt"]);
});
