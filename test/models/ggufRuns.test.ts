import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MersenneTwister } from "../../src/base/random.ts";
import { backboneFolder } from "../../src/backbone/backboneFolder.ts";
import { endTokens } from "../../src/backbone/generationConfig.ts";
import { configText } from "../../src/backbone/gguf/configText.ts";
import { ggufConfig } from "../../src/backbone/gguf/ggufConfig.ts";
import { readGguf } from "../../src/backbone/gguf/ggufFile.ts";
import { loadTokenizer, type TextTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { methodOf } from "../../src/method/registry.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import type { StepResult } from "../../src/model/model.ts";
import { CPU, TFJS, TORCH, withTensorFlow, withTorch } from "../golden/engines.ts";
import { relativeDifference } from "../golden/methodGolden.ts";
import { batchOf } from "./batchOfRows.ts";
import type { Row } from "./causalReferences.ts";
import { madeFiles, SMOLLM2_FILE, SMOLLM2_FOLDER, type MadeFile } from "./ggufReferences.ts";
import { realExamples, realPrompts } from "./realTexts.ts";

// Models computed from GGUF files, against the same models from Hugging Face folders that hold the files' values.
const scratch = mkdtempSync(join(tmpdir(), "adept-gguf-runs-"));
process.env["ADEPT_CACHE"] = join(scratch, "cache");
after(() => {
  rmSync(scratch, { recursive: true });
});

const GENERATION = "generation_config.json";
const NEW_TOKENS = 12;
/** PyTorch's losses, which are sums over the tokens of a row. */
const LOSS = 1e-5;
/**
 * Files whose numbers are the folder's within this alone, not bit for bit. The first keeps rotations as factors, which
 * are rounded to fp32. On the processor, parts of Phi-3's fused matrices are added in another order where the matrix
 * is levels.
 */
const ROUNDING = 1e-5;
const isRounded = ({ model, type }: MadeFile, { device }: EngineSpec): boolean =>
  model === "llama-factors" || (model.startsWith("phi3") && type !== "F32" && device === "cpu");
const BARE = { method: MethodInput.parse({ kind: "lora", targets: ["none"] }), sizes: { rank: 1, count: 0 } };

/** A folder that shows a file; the files have no tokenizer. */
function shownAs({ model, type, file, folder }: MadeFile): string {
  const made = join(scratch, "cache/weights", `gguf-${model}-${type}`);
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, "config.json"), configText(ggufConfig(readGguf(file))));
  writeFileSync(join(made, "gguf.json"), JSON.stringify({ gguf: file }));
  if (existsSync(join(folder, GENERATION))) copyFileSync(join(folder, GENERATION), join(made, GENERATION));
  return made;
}

const rowsOf = ({ file }: MadeFile): { rows: Row[]; losses: number[] } =>
  JSON.parse(readFileSync(file.replace(/gguf$/, "json"), "utf8")) as { rows: Row[]; losses: number[] };

interface Computed {
  loss: number;
  gradients: StepResult["gradients"];
  tokens: number[][];
}

const METHODS = {
  adept: { promptLength: 3, bottleneck: 4, count: 0 },
  lora: { rank: 2, count: 0 },
} as const;

/** A training step of a method with random parameters, and greedy tokens. */
async function computed(
  folder: string,
  rows: readonly Row[],
  { kind, engine }: { kind: keyof typeof METHODS; engine: EngineSpec },
): Promise<Computed> {
  const method = MethodInput.parse({ kind });
  const tuned = LocalModel.open({ folder, method, sizes: METHODS[kind], engine, training: true });
  const random = new MersenneTwister(5);
  const values = (sizes: readonly number[]): Float32Array =>
    Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => 0.2 * random.normal());
  const parameters: Parameters = new Map(
    methodOf(method.kind)
      .tensors(tuned.shape)
      .map(({ name, sizes: dims, group }) => [name, { name, dims, group, data: values(dims) }]),
  );
  const batch = batchOf(rows);
  const lossScale = 1 / batch.labels.filter((id) => id >= 0).length;
  const { loss, gradients } = await tuned.step(parameters, batch, { lossScale });
  const tokens = await tuned.generate(parameters, batch, NEW_TOKENS);
  await tuned.release();
  return { loss, gradients, tokens };
}

