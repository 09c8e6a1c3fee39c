import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { inputParts } from "../../../src/adapter/fold.ts";
import { alteredBatch, type Alteration, type InputSide } from "../../../src/analysis/subject/alteredInput.ts";
import type { Batch } from "../../../src/backbone/batch.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { initialise, switchOff } from "../../../src/model/initialise.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { padBatch } from "../../../src/training/batch/padBatch.ts";
import { CPU } from "../../golden/engines.ts";
import { randomModel, TINY_LLAMA } from "../model/tinyCausal.ts";

const GEMMA = {
  ...TINY_LLAMA,
  model_type: "gemma2",
  head_dim: 4,
  query_pre_attn_scalar: 4,
  sliding_window: 4,
  final_logit_softcapping: 30,
  attn_logit_softcapping: 50,
  hidden_activation: "gelu_pytorch_tanh",
  eos_token_id: 2,
};
const GPT2 = {
  model_type: "gpt2",
  vocab_size: 40,
  n_embd: 16,
  n_layer: 2,
  n_head: 4,
  n_positions: 64,
  eos_token_id: 2,
  bos_token_id: 2,
};
const FOLDERS = { llama: randomModel(TINY_LLAMA), gemma2: randomModel(GEMMA), gpt2: randomModel(GPT2) };
after(() => {
  for (const folder of Object.values(FOLDERS)) rmSync(folder, { recursive: true });
});

type MethodOptions = Readonly<Record<string, unknown>> & { kind: string };
const METHODS: readonly MethodOptions[] = [
  { kind: "pt", promptLength: 3 },
  { kind: "mpt", promptLength: 3 },
  { kind: "adept", promptLength: 3, bottleneck: 5 },
  { kind: "adept", promptLength: 3, bottleneck: 5, variant: "deep" },
  { kind: "adept", promptLength: 3, variant: "constant" },
  { kind: "adept", promptLength: 3, variant: "table" },
  { kind: "adept", promptLength: 3, bottleneck: 5, variant: "hybrid", positions: 40 },
  { kind: "dept", promptLength: 3, rank: 2, positions: 40 },
  {
    kind: "adept",
    promptLength: 3,
    bottleneck: 5,
    offsetUnit: "embedding",
    inputNorm: "rms",
    gain: "vector",
    offsetTokens: { training: "text", generation: "text" },
  },
];

interface Opened {
  /** With the method in its graph. */
  tuned: LocalModel;
  parameters: Parameters;
  /** With a fed input. */
  fed: LocalModel;
  side: InputSide;
}

/** A model with a method whose tensors are random, none of them 0. */
function open(folder: string, given: MethodOptions): Opened {
  const spec = MethodInput.parse(given);
  const sizes = { promptLength: 3, bottleneck: 5, rank: 2, count: 0 };
  const options = { folder, method: spec, sizes, engine: CPU };
  const tuned = LocalModel.open(options);
  const random = new MersenneTwister(7);
  const source = {
    embedding: (id: number) => tuned.embeddings.row(id),
    width: tuned.width,
    vocabularySize: tuned.vocabularySize,
    promptIds: [4, 9],
    weight: (name: string, dims: readonly number[]) => tuned.weight(name, dims),
  };
  const parameters = new Map(
    [...initialise(tuned.shape, source, random)].map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map((x) => x + 0.5 * random.normal()) },
    ]),
  );
  return {
    tuned,
    parameters,
    fed: LocalModel.open({ ...options, inputEmbeddings: true }),
    side: {
      table: tuned.embeddings,
      width: tuned.width,
      isCausal: true,
      answersAreRaw: methodOf(spec.kind).offsets?.(spec).scope?.generation === "text",
      ...inputParts({ spec, sizes, parameters }, tuned.embeddings),
    },
  };
}

async function release({ tuned, fed }: Opened): Promise<void> {
  await tuned.release();
  await fed.release();
}

const EXAMPLES = [
  { ids: [7, 8, 9, 10, 11, 12, 13], labels: [9, 3, 2] },
  { ids: [20], labels: [17, 2] },
  { ids: [31, 6, 31, 6], labels: [4, 4, 4, 4, 4, 2] },
  { ids: [14, 15], labels: [-100, 21, -100, 2], targetIds: [30, 21, 33, 2] },
];
const batchOf = (examples: readonly { ids: number[]; labels: number[]; targetIds?: number[] }[]): Batch =>
  padBatch(examples.map((each) => ({ input: "", target: "", ...each })));
