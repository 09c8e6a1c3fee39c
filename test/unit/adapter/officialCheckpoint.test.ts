import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { writeFolderAtomic } from "../../../src/base/files/atomicFolder.ts";
import { loadAdapter } from "../../../src/adapter/adapterFolder.ts";
import { torchFile, type Saved } from "./torchWriter.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";

const LAYOUT = backboneLayout(join(import.meta.dirname, "../../../models/tiny-t5"));
const D = LAYOUT.width;
const CONFIG = {
  base_model_name_or_path: "t5-base",
  bias: "none",
  hidden_size: 768,
  lora_alpha: 8,
  max_length: 20,
  num_transformer_submodules: 1,
  num_virtual_tokens: 3,
  r: 2,
  task_type: "SEQ_2_SEQ_LM",
  token_dim: D,
};
const values = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i + from)));
const PROMPT: Saved = { name: "prompt_embeddings", dims: [3, D], values: values(3 * D) };
const ADEPT: Saved[] = [
  PROMPT,
  { name: "prompt_encoder.lora_embedding_A", dims: [D, 2], values: values(2 * D, 1), parameter: true },
  { name: "prompt_encoder.lora_embedding_B", dims: [2, D], values: values(2 * D, 2) },
  { name: "prompt_encoder.lora_embedding_a", dims: [2], values: [0.5, -0.25] },
  { name: "prompt_encoder.lora_embedding_b", dims: [D], values: values(D, 3) },
];
const DEPT: Saved[] = [
  PROMPT,
  { name: "prompt_encoder.lora_embedding_A", dims: [20, 2], values: values(40, 1) },
  { name: "prompt_encoder.lora_embedding_B", dims: [2, D], values: values(2 * D, 2) },
];

function folderOf(t: TestContext, config: object, file: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-official-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify({ ...CONFIG, ...config }));
  writeFileSync(join(folder, "adapter_model.bin"), file);
  return folder;
}
const refuses = (folder: string, ...words: RegExp[]): void => {
  assert.throws(
    () => loadAdapter(folder, LAYOUT),
    (error) => {
      assert.ok(error instanceof UserError, String((error as Error).stack));
      for (const word of words) assert.match(error.message, word);
      return true;
    },
  );
};

test("an official ADePT checkpoint is read with each matrix in its place", (t) => {
  const { spec, sizes, parameters } = loadAdapter(
    folderOf(t, { peft_type: "PROMPT_TUNING_LORAX" }, torchFile(ADEPT)),
    LAYOUT,
  );
  assert.deepEqual(
    [spec.kind, "variant" in spec && spec.variant, sizes.promptLength, sizes.bottleneck, sizes.count],
    ["adept", "standard", 3, 2, 3 * D + 4 * D + 2 + D],
  );
  for (const [name, saved] of [
    ["prompt", 0],
    ["w_down", 1],
    ["w_up", 2],
    ["b_down", 3],
    ["b_up", 4],
  ] as const)
    assert.deepEqual([...parameters.get(name)!.data], ADEPT[saved]!.values, name);
});

test("the type PROMPT_TUNING_LORA is DePT or ADePT without biases, by its rows; another alpha is another scale", (t) => {
  const dept = loadAdapter(folderOf(t, { peft_type: "PROMPT_TUNING_LORA" }, torchFile(DEPT)), LAYOUT);
  assert.deepEqual(
    [dept.spec.kind, "scale" in dept.spec && dept.spec.scale, "positions" in dept.spec && dept.spec.positions],
    ["dept", "official", 20],
  );
  const other = loadAdapter(folderOf(t, { peft_type: "PROMPT_TUNING_LORA", lora_alpha: 4 }, torchFile(DEPT)), LAYOUT);
  assert.ok(
    "scale" in other.spec &&
      typeof other.spec.scale === "number" &&
      Math.abs(other.spec.scale - 4 / Math.sqrt(2)) < 1e-12,
  );
  const bare = loadAdapter(folderOf(t, { peft_type: "PROMPT_TUNING_LORA" }, torchFile(ADEPT.slice(0, 3))), LAYOUT);
  assert.deepEqual([bare.spec.kind, "variant" in bare.spec && bare.spec.variant], ["adept", "no-bias"]);
  refuses(
    folderOf(t, { peft_type: "PROMPT_TUNING_LORA", max_length: D }, torchFile(ADEPT.slice(0, 3))),
    /lora_embedding_A/,
    new RegExp(`${D}`),
  );
});

test("variants whose matrices were never saved, wrong shapes, missing and spare tensors are refused by name", (t) => {
  refuses(
    folderOf(t, { peft_type: "PROMPT_TUNING_LORAXL" }, torchFile([PROMPT])),
    /does not save the matrices of PROMPT_TUNING_LORAXL/,
  );
  refuses(folderOf(t, { peft_type: "PROMPT_TUNING_LORAX" }, torchFile(ADEPT.slice(0, 4))), /lacks tensor "b_up"/);
  refuses(folderOf(t, { peft_type: "PROMPT_TUNING_LORAX", r: 3 }, torchFile(ADEPT)), /"w_down" has shape/);
  refuses(
    folderOf(
      t,
      { peft_type: "PROMPT_TUNING_LORAX" },
      torchFile([...ADEPT, { name: "prompt_encoder.lora_embedding_C", dims: [1], values: [1] }]),
    ),
    /lora_embedding_C/,
  );
});

test("PEFT's older adapter_model.bin is read as its safetensors is", (t) => {
  const folder = folderOf(t, { peft_type: "PROMPT_TUNING" }, torchFile([PROMPT]));
  assert.deepEqual([...loadAdapter(folder, LAYOUT).parameters.get("prompt")!.data], PROMPT.values);
});

test("a folder is made whole or not at all, and none is overwritten unasked", (t) => {
  const parent = mkdtempSync(join(tmpdir(), "adept-whole-"));
  const target = join(parent, "out");
  t.after(() => {
    rmSync(parent, { recursive: true, force: true });
  });
  assert.throws(() => {
    writeFolderAtomic(target, false, (folder) => {
      writeFileSync(join(folder, "half"), "");
      throw new Error("stop");
    });
  }, /stop/);
  assert.deepEqual(readdirSync(parent), []);
  mkdirSync(target);
  writeFolderAtomic(target, false, (folder) => {
    writeFileSync(join(folder, "a"), "");
  });
  assert.throws(() => {
    writeFolderAtomic(target, false, () => {
      /* nothing */
    });
  }, /there already/);
  writeFolderAtomic(target, true, (folder) => {
    writeFileSync(join(folder, "b"), "");
  });
  assert.deepEqual([readdirSync(parent), readdirSync(target)], [["out"], ["b"]]);
});