/** Losses, gradients and greedy tokens are the folder's. */
async function isTheFolders(made: MadeFile, engine: EngineSpec): Promise<void> {
  const { rows, losses } = rowsOf(made);
  const shown = shownAs(made);
  const least = isRounded(made, engine) ? ROUNDING : 0;
  for (const kind of ["adept", "lora"] as const) {
    const own = await computed(shown, rows, { kind, engine });
    const right = await computed(made.values, rows, { kind, engine });
    assert.ok(Math.abs(own.loss / right.loss - 1) <= least, `${kind}: loss ${own.loss} for ${right.loss}`);
    assert.ok(own.gradients.size > 1);
    assert.deepEqual([...own.gradients.keys()], [...right.gradients.keys()]);
    for (const [name, gradient] of own.gradients) {
      const difference = relativeDifference(gradient, right.gradients.get(name)!);
      assert.ok(difference <= least && gradient.some((each) => each !== 0), `${kind}, ${name}: off by ${difference}`);
    }
    assert.deepEqual(own.tokens, right.tokens);
  }
  const bare = LocalModel.open({ folder: shown, ...BARE, engine });
  const { sum } = await bare.losses(new Map(), batchOf(rows));
  sum.forEach((loss, row) => {
    assert.ok(Math.abs(loss / losses[row]! - 1) < LOSS, `row ${row}: ${loss} for PyTorch's ${losses[row]}`);
  });
  await bare.release();
}

function ofEngine(files: readonly MadeFile[], engine: EngineSpec): void {
  for (const model of new Set(files.map((each) => each.model)))
    test(`${engine.device}: ${model} from GGUF: losses, gradients and greedy tokens are the folder's`, async () => {
      for (const made of files) if (made.model === model) await isTheFolders(made, engine);
    });
}

const files = madeFiles();
/** Of each type one, and each kind of change of tensors. */
const few = files.filter(({ model }) => ["llama", "gemma3", "gpt2", "gptneox", "t5-v11"].includes(model));
ofEngine(files, CPU);
withTensorFlow("GGUF files", () => {
  ofEngine(few, TFJS);
});
withTorch("GGUF files", () => {
  ofEngine(few, TORCH);
});

const EXAMPLES = 20;
const TEXT_TOKENS = 24;
/** Of wide matrices the parts of a sum are added in another order where they are levels. */
const REAL_LOSS = 5e-6;
/** Two tokens nearer than this may change places by rounding. */
const NEAR_TIE = 1e-3;
const ALL: EngineSpec = { device: "cpu", threads: availableParallelism(), replicas: 1 };

const encoded = async (tokenizer: TextTokenizer, text: string): Promise<number[]> =>
  Array.from(await tokenizer.encodeIds(text));

/** Losses of real examples, with the folder's own tokenizer. */
async function realLosses(model: LocalModel, tokenizer: TextTokenizer): Promise<number[]> {
  const rows: Row[] = [];
  for (const { text, answer } of realExamples(EXAMPLES))
    rows.push({ text: await encoded(tokenizer, text), target: await encoded(tokenizer, answer) });
  const sum: number[] = [];
  for (let from = 0; from < EXAMPLES; from += 5)
    sum.push(...(await model.losses(new Map(), batchOf(rows.slice(from, from + 5)))).sum);
  return sum;
}

/** The tokens are equal up to a place where the model finds two about as likely. @param text before the tokens */
async function isNearTie(model: LocalModel, text: number[], [own, right]: [number[], number[]]): Promise<boolean> {
  const at = right.findIndex((token, i) => token !== own[i]);
  const options = [own[at], right[at]];
  if (options.includes(undefined)) return false;
  const batch = batchOf([{ text: [...text, ...right.slice(0, at)], target: [0] }]);
  const [one, other] = (
    await model.scoreTargets(
      new Map(),
      batch,
      options.map((id) => [id!]),
    )
  )[0]!;
  return Math.abs(one! - other!) < NEAR_TIE;
}

test("SmolLM2 from its GGUF file: losses of real examples and greedy tokens are the folder's", async () => {
  const folders = [backboneFolder(SMOLLM2_FILE), SMOLLM2_FOLDER] as const;
  const [tokenizer, known] = [loadTokenizer(folders[0]), loadTokenizer(folders[1])];
  const prompts: Row[] = [];
  for (const text of realPrompts(EXAMPLES)) prompts.push({ text: await encoded(tokenizer, text), target: [0] });
  const own = LocalModel.open({ folder: folders[0], ...BARE, engine: ALL });
  const losses = await realLosses(own, tokenizer);
  const tokens = await own.generate(new Map(), batchOf(prompts), TEXT_TOKENS);
  await own.release();
  const right = LocalModel.open({ folder: folders[1], ...BARE, engine: ALL });
  (await realLosses(right, known)).forEach((loss, i) => {
    assert.ok(Math.abs(losses[i]! / loss - 1) < REAL_LOSS, `example ${i}: ${losses[i]} for ${loss}`);
  });
  let same = 0;
  for (const [row, expected] of (await right.generate(new Map(), batchOf(prompts), TEXT_TOKENS)).entries())
    if (expected.join() === tokens[row]!.join()) same++;
    else assert.ok(await isNearTie(right, prompts[row]!.text, [tokens[row]!, expected]), `prompt ${row}`);
  await right.release();
  assert.ok(same >= 0.8 * EXAMPLES, `${same} of ${EXAMPLES} texts are the same`);
  // llama.cpp ends an answer at <|endoftext|> too, whatever the file says; the folder's files name <|im_end|> alone.
  assert.deepEqual([endTokens(folders[0]), endTokens(folders[1])], [[0, 2], [2]]);
});