const BATCH = batchOf(EXAMPLES);
/** The candidates have other lengths than the batch's own targets. */
const CANDIDATES = [
  [9, 3, 2],
  [4, 4, 4, 4, 4, 2],
];

function close(found: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(found.length, expected.length);
  found.forEach((x, i) => {
    assert.ok(
      Math.abs(x - expected[i]!) <= 3e-5 * Math.max(1, Math.abs(expected[i]!)),
      `${what}: ${x}, ${expected[i]}`,
    );
  });
}

for (const [name, folder] of Object.entries(FOLDERS))
  test(`${name}: an unaltered input that is fed has the losses, scores and new tokens of each method itself`, async () => {
    for (const method of METHODS) {
      const opened = open(folder, method);
      const { tuned, parameters, fed, side } = opened;
      const what = `${name} ${JSON.stringify(method)}`;
      const input = alteredBatch(BATCH, side);
      const own = await tuned.predict(parameters, BATCH, 8);
      const found = await fed.predict(new Map(), input, 8);
      close(found.sum, own.sum, `${what} losses after the text`);
      assert.deepEqual(found.generated, own.generated, what);
      close((await fed.losses(new Map(), input)).sum, (await tuned.losses(parameters, BATCH)).sum, `${what} losses`);
      close(
        (await fed.scoreTargets(new Map(), input, CANDIDATES)).flat(),
        (await tuned.scoreTargets(parameters, BATCH, CANDIDATES)).flat(),
        `${what} scores`,
      );
      await release(opened);
    }
  });

test("without offsets on tokens behind the text, losses of long targets differ: the test above can fail", async () => {
  const opened = open(FOLDERS.llama, { kind: "adept" });
  const { continued: _, ...raw } = alteredBatch(BATCH, opened.side);
  const found = (await opened.fed.losses(new Map(), raw)).sum;
  const own = (await opened.tuned.losses(opened.parameters, BATCH)).sum;
  assert.ok(Math.abs(found[2]! - own[2]!) > 1e-2);
  await release(opened);
});

test("without prompt or offsets, the fed input gives the numbers of the method with these tensors switched off", async () => {
  for (const method of METHODS) {
    const opened = open(FOLDERS.llama, method);
    const { tuned, parameters, fed, side } = opened;
    const cases: readonly [switches: string[], alteration: Alteration][] = [
      [["ffn-off", "positions-off"], { scale: 0 }],
      [["prompt-off"], { prompt: "removed" }],
      [["ffn-off", "positions-off", "prompt-off"], { prompt: "removed", scale: 0 }],
    ];
    for (const [switches, alteration] of cases) {
      const known = methodOf(method.kind).switches;
      const named = switches.filter((each) => each in known);
      if (named.length === 0) continue;
      const off = named.reduce((left, each) => switchOff(method.kind as "adept", each, left), parameters);
      const own = await tuned.predict(off, BATCH, 6);
      const found = await fed.predict(new Map(), alteredBatch(BATCH, side, alteration), 6);
      close(found.sum, own.sum, `${method.kind} ${named.join()}`);
      assert.deepEqual(found.generated, own.generated);
    }
    await release(opened);
  }
});

/** Losses of each row, and the new tokens. */
async function predicted({ fed, side }: Opened, alteration: Alteration): Promise<{ sum: number[]; ids: number[][] }> {
  const input = alteredBatch(BATCH, side, alteration);
  const { sum, generated } = await fed.predict(new Map(), input, 5);
  close((await fed.losses(new Map(), input)).sum, sum, "losses of one pass and of two");
  return { sum, ids: generated };
}
const differs = (a: readonly number[], b: readonly number[]): boolean =>
  a.some((x, i) => Math.abs(x - b[i]!) > 1e-3 * Math.abs(b[i]!));

