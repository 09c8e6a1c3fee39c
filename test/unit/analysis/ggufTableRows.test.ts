import assert from "node:assert/strict";
import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { neighbours } from "../../../src/analysis/offsets/vocabularyTable.ts";
import { ggufFolder } from "../../../src/backbone/gguf/ggufFolder.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import { isHeldWhole } from "../../../src/backbone/tokenRows.ts";
import { toFloat16 } from "../../../src/engine/narrowing.ts";
import { EmbeddingTable } from "../../../src/model/embeddingTable.ts";
import { ggufBytes, type WrittenTensor } from "../backbone/ggufBytes.ts";

const [TOKENS, WIDTH] = [16_500, 4096];
/** Bytes of a row of the table in the cache: levels, and a scale for each 32. */
const ROW = WIDTH + (WIDTH / 32) * 4;

/** A table in Q8_0 with scales of 1, whose rows differ in direction, but for every 900th. */
function table(): Buffer {
  const blocks = Buffer.alloc((TOKENS * WIDTH * 34) / 32);
  const one = Buffer.from(toFloat16(Float32Array.of(1)).buffer);
  for (let row = 0; row < TOKENS; row++) {
    const at = (row * WIDTH * 34) / 32;
    one.copy(blocks, at);
    blocks[at + 2] = row % 100;
    blocks[at + 3] = (row * 7) % 90;
    blocks[at + 4] = 1;
  }
  return blocks;
}

/** A Llama of one layer with a vocabulary whose table is too large to be held. */
function largeVocabulary(): Buffer {
  const zeros = (name: string, ...dims: number[]): WrittenTensor => ({
    name,
    dims,
    type: dims.length === 1 ? "F32" : "Q4_0",
  });
  const tokens = Array.from({ length: TOKENS }, (_, i) => (i < 256 ? String.fromCharCode(0x100 + i) : `t${i}`));
  return ggufBytes({
    metadata: {
      "general.architecture": "llama",
      "llama.block_count": 1,
      "llama.context_length": 64,
      "llama.embedding_length": WIDTH,
      "llama.feed_forward_length": 64,
      "llama.attention.head_count": 32,
      "llama.attention.head_count_kv": 1,
      "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 },
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.tokens": tokens,
      "tokenizer.ggml.merges": [],
      "tokenizer.ggml.eos_token_id": TOKENS - 1,
    },
    tensors: [
      { name: "token_embd.weight", type: "Q8_0", dims: [TOKENS, WIDTH], data: table() },
      zeros("blk.0.attn_norm.weight", WIDTH),
      zeros("blk.0.attn_q.weight", WIDTH, WIDTH),
      zeros("blk.0.attn_k.weight", WIDTH / 32, WIDTH),
      zeros("blk.0.attn_v.weight", WIDTH / 32, WIDTH),
      zeros("blk.0.attn_output.weight", WIDTH, WIDTH),
      zeros("blk.0.ffn_norm.weight", WIDTH),
      zeros("blk.0.ffn_gate.weight", 64, WIDTH),
      zeros("blk.0.ffn_up.weight", 64, WIDTH),
      zeros("blk.0.ffn_down.weight", WIDTH, 64),
      zeros("output_norm.weight", WIDTH),
    ],
  });
}

/** Counts the bytes of all reads, and those of the largest. */
function countedReads(t: TestContext): { all: number; largest: number } {
  const count = { all: 0, largest: 0 };
  const { readSync } = fs;
  const counting = (...args: Parameters<typeof readSync>): number => {
    const read = readSync(...args);
    count.all += read;
    count.largest = Math.max(count.largest, read);
    return read;
  };
  const put = (to: typeof readSync): void => {
    fs.readSync = to;
    syncBuiltinESMExports();
  };
  put(counting as typeof readSync);
  t.after(() => {
    put(readSync);
  });
  return count;
}

test("of a GGUF file's table that is too large to be held, analyses read the rows that they need", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-gguf-rows-"));
  process.env["ADEPT_CACHE"] = join(folder, "cache");
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "large.gguf");
  writeFileSync(path, largeVocabulary());
  const { weights, layout } = openBackbone(ggufFolder(path));
  const rows = new EmbeddingTable(weights, layout);
  assert.ok(!isHeldWhole(rows));
  rows.row(0);
  const count = countedReads(t);
  assert.deepEqual([...rows.row(15_043).subarray(0, 3)], [43, 1, 1]);
  assert.equal(count.all, ROW);
  rows.rows(10, 30);
  assert.equal(count.all, 21 * ROW);
  count.all = count.largest = 0;
  const [near] = neighbours({ table: rows, offsets: undefined }, [15_043], 3);
  assert.deepEqual(
    near!.before.map(({ id }) => [id % 100, (id * 7) % 90]),
    Array.from({ length: 3 }, () => [43, 1]),
    "tokens whose rows are alike",
  );
  // The whole table in chunks of 16 MB of fp32, whose levels take a quarter, and the rows that are looked for.
  assert.ok(count.all >= TOKENS * ROW && count.all < 1.01 * TOKENS * ROW, `${count.all} of ${TOKENS * ROW}`);
  assert.ok(count.largest <= 2 ** 22, String(count.largest));
});
