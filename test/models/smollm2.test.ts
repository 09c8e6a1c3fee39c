import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { availableParallelism } from "node:os";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { batchOf } from "./batchOfRows.ts";
import { realExamples, realPrompts, realTexts } from "./realTexts.ts";

// A real model, SmolLM2-135M-Instruct, against transformers. ADEPT_MODELS=all asks for more, which takes minutes.
const FOLDER = join(import.meta.dirname, "../cache/smollm2");
const PYTHON = process.env["ADEPT_PYTHON"] ?? join(import.meta.dirname, "../cache/python/bin/python");
const ALL = process.env["ADEPT_MODELS"] === "all";
const TEXTS = 5000;
const EXAMPLES = 100;
const PROMPTS = ALL ? 20 : 4;
const NEW_TOKENS = ALL ? 64 : 24;
const BATCH = 8;
const LOSS = 1e-4;
/** Two tokens nearer than this may change places by rounding. */
const NEAR_TIE = 1e-3;

interface Answer {
  texts: number[][];
  examples: { text: number[]; answer: number[]; loss: number }[];
  prompts: { ids: number[]; tokens: number[]; margins: number[] }[];
}

const texts = realTexts(TEXTS);
let theirs: Answer;
let model: LocalModel;

before(() => {
  if (!existsSync(FOLDER)) throw new Error(`${FOLDER} is missing: run test/models/prepare.sh`);
  const asked = { texts, examples: realExamples(EXAMPLES), prompts: realPrompts(PROMPTS), newTokens: NEW_TOKENS };
  const { stdout, stderr, status } = spawnSync(PYTHON, [join(import.meta.dirname, "smollm2_reference.py"), FOLDER], {
    input: JSON.stringify(asked),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`smollm2_reference.py: ${stderr}`);
  theirs = JSON.parse(stdout) as Answer;
  model = LocalModel.open({
    folder: FOLDER,
    method: MethodInput.parse({ kind: "lora", targets: ["none"] }),
    sizes: { rank: 1, count: 0 },
    engine: { device: "cpu", threads: availableParallelism(), replicas: 1 },
  });
});
after(() => model.release());

test("the tokens of 5,000 texts are those of transformers", async () => {
  const tokenizer = loadTokenizer(FOLDER);
  assert.ok(texts.length >= (existsSync(join(import.meta.dirname, "../../../shared/data")) ? TEXTS : 2000));
  for (const [i, text] of texts.entries())
    assert.deepEqual(Array.from(await tokenizer.encodeIds(text)), theirs.texts[i], JSON.stringify(text.slice(0, 80)));
});

test("the loss of each of 100 real examples is PyTorch's", async () => {
  assert.equal(theirs.examples.length, EXAMPLES);
  for (let from = 0; from < EXAMPLES; from += BATCH) {
    const part = theirs.examples.slice(from, from + BATCH);
    const { sum, tokens } = await model.losses(
      new Map(),
      batchOf(part.map(({ text, answer }) => ({ text, target: answer }))),
    );
    part.forEach(({ loss }, i) => {
      const own = sum[i]! / tokens[i]!;
      assert.ok(Math.abs(own - loss) < LOSS, `example ${from + i}: ${own} for ${loss}`);
    });
  }
});

test("greedy tokens are those of transformers, up to near-ties", async () => {
  const rows = theirs.prompts.map(({ ids }) => ({ text: ids, target: [0] }));
  const found = await model.generate(new Map(), batchOf(rows), NEW_TOKENS);
  let compared = 0;
  for (const [row, { tokens, margins }] of theirs.prompts.entries()) {
    const tie = margins.findIndex((margin) => margin < NEAR_TIE);
    const sure = tie < 0 ? tokens.length : tie;
    assert.deepEqual(found[row]!.slice(0, sure), tokens.slice(0, sure), `prompt ${row}`);
    compared += sure;
  }
  const all = theirs.prompts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  assert.ok(compared > 0.8 * all, `only ${compared} of ${all} tokens were compared`);
});