test("T1, T2: rotations know distances alone, so a shift of the whole input changes nothing; learned positions notice it", async () => {
  const llama = open(FOLDERS.llama, { kind: "adept" });
  const own = await predicted(llama, {});
  assert.deepEqual(await predicted(llama, { layout: "reindex", shift: 4 }), own);
  const attached = await predicted(llama, { layout: "attached", shift: 4 });
  close(attached.sum, own.sum, "T2");
  assert.deepEqual(attached.ids, own.ids);
  await release(llama);
  const gpt2 = open(FOLDERS.gpt2, { kind: "adept" });
  const learned = await predicted(gpt2, {});
  assert.ok(differs((await predicted(gpt2, { layout: "attached", shift: 4 })).sum, learned.sum));
  await release(gpt2);
});

test("T3 moves the text away from the prompt: it changes rotated attention, and without prompt it is T2", async () => {
  const opened = open(FOLDERS.llama, { kind: "adept" });
  const own = await predicted(opened, {});
  const moved = await predicted(opened, { layout: "window", shift: 4 });
  assert.ok(differs(moved.sum, own.sum));
  const alone = await predicted(opened, { prompt: "removed" });
  close((await predicted(opened, { prompt: "removed", layout: "window", shift: 4 })).sum, alone.sum, "without prompt");
  await release(opened);
});

test("T3 of a model with a window hides the prompt from the text as soon as it is beyond the window", async () => {
  // Both layers have the window: what is beyond it from every text token has no effect at all.
  const config = { ...TINY_LLAMA, model_type: "mistral", sliding_window: 6, eos_token_id: 2 };
  const folder = randomModel(config);
  const opened = open(folder, { kind: "pt" });
  const beyond = await predicted(opened, { layout: "window", shift: 6 });
  const alone = await predicted(opened, { prompt: "removed" });
  close(beyond.sum, alone.sum, "beyond the window");
  assert.deepEqual(beyond.ids, alone.ids);
  const near = await predicted(opened, { layout: "window", shift: 1 });
  assert.ok(differs(near.sum, alone.sum));
  await release(opened);
  rmSync(folder, { recursive: true });
});

test("T4: filler between prompt and text is read as tokens of the text, with their offsets", async () => {
  for (const method of [{ kind: "adept" }, { kind: "dept", positions: 40 }] satisfies MethodOptions[]) {
    const opened = open(FOLDERS.llama, method);
    const filler = [5, 6, 7];
    const longer = batchOf(EXAMPLES.map((each) => ({ ...each, ids: [...filler, ...each.ids] })));
    const own = await opened.tuned.predict(opened.parameters, longer, 5);
    const found = await predicted(opened, { layout: "prefix", shift: 3, filler });
    close(found.sum, own.sum, method.kind);
    assert.deepEqual(found.ids, own.generated);
    await release(opened);
  }
});

test("DePT: shifted rows are those further on, for the text and for the tokens behind it", async () => {
  const opened = open(FOLDERS.llama, { kind: "dept", positions: 40 });
  const { width, positions } = opened.side;
  const shifted = { ...opened.side, positions: positions!.slice(4 * width) };
  const expected = await opened.fed.predict(new Map(), alteredBatch(BATCH, shifted), 5);
  const found = await predicted(opened, { layout: "reindex", shift: 4 });
  close(found.sum, expected.sum, "T1");
  assert.deepEqual(found.ids, expected.generated);
  assert.ok(differs(found.sum, (await predicted(opened, {})).sum));
  await release(opened);
});

test("a folded causal model decodes, scores and has the losses of the method itself", async () => {
  for (const name of ["llama", "gemma2"] as const) {
    const opened = open(FOLDERS[name], { kind: "adept" });
    const { tuned, parameters, side } = opened;
    const offsets = side.offsets!.rows(0, side.table.tokens);
    const folded = LocalModel.open({
      folder: FOLDERS[name],
      method: MethodInput.parse({ kind: "adept" }),
      sizes: { promptLength: 3, bottleneck: 5, count: 0 },
      engine: CPU,
      folded: tuned.embedding.map((e, i) => e + offsets[i]!),
    });
    const own = await tuned.predict(parameters, BATCH, 8);
    const found = await folded.predict(parameters, BATCH, 8);
    close(found.sum, own.sum, name);
    assert.deepEqual(found.generated, own.generated);
    await folded.release();
    await release(opened);
  }
});
